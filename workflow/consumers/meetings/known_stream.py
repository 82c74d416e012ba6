"""The stream that is taken in, as it was last seen: how far it is recorded, and that it still is the one that was."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from uuid import UUID

from nats.aio.client import Client
from nats.js import JetStreamContext

from workflow.consumers.meetings.batch import Unit
from workflow.consumers.meetings.partitions import move, nothing_comes, taken_in
from workflow.consumers.meetings.resume import BELIEVED_AFTER, Doubt, recognise
from workflow.consumers.transport.gaps import Gap, find_gap
from workflow.consumers.transport.pull import Pull
from workflow.consumers.transport.streams import (
    WHOLE,
    Partition,
    Upstream,
    check_position,
    declare,
    look,
    purge,
)
from workflow.errors import Stopped
from workflow.store.receipts import Receipt
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer

log = logging.getLogger(__name__)


class KnownStream:
    """One partition of it, over the connection that ``connected`` gives once there is one.

    Raises ``Stopped`` where going on would lose messages.
    """

    def __init__(
        self,
        connected: Callable[[], Client],
        writer: Writer,
        new_id: Callable[[], UUID],
        *,
        accepted_gap: str | None = None,
        stream_bytes: int | None = None,
        replicas: int = 1,
        partition: Partition = WHOLE,
        believed_after: float = BELIEVED_AFTER,
    ) -> None:
        self._connected = connected
        self._writer = writer
        self._new_id = new_id
        self._accepted_gap = accepted_gap
        self._stream_bytes, self._replicas = stream_bytes, replicas
        self.partition = partition
        self._doubt = Doubt(believed_after)
        self.upstream: Upstream | None = None
        self.position = 0
        self._last: int | None = None
        """The last sequence of the stream, as far as it is known."""

    @property
    def behind(self) -> int | None:
        """How many messages are not taken in, as far as it is known."""
        return None if self._last is None else max(0, self._last - self.position)

    def reaches(self, sequence: int) -> None:
        """The stream was seen to reach up to there."""
        self._last = max(self._last or 0, sequence)

    async def know(self) -> None:
        """Know the stream as it stands now, made where there is none, and how far it is recorded."""
        upstream = await declare(
            self._streams, self._new_id, self._stream_bytes, self._replicas, self.partition
        )
        if self.upstream is not None and self.upstream.name != upstream.name:
            log.warning("the stream was deleted and made anew; it begins again as another upstream")
        self.upstream = upstream
        self._last = upstream.last if self._known_length else self._last
        self.position, receipt = await self._recorded(upstream)
        self.position = await self._known_again(upstream, self.position, receipt)

    async def look(self) -> Upstream:
        """The stream as it stands now, of which nothing is changed."""
        upstream = await look(self._streams, self.partition)
        if self._known_length and self.upstream is not None and self.upstream.name == upstream.name:
            self.reaches(upstream.last)
        return upstream

    async def forget(self, pull: Pull | None, still: Callable[[], bool]) -> None:
        """Have the broker forget what is recorded, where it is ``still`` to be once the stream is known again."""
        upstream = await self.look()
        position = await self._known_again(upstream, *await self._recorded(upstream))
        if not still():
            return
        if await nothing_comes(self._streams, pull, upstream, position):
            await self._write(partial(move, upstream=upstream.name, to=upstream.last))
        lowest = await asyncio.wrap_future(self._writer.submit(partial(taken_in, upstream=upstream)))
        await purge(self._streams, upstream, lowest.value)

    @property
    def _known_length(self) -> bool:
        """Whether the length of the stream tells how much is to be taken in: of a partition it tells nothing."""
        return self.partition.of == 1

    @property
    def _streams(self) -> JetStreamContext:
        return self._connected().jetstream()

    async def _recorded(self, upstream: Upstream) -> tuple[int, Receipt | None]:
        """How far ``upstream`` was taken in, with the receipt of the last message."""
        written = await asyncio.wrap_future(self._writer.submit(lambda tx: _last(tx, upstream.name)))
        return written.value

    async def _known_again(self, upstream: Upstream, position: int, receipt: Receipt | None) -> int:
        """See that ``upstream`` is still the stream that was; where to go on from."""
        try:
            position = await self._held_against(upstream, position, receipt)
        except Stopped as stopped:
            raise self._doubt.weigh(stopped, upstream.replicas) from stopped
        self._doubt.settled()
        return position

    async def _held_against(self, upstream: Upstream, position: int, receipt: Receipt | None) -> int:
        if upstream.last < position and (again := await self.look()).name == upstream.name:
            upstream = again  # more came, and was taken in, since it was looked at
        check_position(upstream, position)
        gap = await find_gap(self._connected(), upstream, position, self._accepted_gap)
        if gap is not None:
            if str(gap) != self._accepted_gap:
                raise gap.stopped()
            await self._write(lambda tx: _pass_over(tx, gap))
            log.warning("as asked, intake goes on behind the messages that are missing: %s", gap)
            return gap.last
        if receipt is not None:
            await recognise(self._connected(), receipt)
        return position

    async def _write(self, unit: Unit) -> None:
        await asyncio.wrap_future(self._writer.submit(unit, beside=True))


def _pass_over(tx: Transaction, gap: Gap) -> None:
    if tx.position(gap.upstream) == gap.first - 1:
        tx.receipts.move_position(gap.upstream, gap.last)


def _last(tx: Transaction, upstream: str) -> tuple[int, Receipt | None]:
    return tx.position(upstream), next(iter(tx.receipts.last(upstream, 1)), None)
