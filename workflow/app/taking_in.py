"""Taking messages in: the partitions of the stream that are this process's, each by an intake of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from workflow.consumers.meetings.intake import Intake
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.status import IntakeStatus, together
from workflow.consumers.transport.broker import Connections
from workflow.consumers.transport.streams import Partition
from workflow.errors import Stopped
from workflow.settings import Settings
from workflow.store.writer import Writer
from workflow.threads import finished

_BEHIND = 1000
"""Messages that lie untaken at the broker, from which on what goes out gives way to what comes in."""


class TakingIn:
    """The intakes of this process. ``sharing`` tells how many processes take messages in, this one included."""

    def __init__(
        self,
        settings: Settings,
        writer: Writer,
        resolver: Resolver,
        new_id: Callable[[], UUID],
        sharing: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._writer = writer
        self._resolver = resolver
        self._new_id = new_id
        self._sharing = sharing
        self.intakes: dict[int, Intake] = {}
        """Those at work, by the number of their partition."""

    @property
    def status(self) -> IntakeStatus | None:
        """How intake stands, in all partitions that this process has; None where it has none."""
        return together([intake.status for _, intake in sorted(self.intakes.items())])

    @property
    def partitions(self) -> list[Partition]:
        """All that the stream has, whoever takes them in."""
        of = self._settings.partitions
        return [Partition(number, of) for number in range(of)]

    def behind(self) -> bool:
        """Whether much lies untaken."""
        return any((intake.status.behind or 0) > _BEHIND for intake in self.intakes.values())

    def wanted(self, partition: Partition) -> bool:
        """Whether this process is to have it: those that take messages in share the partitions evenly."""
        fair = -(-partition.of // self._sharing())
        return len(self.intakes) <= fair if partition.number in self.intakes else len(self.intakes) < fair

    async def run(self, partition: Partition, connections: Connections, begun: Callable[[], None]) -> None:
        """Take a partition in until cancelled; ``begun`` is called once it has begun, or has stopped."""
        settings = self._settings
        self.intakes[partition.number] = intake = Intake(
            connections("intake"),
            self._writer,
            self._resolver,
            self._new_id,
            accepted_gap=settings.accept_gap,
            stream_bytes=settings.stream_bytes,
            replicas=settings.nats_replicas,
            partition=partition,
        )
        try:
            with suppress(Stopped):  # intake itself tells of it, like of all that happens to it later
                await intake.start()
            begun()
            await asyncio.Event().wait()
        finally:
            await finished(intake.stop())
            del self.intakes[partition.number]
