"""Telling others what happens: the one delivery of a log, where this process has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from workflow.consumers.delivery.delivery import Delivery, begin_delivery
from workflow.consumers.delivery.status import DeliveryStatus
from workflow.consumers.delivery.streams import Limits
from workflow.consumers.transport.broker import Connections
from workflow.settings import OutboundFrom, Settings
from workflow.store.event_store import EventStore
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer
from workflow.threads import finished


class Delivering:
    """Delivers while it runs. It gives way to what comes in while that is ``busy``."""

    def __init__(
        self, settings: Settings, store: EventStore, writer: Writer, busy: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._store = store
        self._writer = writer
        self._busy = busy
        self.delivery: Delivery | None = None
        """At work in this process."""

    @property
    def status(self) -> DeliveryStatus | None:
        """How it stands; None where this process does not deliver."""
        return None if self.delivery is None else self.delivery.status

    def wake(self) -> None:
        """Say that there may be something to tell."""
        delivery = self.delivery  # another thread may take it away meanwhile
        if delivery is not None:
            delivery.wake()

    def stop(self) -> None:
        """Begin nothing more; it is cancelled next."""
        if self.delivery is not None:
            self.delivery.stop()

    async def ready(self) -> int:
        """Before anything is taken in: what this run brings about goes out, also where it is the first.

        The position from which on it does.
        """
        return (await asyncio.wrap_future(self._writer.submit(self._begin, urgent=True))).value

    def _begin(self, tx: Transaction) -> int:
        return begin_delivery(tx, from_beginning=self._settings.outbound_from is OutboundFrom.BEGINNING)

    async def run(self, connections: Connections, begun: Callable[[], None]) -> None:
        """Deliver until cancelled; ``begun`` is called once it has begun."""
        settings = self._settings
        delivery = Delivery(
            connections("delivery"),
            self._store.read,
            self._writer.submit,
            Limits(settings.outbound_bytes, settings.outbound_days, settings.nats_replicas),
            busy=self._busy,
        )
        delivery.goes_on_from(await self.ready())
        self.delivery = delivery
        running = asyncio.create_task(delivery.run(), name="delivering")
        try:
            await delivery.begun()
            begun()
            await asyncio.Event().wait()
        finally:
            self.delivery = None  # who delivers from here on tells how far it is
            delivery.stop()
            running.cancel()
            await finished(delivery.close())
