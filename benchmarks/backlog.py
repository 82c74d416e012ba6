"""A JetStream backlog, prepared once: every way of taking it in reads its own copy of the same stream."""

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
from workflow.consumers.transport.streams import STREAM, Partition, declare

_AT_ONCE = 500


async def rewind(url: str, consumer: str) -> None:
    """Have a durable consumer begin anew with the next subscription."""
    connection = await nats.connect(url)
    with suppress(NotFoundError):
        await connection.jetstream().delete_consumer(STREAM, consumer)
    await connection.close()


async def fill(folder: Path, messages: Sequence[Sent], key: bytes | None = None, partitions: int = 1) -> Path:
    """Keep a server's folder whose stream, divided into so many partitions, holds these messages.

    It does not sync every publish, for nothing is lost here by a power cut and preparing is not measured.
    """
    async with serving(folder, key) as url:
        connection = await nats.connect(url)
        streams = connection.jetstream()
        await declare(streams, uuid4, partition=Partition(0, partitions))
        for start in range(0, len(messages), _AT_ONCE):
            sent = messages[start : start + _AT_ONCE]
            await asyncio.gather(*(streams.publish(one.subject, one.body, timeout=30) for one in sent))
        await connection.close()
    return folder


@asynccontextmanager
async def serving(folder: Path, key: bytes | None = None) -> AsyncIterator[str]:
    """A real server over a folder; its address. Whoever takes messages in may have it forget them."""
    server = NatsServer(folder, key=key, sync='"2m"')
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()
