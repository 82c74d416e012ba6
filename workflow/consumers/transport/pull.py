"""A prefetching pull: the broker sends the next messages while the last ones are still being decided.

The broker's consumer is a mere cursor. Where to go on from is known by our own recorded position alone, so
another consumer is created from there at the start and after every break in what arrives. Each has a name of its
own: in a cluster nobody answers for the one before it, where that was led by a server that has gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator
from itertools import takewhile

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from workflow.consumers.transport.fetch import Fetched, fetch
from workflow.consumers.transport.streams import STREAM

CONSUMER = "intake-"
"""With which the name of each consumer begins."""

STALLED_AFTER = 5.0
"""Seconds without a word from the broker after which its connection is taken for deaf."""

_ANSWERED_WITHIN = 0.4
"""In which part of them the broker says that there is nothing, where there is nothing."""

_FORGOTTEN_AFTER = 60.0
"""Seconds after which the broker deletes a consumer that nobody reads from any more."""

_PATIENCE, _LONGEST_PATIENCE = 2.0, 16.0
"""Seconds to wait for a consumer: a cluster that elects a leader answers nothing that it was asked before."""

_MOST_BYTES = 32 * 1024 * 1024
_FETCHED_AT_ONCE = 100


class Batch(list[Msg]):
    """Messages that follow each other in the stream, with their sequences there.

    ``after`` is the sequence of the message before the first one: what has to be recorded already when
    this batch is.
    """

    def __init__(self, after: int, messages: list[Msg], sequences: list[int]) -> None:
        super().__init__(messages)
        self.after = after
        self.sequences = sequences
        self.deafening = False
        """Whether one of them, pulled, would make the connection deaf."""

    @property
    def last(self) -> int:
        """The sequence of the last message."""
        return self.sequences[-1]


class Broken(Exception):
    """What arrives does not follow what came before; go on from the recorded position with a new consumer."""


class Stalled(Broken):
    """Nothing arrives, not even the broker's word that there is nothing."""


