"""Events that came by HTTP, handed to the broker as if their publisher had."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress

from faststream.exceptions import IncorrectState
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError
from nats.js.errors import APIError

from workflow.consumers.transport.broker import ELSEWHERE_AFTER, Elsewhere
from workflow.consumers.transport.outgoing import Outgoing
from workflow.consumers.transport.refusals import in_words, is_full
from workflow.consumers.transport.streams import STREAM, SUBJECT
from workflow.errors import Unavailable
from workflow.logs import BROKER

_TRIES_AFTER = 1.0
_SILENT_AFTER = 5.0
MOST_UNANSWERED = 128
"""Messages of one batch that the broker was given and has not answered yet."""

log = logging.getLogger(BROKER)


class Publisher:
    """Stores messages in the stream; each is answered only once the broker has it on its disk.

    Its connection is its own: what intake reads can make a connection deaf, and nobody who publishes waits for that.
    """

    def __init__(
        self,
        broker: NatsBroker,
        *,
        within_seconds: float = 5.0,
        elsewhere_after: float = ELSEWHERE_AFTER,
    ) -> None:
        self._broker = broker
        self._within = within_seconds
        self._elsewhere = Elsewhere(broker, elsewhere_after)
        self._begun = False
        self._cause = "there is no answer yet from the broker"
        self._said: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why nothing can be published now; None where there is a connection."""
        if not self._begun:
            return self._cause
        return None if self._broker.connection.is_connected else "the broker has gone away"

    async def connect(self) -> None:
        """Connect, however long it takes. What is published before is refused."""
        task = asyncio.current_task()
        assert task is not None
        # Where nobody answers, its client goes on trying by itself, and says nothing.
        silent = asyncio.get_running_loop().call_later(_SILENT_AFTER, self._say)
        try:
            # To be cancelled once may not be enough: a request that is answered may swallow that.
            while not task.cancelling():
                try:
                    await self._broker.connect()
                except (NatsError, OSError) as error:
                    self._cause = in_words(error)
                    self._say()
                    await asyncio.sleep(_TRIES_AFTER)
                else:
                    self._begun = True
                    if self._said is not None:
                        log.info("publishing begins")
                    return
        finally:
            silent.cancel()
        raise asyncio.CancelledError

    def _say(self) -> None:
        """Once, for as long as it is that."""
        if self._cause != self._said:
            log.warning("publishing cannot begin: %s; trying again", self._cause)
        self._said = self._cause

    async def close(self) -> None:
        """Let go of the broker, even one that does not answer."""
        with suppress(Exception):
            await self._broker.stop()

    async def publish(self, key: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The sequence that the message was stored under. ``key`` becomes the last token of its subject."""
        try:
            stored = await self._broker.connection.jetstream().publish(
                SUBJECT.replace("*", key), body, timeout=self._within, stream=STREAM, headers=dict(headers)
            )
        except APIError as error:
            if is_full(error):
                raise Unavailable(
                    "the broker's stream is full; send this again once more has been taken in and removed",
                    code="stream_full",
                ) from error
            raise _not_stored() from error
        except IncorrectState as error:
            raise _not_stored() from error
        except (NatsError, TimeoutError) as error:
            await self._elsewhere.unwell()
            raise _not_stored() from error
        self._elsewhere.well()
        return stored.seq


async def hand_over(publisher: Publisher | None, messages: Sequence[Outgoing]) -> list[int]:
    """Have the broker store all of them; their sequences, in their order.

    Raises as soon as one is not stored. Others may be by then: sent again, they are duplicates.
    """
    if publisher is None:
        raise Unavailable("there is no broker while the folder is worked on offline", code="no_broker")
    sequences = [0] * len(messages)
    left = iter(enumerate(messages))

    async def some() -> None:
        for number, one in left:  # all share it: each takes the next that nobody has
            sequences[number] = await publisher.publish(one.key, one.body, one.headers)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(MOST_UNANSWERED, len(messages))):
                group.create_task(some())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # the first one ended the others
    return sequences


def _not_stored() -> Unavailable:
    return Unavailable("the broker did not say that it has stored this; send it again", code="not_stored")
