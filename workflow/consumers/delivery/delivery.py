"""Delivery at work: from a position in the log, window by window, each committed once the broker has stored it.

Within a window the messages of one relationship go one after the other, each once the one before is stored;
those of different relationships go side by side. A window that fails half-way is sent again from its beginning,
so that nothing later of a relationship can be stored before what came earlier. Receivers may see a message
again; they know it by its id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from faststream.exceptions import IncorrectState
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js.errors import APIError

from workflow.consumers.delivery.messages import Message, message_of
from workflow.consumers.delivery.status import DeliveryStatus, Standing
from workflow.consumers.delivery.streams import Limits, declare
from workflow.consumers.transport.broker import ELSEWHERE_AFTER, Elsewhere
from workflow.consumers.transport.outgoing import STRUCTURED
from workflow.consumers.transport.refusals import is_full
from workflow.errors import Stopped, Unavailable
from workflow.failpoints import hit
from workflow.store.jobs import Written
from workflow.store.recorded import Recorded
from workflow.store.transaction import Transaction
from workflow.threads import in_thread

NAME = "delivery"
"""Under which the position is kept."""

_WITHIN = 5.0
_LOOKS_AGAIN = 0.05
_LONGEST_REST = 10.0
"""Seconds: a position that gives way is not to be taken for one that is stuck."""


class Window(NamedTuple):
    """What is sent before the position is moved to ``reached``: the messages of each relationship, in order.

    ``last`` is the event there, None where nothing was read up to it. ``fault`` is why the event behind cannot be told.
    ``any`` is whether there was anything to read.
    """

    chains: Sequence[Sequence[Message]]
    reached: int
    last: UUID | None
    fault: Stopped | None
    any: bool


def begin_delivery(tx: Transaction, *, from_beginning: bool) -> int:
    """Where delivery goes on from; at first start that is the end of the log as it stands, or its beginning."""
    return tx.reactors.begin(NAME, 0 if from_beginning else tx.head)


class Delivery:
    """Publishes what is public while it ``run``s, until it is cancelled.

    ``submit`` hands a unit to the one writer, which must run for as long.
    ``busy`` tells whether intake has a backlog: then delivery takes that ``share`` of the time alone.
    Whatever fails is tried again, ever more seldom; only a fact that cannot be told ends it.
    """

    def __init__(
        self,
        broker: NatsBroker,
        read: Callable[[int, int], Sequence[Recorded]],
        submit: Callable[[Callable[[Transaction], int]], Future[Written[int]]],
        limits: Limits,
        *,
        busy: Callable[[], bool] = lambda: False,
        most: int = 500,
        at_once: int = 64,
        poll_seconds: float = 1.0,
        share: float = 0.05,
        within_seconds: float = _WITHIN,
        elsewhere_after: float = ELSEWHERE_AFTER,
    ) -> None:
        self._broker = broker
        self._elsewhere = Elsewhere(broker, elsewhere_after)
        self._read = read
        self._submit = submit
        self._limits = limits
        self._busy = busy
        self._most, self._at_once = most, at_once
        self._poll_seconds, self._within = poll_seconds, within_seconds
        self._share = share
        self._position = 0
        self._standing = Standing()
        self._woken = asyncio.Event()
        self._stopping = False
        self._begun = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def status(self) -> DeliveryStatus:
        """How delivery stands now."""
        return self._standing.told(self._position)

    def goes_on_from(self, position: int) -> None:
        """All up to a position was delivered."""
        self._position = position

    async def begun(self) -> None:
        """Wait until the broker has stored a first window, or was found to be there where there is nothing to store."""
        await self._begun.wait()

    def wake(self) -> None:
        """Say that there may be something new. Cheap, and safe from any thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._woken.set)

    async def run(self) -> None:
        """Deliver until stopped or cancelled; it ends by itself only at a fact that cannot be told."""
        self._loop = asyncio.get_running_loop()
        while not self._stopping:
            try:
                await self._broker.connect()
                await declare(self._broker.connection.jetstream(timeout=self._within), self._limits)
                while not self._stopping:
                    await self._go_on()
                    self._elsewhere.well()
            except Stopped as stopped:
                self._standing.stop(stopped)
                self._begun.set()
                return
            except Exception as error:  # noqa: BLE001 whatever it is, it may pass
                await asyncio.sleep(self._standing.pause_after(error, self._position))
                if isinstance(error, NatsError | TimeoutError):
                    with suppress(IncorrectState):  # there is no connection yet
                        await self._elsewhere.unwell()

    def stop(self) -> None:
        """Take no other window. To be cancelled alone is not enough: a request that is answered may swallow that."""
        self._stopping = True
        self._woken.set()

    async def close(self) -> None:
        """Let go of the broker, even one that does not answer."""
        with suppress(Exception):
            await self._broker.stop()

    async def _go_on(self) -> None:
        """One window, or a rest where there is none."""
        loop = asyncio.get_running_loop()
        self._woken.clear()
        began = loop.time()
        window = await in_thread(self._next)
        if window.chains:
            await self._send(window.chains)
        if window.last is not None:
            await self._move(window.reached, window.last)
        if window.fault is not None:
            raise window.fault
        self._standing.goes_on()
        self._begun.set()
        if not window.any:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._woken.wait()
        else:
            await self._give_way(rest_after(loop.time() - began, self._share))

    async def _give_way(self, seconds: float) -> None:
        """Leave the time to intake for so long, as long as it has a backlog."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._busy() and loop.time() < until and not self._stopping:  # noqa: ASYNC110 it tells nobody
            await asyncio.sleep(_LOOKS_AGAIN)

    def _next(self) -> Window:
        """The next window of the log, up to a fact that cannot be told."""
        chains: dict[UUID, list[Message]] = {}
        found, reached = self._read(self._position, self._most), self._position
        last: Recorded | None = None
        fault: Stopped | None = None
        for recorded in found:
            try:
                message = message_of(recorded)
            except Stopped as stopped:
                fault = stopped
                break
            if message is not None:
                chains.setdefault(message.relationship, []).append(message)
            reached, last = recorded.position, recorded
        id = None if last is None else last.metadata.event_id
        return Window(list(chains.values()), reached, id, fault, any=bool(found))

    async def _send(self, chains: Sequence[Sequence[Message]]) -> None:
        streams = self._broker.connection.jetstream(timeout=self._within)
        left = iter(chains)

        async def some() -> None:
            for chain in left:  # all share it: each takes the next relationship that nobody has
                for message in chain:
                    await self._publish(streams, message)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._at_once, len(chains))):
                    group.create_task(some())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # the first one ended the others

    async def _publish(self, streams: JetStreamContext, message: Message) -> None:
        headers = {"Nats-Msg-Id": message.id, "content-type": STRUCTURED}
        try:
            await streams.publish(message.subject, message.body, stream=message.stream, headers=headers)
        except APIError as error:
            if is_full(error):
                raise Unavailable(f"the stream {message.stream} is full", code="stream_full") from error
            raise _refused(message, error.description or "it tells no reason") from error
        except MaxPayloadError as error:
            raise _refused(message, "it is larger than its max_payload") from error

    async def _move(self, reached: int, last: UUID) -> None:
        hit("delivery.before")
        behind = self._position
        moved = await asyncio.wrap_future(self._submit(lambda tx: _moved(tx, behind, reached, last)))
        self._position = moved.value
        hit("delivery.after")


def _moved(tx: Transaction, behind: int, reached: int, last: UUID) -> int:
    """Where delivery goes on. Where a backup took the place of the log meanwhile, that is where that one says."""
    if not tx.holds(reached, last):
        behind = reached
    return tx.reactors.move(NAME, reached, behind=behind)


def rest_after(took: float, share: float) -> float:
    """For how many seconds to give way after a window that took so many, so that it was this share of the time."""
    return min(took / share - took, _LONGEST_REST)


def _refused(message: Message, why: str) -> Unavailable:
    return Unavailable(
        f"the broker does not take a message for the stream {message.stream}: {why}", code="message_refused"
    )