class Pull:
    """Reads the stream on one core subscription. ``ahead`` bounds what is asked for before it is taken."""

    def __init__(
        self,
        connection: Client,
        *,
        most: int = 1000,
        ahead: int = 8000,
        stalled_after: float = STALLED_AFTER,
        subject: str | None = None,
    ) -> None:
        self._connection = connection
        self._subject = subject
        self._most = most
        self._ahead = ahead
        self._stalled_after = stalled_after
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._patience = _PATIENCE
        self.consumer = ""
        """The name of the broker's consumer, if there is one."""
        self._requests = 0
        self._reset(0)

    def _reset(self, after: int) -> None:
        self._buffer: deque[Msg] = deque()
        self._bytes = 0
        self._outstanding = 0
        self._arrived = asyncio.Event()
        self._broken = False
        self._after = after
        self._consumer_sequence = 0
        self.last = after
        """The last sequence of the stream, as the messages drawn so far tell; of a partition what would be, were there
        no others."""

    @property
    def drawn(self) -> tuple[int, int]:
        """How many messages of the consumer were taken by now, and the sequence of the last one in the stream."""
        return self._consumer_sequence, self._after

    async def open(self, after: int) -> None:
        """Begin, or begin anew, with the message that follows ``after``."""
        await self.unsubscribe()
        self._reset(after)
        # A new inbox each time: what another consumer may still send goes nowhere.
        self._inbox = self._connection.new_inbox()
        self.consumer = CONSUMER + self._inbox.rpartition(".")[2]
        patience, self._patience = self._patience, min(2 * self._patience, _LONGEST_PATIENCE)
        made = await self._connection.jetstream(timeout=patience).add_consumer(
            STREAM,
            ConsumerConfig(
                durable_name=self.consumer,
                filter_subject=self._subject,
                inactive_threshold=_FORGOTTEN_AFTER,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=after + 1,
                ack_policy=AckPolicy.ALL,
                ack_wait=120,
                max_ack_pending=4 * self._ahead,
                mem_storage=True,
            ),
        )
        self._patience = _PATIENCE
        self.last = after + (made.num_pending or 0)
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", cb=self._on_message)

    async def unsubscribe(self) -> None:
        """Stop reading. What was not recorded will be sent again."""
        subscription, self._subscription = self._subscription, None
        consumer, self.consumer = self.consumer, ""
        if self._connection.is_closed:
            return
        with contextlib.suppress(NatsError):
            if subscription is not None:
                await subscription.unsubscribe()
            if consumer:  # nobody waits for the answer: there may be none, and it is forgotten all the same
                await self._connection.publish(f"$JS.API.CONSUMER.DELETE.{STREAM}.{consumer}")

    async def take(self) -> Batch:
        """Wait for messages and return what has arrived, up to ``most`` of them."""
        while not self._buffer:
            if self._broken:
                raise Broken("the broker's consumer has gone")
            await self._request()
            self._arrived.clear()
            try:
                # Unlike wait_for, it never swallows a cancellation.
                async with asyncio.timeout(self._stalled_after):
                    await self._arrived.wait()
            except TimeoutError:
                raise Stalled("nothing arrives") from None
        batch = self._draw()
        await self._request()
        return batch

    def _draw(self) -> Batch:
        after = self._after
        messages: list[Msg] = []
        sequences: list[int] = []
        while self._buffer and len(messages) < self._most:
            message = self._buffer[0]
            delivered, sequence, consumer_sequence, following = _delivery(message.reply)
            follows = consumer_sequence == self._consumer_sequence + 1 and self._is_next(sequence)
            if delivered != 1 or not follows:
                if messages:
                    break  # what came before is whole; the break is met at the next call
                raise Broken("a message was sent again, or one is missing")
            self._buffer.popleft()
            self._bytes -= len(message.data)
            self._consumer_sequence, self._after = consumer_sequence, sequence
            self.last = sequence + following
            messages.append(message)
            sequences.append(sequence)
        return Batch(after, messages, sequences)

    def _is_next(self, sequence: int) -> bool:
        """Whether no message lies between. Where they are of one partition, those of the others do."""
        return sequence == self._after + 1 if self._subject is None else sequence > self._after

    async def _request(self) -> None:
        free = self._ahead - self._outstanding - len(self._buffer)
        if free < self._ahead // 4 or self._bytes > _MOST_BYTES:
            return
        self._outstanding += free
        self._requests += 1
        expires = int(self._stalled_after * _ANSWERED_WITHIN * 1e9)
        wanted = {"batch": free, "expires": expires, "max_bytes": _MOST_BYTES}
        await self._connection.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self.consumer}",
            json.dumps(wanted).encode(),
            reply=f"{self._inbox}.{self._requests}",
        )

    async def _on_message(self, message: Msg) -> None:
        if message.reply.startswith("$JS.ACK."):
            self._outstanding -= 1
            self._bytes += len(message.data)
            self._buffer.append(message)
        elif message.subject.startswith(self._inbox):
            self._on_status(message.headers or {})
        self._arrived.set()

    def _on_status(self, headers: dict[str, str]) -> None:
        """A request ended before it was filled, or there is nobody to fill it."""
        pending = headers.get("Nats-Pending-Messages")
        if pending is None or not pending.isdigit():
            self._broken = True
        else:
            self._outstanding -= int(pending)

    async def fetched(self, after: int) -> Batch | None:
        """Some messages that follow ``after``, or None where there is none, by the broker's plain API."""
        most = min(self._most, _FETCHED_AT_ONCE)
        if self._subject is None:
            wanted = range(after + 1, after + 1 + most)
            found = await asyncio.gather(*(fetch(self._connection, sequence) for sequence in wanted))
            whole = [one for one in takewhile(bool, found) if one]
        else:
            whole = [one async for one in self._one_by_one(after, most, self._subject)]
        if not whole:
            return None
        batch = Batch(after, [one.message for one in whole], [one.sequence for one in whole])
        batch.deafening = any(one.deafening for one in whole)
        return batch

    async def _one_by_one(self, after: int, most: int, subject: str) -> AsyncIterator[Fetched]:
        for _ in range(most):
            found = await fetch(self._connection, after + 1, or_later=True, subject=subject)
            if found is None:
                return
            after = found.sequence
            yield found


def _delivery(reply: str) -> tuple[int, int, int, int]:
    """Times delivered, sequence in the stream, sequence in the consumer, and how many are still to come."""
    tokens = reply.split(".")
    at = 4 if len(tokens) == 9 else 6  # newer servers put the domain and an account hash in front
    return int(tokens[at]), int(tokens[at + 1]), int(tokens[at + 2]), int(tokens[at + 4])
