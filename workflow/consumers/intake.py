"""Intake at work: where to go on from, one batch after the other, and what to do when something breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from workflow.consumers.meetings import subscribe
from workflow.consumers.receiving import Hole, Received, receive, take_in
from workflow.consumers.resolving import Resolver
from workflow.consumers.transport.pull import Batch, Broken, Pull, Stalled
from workflow.consumers.transport.streams import Upstream, check_position, declare, purge
from workflow.errors import MentoringError, Stopped
from workflow.failpoints import hit
from workflow.store.writer import Writer

log = logging.getLogger(__name__)

_PURGE_SECONDS = 60.0
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class IntakeStatus:
    """How intake stands. ``behind`` is how many messages the stream holds that are not taken in."""

    state: str
    cause: str | None
    upstream: str | None
    position: int
    behind: int


class Intake:
    """Takes messages in from ``start`` to ``stop``. ``writer`` must run for as long."""

    def __init__(
        self,
        broker: NatsBroker,
        writer: Writer,
        resolver: Resolver,
        new_id: Callable[[], UUID],
        *,
        most: int = 1000,
        ahead: int = 8000,
    ) -> None:
        self._broker = broker
        self._writer = writer
        self._resolver = resolver
        self._new_id = new_id
        self._most, self._ahead = most, ahead
        self._subscriber = subscribe(broker, self._handle)
        self._pull: Pull | None = None
        self._upstream: Upstream | None = None
        self._position = 0
        self._cause: str | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def status(self) -> IntakeStatus:
        """How intake stands now."""
        state = "stopped" if self._cause else "running" if self._tasks else "off"
        behind = self._pull.behind if self._pull else 0
        upstream = self._upstream.name if self._upstream else None
        return IntakeStatus(state, self._cause, upstream, self._position, behind)

    async def start(self) -> None:
        """Connect, declare the stream and begin. Raises ``Stopped`` where going on would lose messages."""
        try:
            await self._broker.connect()
            await self._look()
            self._pull = Pull(self._broker.connection, most=self._most, ahead=self._ahead)
            # FastStream finds a subscription in place and makes none of its own; stopping, it ends this one.
            self._subscriber.subscription = self._pull
            await self._broker.start()
        except BaseException:
            await self._broker.stop()
            raise
        self._tasks = [
            asyncio.create_task(self._run(self._pull), name="intake"),
            asyncio.create_task(self._purge(), name="purge"),
        ]

    async def stop(self) -> None:
        """Finish the batch under way, then let go of the broker."""
        left, self._tasks = set(self._tasks), []
        while left:  # more than once: a request to the broker may swallow a cancellation as it is answered
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1)
        await self._broker.stop()

    @property
    def _streams(self) -> JetStreamContext:
        return self._broker.connection.jetstream()

    async def _look(self) -> None:
        """Know the stream as it stands now, and how far it is recorded."""
        upstream = await declare(self._streams, self._new_id)
        if self._upstream is not None and self._upstream.name != upstream.name:
            log.warning("the stream was deleted and made anew; it begins again as another upstream")
        self._upstream = upstream
        self._position = await self._recorded(upstream)
        check_position(upstream, self._position)

    async def _recorded(self, upstream: Upstream) -> int:
        written = await asyncio.wrap_future(self._writer.submit(lambda tx: tx.position(upstream.name)))
        return written.value

    # --- following the stream -----------------------------------------------------------------------------

    async def _run(self, pull: Pull) -> None:
        alone = False
        while True:
            try:
                await self._look()
                if alone:
                    await self._take_one(pull)
                    alone = False
                await pull.open(self._position)
                while True:
                    await _finished(self._subscriber.process_message(await pull.take()))
            except Stalled:
                alone = True
                await self._broker.connection.force_reconnect()
            except Broken as broken:
                log.info("intake goes on from what is recorded: %s", broken)
            except (NatsError, TimeoutError) as error:
                log.warning("the broker does not answer (%s); trying again", type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 it has to be seen, whatever it is
                self._cause = error.detail if isinstance(error, MentoringError) else type(error).__name__
                log.error("intake stopped: %s", self._cause)
                return

    async def _take_one(self, pull: Pull) -> None:
        """The next message by the way that nothing can block: it may be why nothing arrives."""
        assert self._upstream is not None
        if self._upstream.last > self._position:
            batch = await pull.single(self._position)
            if batch is not None:
                await _finished(self._subscriber.process_message(batch))

    async def _handle(self, batch: Batch) -> None:
        received = await asyncio.to_thread(
            receive,
            batch.sequences,
            [message.data for message in batch],
            [message.headers for message in batch],
        )
        await self._take_in(batch.after, received)
        if batch[-1].reply:
            hit("ack.before")
            with contextlib.suppress(NatsError):  # what is not acknowledged comes again, and is known
                await batch[-1].ack()
            hit("ack.after")

    async def _take_in(self, after: int, batch: list[Received]) -> None:
        """Have a batch written; one that fails is halved until what fails stands alone, and that is parked."""
        try:
            await self._write(after, batch)
            return
        except Hole as hole:
            raise Broken(hole.detail) from None
        except MentoringError:
            raise
        except Exception as error:  # noqa: BLE001 nothing of the batch was kept, and nobody may be blocked
            log.error("taking in %d messages failed: %s", len(batch), type(error).__name__)
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._take_in(after, batch[:middle])
            await self._take_in(batch[middle - 1].sequence, batch[middle:])
            return
        try:
            await self._write(after, batch, give_up=True)
        except Exception as error:
            raise Stopped(
                f"a message can be neither decided nor parked ({type(error).__name__}); "
                "see to the disk and the data folder, then start the service anew",
                code="intake_failed",
            ) from error

    async def _write(self, after: int, batch: list[Received], *, give_up: bool = False) -> None:
        assert self._upstream is not None
        upstream, resolver = self._upstream.name, self._resolver
        await asyncio.wrap_future(
            self._writer.submit(lambda tx: take_in(tx, resolver, upstream, after, batch, give_up=give_up))
        )
        self._position = batch[-1].sequence

    async def _purge(self) -> None:
        while True:
            await asyncio.sleep(_PURGE_SECONDS)
            if self._upstream is not None:
                with contextlib.suppress(NatsError, TimeoutError):
                    await purge(self._streams, self._upstream, await self._recorded(self._upstream))


async def _finished(work: Coroutine[Any, Any, Any]) -> None:
    """Wait for ``work`` to its end, and only then let a cancellation through."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # noqa: BLE001, S110 told below
            pass
    if cancelled is not None:
        raise cancelled
    task.result()
