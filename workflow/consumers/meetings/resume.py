"""Whether a stream still is the one that was taken in: it is known again by the last message of it.

A stream restored from an older copy counts on from where that copy ended. Once it has overtaken the recorded
position its length tells nothing, but at that position there now lies another message.
"""

from __future__ import annotations

import asyncio

from nats.aio.client import Client

from workflow.consumers.meetings.envelope import Raw, read
from workflow.consumers.transport.fetch import fetch
from workflow.consumers.transport.streams import STREAM
from workflow.errors import Stopped, Unavailable
from workflow.store.receipts import Receipt

BELIEVED_AFTER = 15.0
"""Seconds for which a cluster has to say that messages have gone before it is believed."""


class Doubt:
    """Whether it is believed of a stream that it has lost something.

    A server of a cluster that does not know yet that another one leads, since it stood still or was cut off, answers
    with the stream as it was then. That passes; a loss does not.
    """

    def __init__(self, seconds: float = BELIEVED_AFTER) -> None:
        self._seconds = seconds
        self._since: float | None = None

    def settled(self) -> None:
        """The stream is what it was."""
        self._since = None

    def weigh(self, stopped: Stopped, replicas: int) -> Stopped | Unavailable:
        """What to make of it: ``stopped`` itself, once it is believed."""
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = now
        if replicas == 1 or now - self._since >= self._seconds:
            return stopped
        return Unavailable(
            f"one of the broker's servers says that its stream is not what it was ({stopped.code}); it is asked again",
            code="stream_doubted",
        )


async def recognise(connection: Client, receipt: Receipt) -> None:
    """Stop where another message lies in the stream than the one that ``receipt`` was written for.

    The purge leaves the message at the recorded position where it is. Where an operator took it away there
    is nothing to know the stream by, and its bounds have to do.
    """
    found = await fetch(connection, receipt.seq)
    if found is None:
        return
    content = read(Raw.received(found.message.headers, found.message.data))
    # A message is named by its source and id for ever; a newer version may keep more of it than the one that
    # took it in, and so come to another digest. What cannot be named is known by its digest alone.
    if content.key != receipt.key or (content.key is None and content.digest != receipt.digest):
        raise Stopped(
            f"message {receipt.seq} of the stream {STREAM} is not the one that was taken in under that number: "
            "the stream was restored from an older copy and has gone on since. Restore the right copy, or "
            "delete the stream so that a new one begins and ask the publishers to send again what they "
            "sent since the copy was made",
            code="stream_differs",
        )
