"""How fast messages come from JetStream, with nothing done to them: ``python -m benchmarks.fetching``.

Measures the ways between which ``docs/adr/0008-prefetching-pull.md`` decides, on one prepared backlog, in
several rounds of one run; prints the medians.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import nats
from faststream import AckPolicy
from faststream.nats import JStream, PullSub
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingFetched
from nats.js import api

from benchmarks.backlog import fill, serving
from benchmarks.workload import Sent
from workflow.consumers.meetings.subscriber import subscribe
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.pull import Batch, Pull
from workflow.consumers.transport.streams import STREAM, SUBJECT

MESSAGES = 100_000
ROUNDS = 5
BATCH = 1000


def sent(number: int) -> Sent:
    """A message of the usual size."""
    body = {"specversion": "1.0", "id": f"m-{number}", "source": "/calendar", "data": {"uid": "u" * 300}}
    return Sent(SUBJECT.replace("*", f"k{number % 100}"), json.dumps(body).encode(), UUID(int=0))


def _cursor(name: str) -> api.ConsumerConfig:
    return api.ConsumerConfig(
        durable_name=name,
        ack_policy=api.AckPolicy.ALL,
        max_ack_pending=2 * MESSAGES,
        deliver_policy=api.DeliverPolicy.ALL,
        mem_storage=True,
    )


async def faststream_fetch(url: str) -> None:
    """FastStream's own batches, raw, the last message of each acknowledged for all."""
    broker = make_broker(url)
    done, count = asyncio.Event(), 0
    subscriber = broker.subscriber(
        SUBJECT,
        durable="own",
        config=_cursor("own"),
        stream=JStream(STREAM, declare=False),
        pull_sub=PullSub(batch=True, batch_size=BATCH, timeout=0.05),
        decoder=_raw,
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
    )

    async def handle(batch: Any) -> None:
        nonlocal count
        count += len(batch)
        await batch[-1].ack()
        if count >= MESSAGES:
            done.set()

    subscriber(handle)
    await broker.start()
    await done.wait()
    await broker.connection.jetstream().delete_consumer(STREAM, "own")
    await broker.stop()


async def client_fetch(url: str) -> None:
    """The client library's ``fetch``, without FastStream."""
    client = await nats.connect(url)
    streams = client.jetstream()
    pull = await streams.pull_subscribe(SUBJECT, durable="plain", stream=STREAM, config=_cursor("plain"))
    count = 0
    while count < MESSAGES:
        try:
            batch = await pull.fetch(BATCH, timeout=0.05)
        except NothingFetched:
            continue
        count += len(batch)
        await batch[-1].ack()
    await streams.delete_consumer(STREAM, "plain")
    await client.close()


async def behind_faststream(url: str) -> None:
    """The prefetching pull, each batch through FastStream's middlewares and handler: what intake does."""
    broker = make_broker(url)

    async def handle(batch: Batch) -> None:
        await batch[-1].ack()

    subscriber = subscribe(broker, handle)
    await broker.connect()
    pull = Pull(broker.connection, most=BATCH)
    subscriber.subscription = pull
    await broker.start()
    await _drain(pull, subscriber.process_message)
    await broker.stop()


async def pull_alone(url: str) -> None:
    """The prefetching pull without FastStream."""
    client = await nats.connect(url)

    async def handle(batch: Batch) -> None:
        await batch[-1].ack()

    await _drain(Pull(client, most=BATCH), handle)
    await client.close()


async def pull_and_acknowledge_each(url: str) -> None:
    """The prefetching pull, every message acknowledged by itself."""
    client: Client = await nats.connect(url)

    async def handle(batch: Batch) -> None:
        for message in batch:
            await message.ack()

    await _drain(Pull(client, most=BATCH), handle)
    await client.close()


async def _drain(pull: Pull, handle: Callable[[Batch], Awaitable[Any]]) -> None:
    await pull.open(0)
    count = 0
    while count < MESSAGES:
        batch = await pull.take()
        count += len(batch)
        await handle(batch)
    await pull.unsubscribe()


async def _raw(message: Any) -> list[Msg]:
    batch: list[Msg] = message.raw_message
    return batch


WAYS = (client_fetch, faststream_fetch, pull_alone, behind_faststream, pull_and_acknowledge_each)


async def main() -> None:
    """Measure every way, round by round."""
    rates: dict[str, list[float]] = {way.__name__: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        filled = await fill(Path(folder), [sent(number) for number in range(MESSAGES)])
        async with serving(filled) as url:
            for _ in range(ROUNDS):
                for way in WAYS:
                    begin = time.perf_counter()
                    await way(url)
                    rates[way.__name__].append(MESSAGES / (time.perf_counter() - begin))
    for name, measured in rates.items():
        print(
            f"{name:28}{statistics.median(measured):>10,.0f}/s   {min(measured):,.0f} to {max(measured):,.0f}"
        )


if __name__ == "__main__":
    asyncio.run(main())
