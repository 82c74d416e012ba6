"""A stream divided into partitions: each is taken in by itself, and together they are all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from nats.aio.client import Client

from tests.consumers.world import World, body, refusal, scheduled
from tests.kept import databases
from tests.patience import until
from tests.postgres import PostgresServer
from workflow.consumers.meetings import known_stream
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import STREAM, Partition, declare, purge
from workflow.store.receipts import Disposition

HALVES = [Partition(0, 2), Partition(1, 2)]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(tmp_path / "nats", sync='"2m"')
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def world(tmp_path: Path, postgres: PostgresServer) -> Any:
    world = World(tmp_path / "world", engine=databases(postgres))
    yield world
    world.close()


@pytest.fixture
async def halved(world: World, client: Client) -> None:
    """A stream of two partitions, and the pair that its messages are of."""
    world.open("email:ada@example.org", "ext:portal:4711")
    await declare(client.jetstream(), uuid4, partition=HALVES[0])


async def publish(client: Client, first: int, number: int, *, keys: int = 7) -> None:
    """So many messages of several keys, all of one pair."""
    for one in range(first, first + number):
        message = body(scheduled(f"m{one}", 10 + one % 50, uid=f"u{one}"))
        await client.jetstream().publish(f"mentoring.meetings.key{one % keys}", message)


async def forgotten_before(client: Client) -> int:
    """The first message that the broker has not forgotten."""
    return int((await client.jetstream().stream_info(STREAM)).state.first_seq)


async def forgets(client: Client, before: int) -> bool:
    return await forgotten_before(client) >= before


def received(world: World) -> int:
    with world.store.ledger() as ledger:
        return sum(ledger.receipts.counts().values())


def more_than(world: World, number: int) -> bool:
    return received(world) > number


async def at_work(stack: AsyncExitStack, intake: Intake) -> Intake:
    await intake.start()
    stack.push_async_callback(intake.stop)
    return intake


async def test_each_takes_in_its_own_and_together_they_take_in_all(
    world: World, server: NatsServer, client: Client, halved: None
) -> None:
    await publish(client, 0, 60)
    async with AsyncExitStack() as stack:
        both = [await at_work(stack, world.intake(server.url, partition=part)) for part in HALVES]
        await publish(client, 60, 60)
        await until(lambda: received(world) == 120)
        await until(lambda: all(one.status.behind == 0 for one in both))
    with world.store.ledger() as ledger:
        assert ledger.receipts.counts()[Disposition.APPLIED] == 120
        shares = {name: len(ledger.receipts.page(name, 0, 999)) for name in ledger.receipts.upstreams()}
    assert len(shares) == 2
    assert min(shares.values()) > 0, "the keys are dealt out to both"
    assert sum(shares.values()) == 120


async def test_one_goes_on_where_the_last_of_its_partition_was(
    world: World, server: NatsServer, client: Client, halved: None
) -> None:
    for round in range(3):
        await publish(client, 40 * round, 40)
        for part in HALVES:
            before = received(world)
            async with AsyncExitStack() as stack:
                await at_work(stack, world.intake(server.url, partition=part))
                await until(partial(more_than, world, before))
    async with AsyncExitStack() as stack:  # the last ones may have been ended in the middle
        for part in HALVES:
            await at_work(stack, world.intake(server.url, partition=part))
        await until(lambda: received(world) == 120)
    with world.store.ledger() as ledger:
        assert ledger.receipts.counts()[Disposition.APPLIED] == 120


async def test_nothing_is_forgotten_that_one_of_them_has_not_taken_in(
    world: World, server: NatsServer, client: Client, halved: None
) -> None:
    await publish(client, 0, 60)

    async with AsyncExitStack() as stack:
        purging = stack.enter_context(patch.object(known_stream, "purge", wraps=purge))
        one = await at_work(stack, world.intake(server.url, partition=HALVES[0], purge_seconds=0.05))
        await until(lambda: one.status.behind == 0)
        purged = purging.await_count
        await until(lambda: purging.await_count > purged + 2)
        assert await forgotten_before(client) == 1
        await at_work(stack, world.intake(server.url, partition=HALVES[1], purge_seconds=0.05))
        await until(lambda: received(world) == 60)
        await until(partial(forgets, client, 60))


async def test_a_partition_in_which_nothing_comes_keeps_nothing_from_being_forgotten(
    world: World, server: NatsServer, client: Client, halved: None
) -> None:
    await publish(client, 0, 30, keys=1)
    async with AsyncExitStack() as stack:
        for part in HALVES:
            await at_work(stack, world.intake(server.url, partition=part, purge_seconds=0.05))
        await until(partial(forgets, client, 30))
    assert received(world) == 30


async def test_a_message_that_was_removed_stops_it_whosever_it_was(
    world: World, server: NatsServer, client: Client, halved: None
) -> None:
    await publish(client, 0, 30)
    await client.jetstream().delete_msg(STREAM, 17)
    stopped = await refusal(world.intake(server.url, partition=HALVES[0]))
    assert stopped.code == "stream_gap"
    gap = stopped.detail.rpartition("=")[2]
    assert gap.endswith(":17-17")
    async with AsyncExitStack() as stack:
        await at_work(stack, world.intake(server.url, partition=HALVES[0], accepted_gap=gap))
        other = gap.replace("/0:", "/1:")
        await at_work(stack, world.intake(server.url, partition=HALVES[1], accepted_gap=other))
        await until(lambda: received(world) == 29)


async def test_a_stream_is_divided_once(world: World, server: NatsServer, client: Client) -> None:
    await declare(client.jetstream(), uuid4)
    await declare(client.jetstream(), uuid4, partition=Partition(0, 4))
    await publish(client, 0, 1)
    stopped = await refusal(world.intake(server.url, partition=HALVES[0]))
    assert stopped.code == "stream_divided"
    assert "4 partitions" in stopped.detail
