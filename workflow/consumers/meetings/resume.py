"""Whether a stream still is the one that was taken in: it is known again by the last message of it.

A stream restored from an older copy counts on from where that copy ended. Once it has overtaken the recorded
position its length tells nothing, but at that position there now lies another message.
"""

from __future__ import annotations

from nats.aio.client import Client

from workflow.consumers.meetings.envelope import Raw, read
from workflow.consumers.transport.fetch import fetch
from workflow.consumers.transport.streams import STREAM
from workflow.errors import Stopped
from workflow.store.receipts import Receipt


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
