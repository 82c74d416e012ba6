"""Intake at work: where to go on from, one batch after the other, and what to do when something breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
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
from workflow.consumers.transport.streams import Upstream, check_position, declare, look, purge
from workflow.errors import Stopped, Unavailable
from workflow.failpoints import hit
from workflow.store.writer import Writer, Written

log = logging.getLogger(__name__)

_PURGE_SECONDS = 60.0
_RETRY_SECONDS = 0.5
_IN_FLIGHT = 2
"""Batches under way at once: one is read and decided while the one before it is committed."""


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
        self._reading = asyncio.Lock()
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
        await self._broker.connect()
        self._upstream = await declare(self._streams, self._new_id)
        self._position = await self._recorded()
        check_position(self._upstream, self._position)
        self._pull = Pull(self._broker.connection, most=self._most, ahead=self._ahead)
        # FastStream finds a subscription in place and makes none of its own; it ends this one when it stops.
        self._subscriber.subscription = self._pull
        await self._broker.start()
        self._tasks = [
            asyncio.create_task(self._run(), name="intake"),
            asyncio.create_task(self._purge(), name="purge"),
        ]

    async def stop(self) -> None:
        """Finish the batches under way, then let go of the broker."""
        left, self._tasks = set(self._tasks), []
        while left:  # more than once: a request to the broker may swallow a cancellation as it is answered
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1)
        await self._broker.stop()

    @property
    def _streams(self) -> JetStreamContext:
        return self._broker.connection.jetstream()

    async def _recorded(self) -> int:
        assert self._upstream is not None
        name = self._upstream.name
        return (await asyncio.wrap_future(self._writer.submit(lambda tx: tx.position(name)))).value

    # --- following the stream -----------------------------------------------------------------------------

    async def _run(self) -> None:
        assert self._pull is not None
        stalled = False
        while True:
            try:
                await self._resume(self._pull, alone=stalled)
                stalled = False
                await self._follow(self._pull)
            except Stalled:
                stalled = True
                await self._broker.connection.force_reconnect()
            except Broken as broken:
                log.info("intake goes on from what is recorded: %s", broken)
            except Stopped as stopped:
                self._cause = stopped.detail
                log.error("intake stopped: %s", stopped.detail)
                return
            except (NatsError, TimeoutError) as error:
                log.warning("the broker does not answer (%s); trying again", type(error).__name__)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _resume(self, pull: Pull, *, alone: bool) -> None:
        """Go on from what is recorded; ``alone``: one message first by the way that nothing can block."""
        assert self._upstream is not None
        self._position = await self._recorded()
        upstream = await look(self._streams)
        if upstream.name != self._upstream.name:
            raise Stopped(
                "the stream was replaced while intake ran; start the service anew", code="stream_new"
            )
        check_position(upstream, self._position)
        if alone and upstream.last > self._position:
            batch = await pull.single(self._position)
            if batch is not None:
                await self._subscriber.process_message(batch)
                self._position = batch.last
        await pull.open(self._position)

    async def _follow(self, pull: Pull) -> None:
        under_way: deque[asyncio.Task[Any]] = deque()
        try:
            while True:
                batch = await pull.take()
                under_way.append(asyncio.create_task(self._subscriber.process_message(batch)))
                while len(under_way) >= _IN_FLIGHT or (under_way and under_way[0].done()):
                    await under_way[0]
                    under_way.popleft()
        finally:
            # What was handed to the writer will be written, wanted or not: know it before going on.
            await _settled(asyncio.gather(*under_way, return_exceptions=True))

    async def _handle(self, batch: Batch) -> None:
        async with self._reading:  # batches reach the writer in the order in which they came
            received = await asyncio.to_thread(
                receive,
                batch.sequences,
                [message.data for message in batch],
                [message.headers for message in batch],
            )
            taking = self._submit(batch.after, received)
        try:
            await self._taken(taking, batch.after, received)
        except Hole as hole:
            raise Broken(hole.detail) from None
        self._position = max(self._position, batch.last)
        if batch[-1].reply:
            hit("ack.before")
            with contextlib.suppress(NatsError):  # what is not acknowledged comes again, and is known
                await batch[-1].ack()
            hit("ack.after")

    def _submit(self, after: int, batch: list[Received], *, give_up: bool = False) -> Future[Written[int]]:
        assert self._upstream is not None
        upstream, resolver = self._upstream.name, self._resolver
        return self._writer.submit(lambda tx: take_in(tx, resolver, upstream, after, batch, give_up=give_up))

    async def _taken(self, taking: Future[Written[int]], after: int, batch: list[Received]) -> None:
        """Wait for a batch; one that fails is halved until what fails stands alone, and that is parked."""
        try:
            await asyncio.wrap_future(taking)
            return
        except (Hole, Unavailable, Stopped):
            raise
        except Exception as error:  # noqa: BLE001 nothing of the batch was kept, and nobody may be blocked
            log.error("taking in %d messages failed: %s", len(batch), type(error).__name__)
        if len(batch) > 1:
            middle = len(batch) // 2
            first, second = batch[:middle], batch[middle:]
            await self._taken(self._submit(after, first), after, first)
            await self._taken(self._submit(first[-1].sequence, second), first[-1].sequence, second)
            return
        try:
            await asyncio.wrap_future(self._submit(after, batch, give_up=True))
        except Exception as error:
            raise Stopped(
                f"a message can be neither decided nor parked ({type(error).__name__}); "
                "see to the disk and the data folder, then start the service anew",
                code="intake_failed",
            ) from error

    async def _purge(self) -> None:
        while True:
            await asyncio.sleep(_PURGE_SECONDS)
            with contextlib.suppress(NatsError, TimeoutError):
                await purge(self._streams, await self._recorded())


async def _settled(work: asyncio.Future[Any]) -> None:
    """Wait for ``work`` to its end, and only then let a cancellation through."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
