"""Delivery over a world with facts in it; alone a process that may be killed: ``python -m … FOLDER URL``."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from nats.aio.client import Client
from nats.js import JetStreamContext

from tests.consumers.clocked import PAIRS, World, active, day, held
from tests.patience import PATIENCE, until
from workflow.consumers.delivery.delivery import Delivery, begin_delivery
from workflow.consumers.delivery.messages import message_of
from workflow.consumers.delivery.streams import Limits
from workflow.consumers.transport.broker import make_broker

LIMITS = Limits(16 * 1024**2, 30)


def make(world: World, url: str, *, replicas: int = 1, within: float = 2, **options: Any) -> Delivery:
    """Delivery of what is in a world, woken by its writer."""
    delivery = Delivery(
        make_broker(url, "delivery"),
        world.store.read,
        world.writer.submit,
        replace(LIMITS, replicas=replicas),
        within_seconds=within,
        **options,
    )
    world.writer.on_commit(lambda _: delivery.wake())
    return delivery


@asynccontextmanager
async def delivering(
    world: World, url: str, *, from_beginning: bool = True, **options: Any
) -> AsyncIterator[Delivery]:
    """Delivery at work."""
    delivery = make(world, url, **options)
    begun = world.writer.submit(lambda tx: begin_delivery(tx, from_beginning=from_beginning))
    delivery.goes_on_from(begun.result(PATIENCE).value)
    running = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        delivery.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await delivery.close()


async def caught_up(delivery: Delivery, world: World) -> None:
    """Wait until all that is recorded now is delivered."""
    head = world.store.head()
    async with asyncio.timeout(PATIENCE):
        while delivery.status.state != "running" or delivery.status.position < head:
            assert delivery.status.cause is None, delivery.status.cause
            await asyncio.sleep(0.01)


async def trouble(delivery: Delivery, words: str) -> None:
    """Wait until delivery tells of a trouble with these words in it."""
    await until(lambda: words in (delivery.status.trouble or ""))


def live(world: World) -> None:
    """Pairs that became active and met, each event of one among those of the others."""
    for number in range(3):
        for pair in PAIRS:
            world.do(active(pair) if number == 0 else held(pair, number))


class Told(NamedTuple):
    """A message as somebody received it."""

    sequence: int
    subject: str
    body: bytes
    event: dict[str, Any]

    @property
    def id(self) -> str:
        """By which it is known again."""
        return str(self.event["id"])


async def received(client: Client, stream: str = "MENTORING_EVENTS") -> list[Told]:
    """All messages of a stream, in its order."""
    streams: JetStreamContext = client.jetstream()
    state = (await streams.stream_info(stream)).state
    found = []
    for sequence in range(state.first_seq, state.last_seq + 1) if state.messages else ():
        message = await streams.get_msg(stream, seq=sequence)
        assert message.data is not None
        assert message.subject is not None
        found.append(Told(sequence, message.subject, message.data, json.loads(message.data)))
    return found


def deduplicated(told: list[Told]) -> dict[str, list[str]]:
    """The ids of each relationship's messages in the order in which they came, each once."""
    found: dict[str, dict[str, None]] = {}
    for one in told:
        found.setdefault(one.event["subject"], {})[one.id] = None
    return {subject: list(ids) for subject, ids in found.items()}


def expected(world: World, stream: str = "MENTORING_EVENTS", after: int = 0) -> dict[str, list[str]]:
    """The same, as the log has it."""
    found: dict[str, list[str]] = {}
    for fact in world.store.read(after, 100_000):
        message = message_of(fact)
        if message is not None and message.stream == stream:
            found.setdefault(str(message.relationship), []).append(message.id)
    return found


async def run(folder: Path, url: str) -> None:
    """Facts are recorded once, and delivered from the first one on."""
    world = World(folder)
    if world.store.head() < 5:
        live(world)
        await world.driver.advance(day(40))
    async with delivering(world, url, most=9, at_once=3) as delivery:
        await caught_up(delivery, world)
    world.close()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2]))
