"""Intake at work: where to go on from, one batch after the other, and what to do when something breaks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from uuid import UUID

from faststream.exceptions import IncorrectState
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError

from workflow.consumers.meetings.batch import PART, PART_BESIDE, Unit, take_batch
from workflow.consumers.meetings.known_stream import KnownStream
from workflow.consumers.meetings.resume import BELIEVED_AFTER
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.status import LONGEST_PAUSE, IntakeStatus, Standing
from workflow.consumers.meetings.subscriber import subscribe
from workflow.consumers.transport.pull import STALLED_AFTER, Batch, Broken, Pull, Stalled
from workflow.consumers.transport.refusals import in_words
from workflow.consumers.transport.streams import WHOLE, Partition
from workflow.errors import Stopped
from workflow.failpoints import hit
from workflow.store.writer import Writer
from workflow.threads import finished

_PURGES_AGAIN = 3.0
"""Seconds, where it was not possible."""

log = logging.getLogger(__name__)


class Intake:
    """Takes messages in from ``start`` to ``stop``. ``writer`` must run for as long.

    ``accepted_gap`` names the one gap in the stream that is passed over, as a stop because of it tells.
    ``stream_bytes`` is how much the stream may hold, where that is not to stay as it is; ``replicas`` how many servers
    of a cluster keep it, at the least.

    Whatever fails is tried again, ever more seldom; only a ``Stopped`` ends it, since going on would lose
    messages.
    """

    def __init__(
        self,
        broker: NatsBroker,
        writer: Writer,
        resolver: Resolver,
        new_id: Callable[[], UUID],
        *,
        most: int = 1000,
        ahead: int = 8000,
        purge_seconds: float = 60.0,
        stalled_after: float = STALLED_AFTER,
        accepted_gap: str | None = None,
        stream_bytes: int | None = None,
        replicas: int = 1,
        partition: Partition = WHOLE,
        believed_after: float = BELIEVED_AFTER,
    ) -> None:
        self._broker = broker
        self._writer = writer
        self._resolver = resolver
        self._most, self._ahead = most, ahead
        self._purge_seconds = purge_seconds
        self._stalled_after = stalled_after
        self._stream = KnownStream(
            lambda: broker.connection,
            writer,
            new_id,
            accepted_gap=accepted_gap,
            stream_bytes=stream_bytes,
            replicas=replicas,
            partition=partition,
            believed_after=believed_after,
        )
        self._subscriber = subscribe(broker, self._handle)
        self._pull: Pull | None = None
        self._checked = False
        """Whether the stream was found to be the recorded one, and nothing has broken off since."""
        self._begun = asyncio.Event()
        self._standing = Standing()
        self._following: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def status(self) -> IntakeStatus:
        """How intake stands now."""
        return self._standing.told(
            begun=self._begun.is_set(),
            upstream=self._stream.upstream.name if self._stream.upstream else None,
            position=self._stream.position,
            behind=self._stream.behind,
        )

    async def start(self) -> None:
        """Connect, declare the stream and begin, however long it takes.

        Raises ``Stopped`` where going on would lose messages; it still is to be stopped then, like any other.
        """
        self._standing.trouble = "there is no answer yet from the broker"
        self._following = following = asyncio.create_task(self._follow(), name="intake")
        self._tasks = [following, asyncio.create_task(self._purge(), name="purge")]
        for task in self._tasks:
            task.add_done_callback(self._on_end)
        begun = asyncio.create_task(self._begun.wait(), name="intake begun")
        try:
            await asyncio.wait({begun, following}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            begun.cancel()
        if self._standing.stopped is not None:
            raise self._standing.stopped

    async def stop(self) -> None:
        """Finish the batch under way, then let go of the broker, even one that does not answer."""
        left, self._tasks = set(self._tasks), []
        while left:  # more than once: a request to the broker may swallow a cancellation as it is answered
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1)
        self._begun.clear()
        self._checked = False
        try:
            await self._broker.stop()
        except Exception as error:  # noqa: BLE001 what was recorded is safe, and there is more to be stopped
            log.warning("the broker was left without a farewell: %s", type(error).__name__)
            with contextlib.suppress(NatsError, IncorrectState, OSError):
                await self._broker.connection.close()

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Neither part of intake ends by itself; where one does, health says so."""
        if not task.cancelled():
            self._halt(
                task.exception() or Stopped(f"{task.get_name()} has ended by itself", code="intake_ended")
            )

    def _halt(self, error: BaseException) -> None:
        """Take nothing more in, and purge nothing. How much comes meanwhile is looked at all the same."""
        self._checked = False
        self._standing.stop(error)
        if self._following is not None:
            self._following.cancel()

    # --- following the stream -----------------------------------------------------------------------------

    async def _follow(self) -> None:
        fetching = False
        broken_at: int | None = None
        while not self._halted():  # a request that is answered may swallow a cancellation
            try:
                pull = await self._connected()
                await self._stream.know()
                if fetching:
                    await self._take_fetched(pull)
                    fetching = False
                await pull.open(self._stream.position)
                self._stream.reaches(pull.last)
                if self._halted():
                    return
                self._begun.set()
                self._checked = True
                self._standing.goes_on()
                while True:
                    batch = await pull.take()
                    if self._halted():
                        return
                    self._stream.reaches(pull.last)
                    await finished(self._subscriber.process_message(batch))
            except Stopped:
                raise
            except Stalled:
                fetching, self._checked = True, False
                log.warning("nothing arrives from the broker; the next messages are fetched one by one")
                self._standing.trouble = "nothing arrives from the broker"
                await self._broker.connection.force_reconnect()
            except Broken as broken:
                self._checked = False
                # Broken off twice at one place, this way does not lead beyond it.
                fetching, broken_at = broken_at == self._stream.position, self._stream.position
                log.info("intake goes on from what is recorded: %s", broken)
            except Exception as error:  # noqa: BLE001 whatever it is, it may pass
                self._checked = False
                await asyncio.sleep(self._standing.pause_after(error))

    def _halted(self) -> bool:
        return self._standing.stopped is not None

    async def _connected(self) -> Pull:
        """The pull over the broker's connection, made when there first is one."""
        if self._pull is None:
            await self._broker.connect()
            pull = Pull(
                self._broker.connection,
                most=self._most,
                ahead=self._ahead,
                stalled_after=self._stalled_after,
                subject=self._stream.partition.subject,
            )
            # FastStream finds a subscription in place and makes none of its own; stopping, it ends this one.
            self._subscriber.subscription = pull
            await self._broker.start()
            self._pull = pull
        return self._pull

    async def _take_fetched(self, pull: Pull) -> None:
        """The next messages by the way that nothing can block, until none of them can be why nothing arrived."""
        while (batch := await pull.fetched(self._stream.position)) is not None:
            await finished(self._subscriber.process_message(batch))
            if not batch.deafening or self._halted():
                return

    async def _handle(self, batch: Batch) -> None:
        stream = self._stream
        assert stream.upstream is not None
        size = PART_BESIDE if self._writer.shared else PART
        try:
            async for position in take_batch(self._write, self._resolver, stream.upstream.name, batch, size):
                stream.position = position
        except Exception:
            self._standing.unwritten = batch.sequences[0], batch.last
            raise
        self._standing.written()
        if batch[-1].reply:
            hit("ack.before")
            with contextlib.suppress(NatsError):  # what is not acknowledged comes again, and is known
                await batch[-1].ack()
            hit("ack.after")

    async def _write(self, unit: Unit) -> None:
        await asyncio.wrap_future(self._writer.submit(unit, beside=True))

    async def _purge(self) -> None:
        """Have the broker forget what is recorded, for as long as its stream is known to be the recorded one.

        While it is not, only how much has come is looked at, for health to tell.
        """
        while True:
            pause = self._purge_seconds
            if not self._checked:
                pause = min(pause, LONGEST_PAUSE)
            elif self._standing.purge_trouble is not None:  # health tells of it until the next time
                pause = min(pause, _PURGES_AGAIN)
            await asyncio.sleep(pause)
            if not self._checked:
                with contextlib.suppress(Exception):  # why the broker does not answer is told by who needs it
                    await self._stream.look()
                continue
            try:
                await self._stream.forget(self._pull, lambda: self._checked)
            except Stopped as stopped:
                self._halt(stopped)
            except Exception as error:  # noqa: BLE001 whatever it is, it may pass
                self._standing.purge_trouble = f"what is recorded cannot be purged: {in_words(error)}"
            else:
                self._standing.purge_trouble = None
