"""A JetStream backlog, prepared once: every way of taking it in reads the same stream of the same server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import nats
from nats.js.errors import NotFoundError

from benchmarks.workload import Sent
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import STREAM, declare

_AT_ONCE = 500


async def rewind(url: str, consumer: str) -> None:
    """Have a durable consumer begin anew with the next subscription."""
    connection = await nats.connect(url)
    with suppress(NotFoundError):
        await connection.jetstream().delete_consumer(STREAM, consumer)
    await connection.close()


@asynccontextmanager
async def backlog(folder: Path, messages: Sequence[Sent], key: bytes | None = None) -> AsyncIterator[str]:
    """A real server whose stream holds these messages; its address.

    It does not sync every publish, for nothing is lost here by a power cut and preparing is not measured.
    """
    server = NatsServer(folder, key=key, sync='"2m"')
    await server.start()
    try:
        connection = await nats.connect(server.url)
        streams = connection.jetstream()
        await declare(streams, uuid4)
        for start in range(0, len(messages), _AT_ONCE):
            sent = messages[start : start + _AT_ONCE]
            await asyncio.gather(*(streams.publish(one.subject, one.body, timeout=30) for one in sent))
        await connection.close()
        yield server.url
    finally:
        await server.stop()
