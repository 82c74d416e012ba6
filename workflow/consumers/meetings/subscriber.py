"""The subscriber: batches of meeting messages from JetStream, taken in by the one writer.

FastStream owns the connection, the middlewares, the handler and the AsyncAPI document; the messages come
from ``transport.pull`` (see ``docs/adr``, *prefetching pull*). They arrive raw and one by one: a message
that cannot be read must never fail its batch.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.message import NatsBatchMessage
from faststream.nats.subscriber.usecases import LogicSubscriber

from workflow.consumers.transport.pull import Batch
from workflow.consumers.transport.streams import STREAM, SUBJECT

Handler = Callable[[Batch], Awaitable[None]]
Subscriber = LogicSubscriber[Any]


def subscribe(broker: NatsBroker, handler: Handler) -> Subscriber:
    """Declare the subscriber of meeting messages."""
    subscriber = broker.subscriber(
        SUBJECT,
        stream=JStream(STREAM, declare=False),
        pull_sub=PullSub(batch=True),
        decoder=_raw,
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        title="meetings",
        description="What calendar and meeting services say of meetings, as CloudEvents. Order never matters.",
    )

    async def meetings(batch: Any) -> None:
        await handler(cast("Batch", batch))

    subscriber(meetings)
    return cast("Subscriber", subscriber)


async def _raw(message: NatsBatchMessage) -> Any:
    """The batch as it was pulled: what is JSON and what is not is for each message's own reading to find."""
    return message.raw_message
