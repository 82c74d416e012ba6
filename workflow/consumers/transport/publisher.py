"""Events that came by HTTP, handed to the broker as if their publisher had."""

from __future__ import annotations

from collections.abc import Mapping

from faststream.exceptions import IncorrectState
from faststream.nats import NatsBroker
from nats.errors import Error as NatsError

from workflow.consumers.transport.streams import STREAM, SUBJECT
from workflow.errors import Unavailable


class Publisher:
    """Stores messages in the stream; each is answered only once the broker has it on its disk."""

    def __init__(self, broker: NatsBroker, *, within_seconds: float = 5.0) -> None:
        self._broker = broker
        self._within = within_seconds

    async def publish(self, key: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The sequence that the message was stored under. ``key`` becomes the last token of its subject."""
        try:
            stored = await self._broker.connection.jetstream().publish(
                SUBJECT.replace("*", key), body, timeout=self._within, stream=STREAM, headers=dict(headers)
            )
        except (IncorrectState, NatsError, TimeoutError) as error:
            raise Unavailable(
                "the broker did not say that it has stored this; send it again", code="not_stored"
            ) from error
        return stored.seq
