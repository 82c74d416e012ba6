"""Messages taken out of the stream by somebody else before they were taken in: never passed over in silence."""

from __future__ import annotations

import asyncio
import re
import threading
from uuid import uuid4

import pytest
import pytest_asyncio
from nats.aio.client import Client

from tests.consumers.taking_in import publish, running
from tests.consumers.world import ADA, BOB, World, held, reached, refusal, scheduled
from tests.patience import PATIENCE, until
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.transport.gaps import Gap, find_gap
from workflow.consumers.transport.pull import Broken, Pull
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import STREAM, Upstream, declare, look, purge
from workflow.errors import Stopped


async def delete(client: Client, *sequences: int) -> None:
    for sequence in sequences:
        await client.jetstream().delete_msg(STREAM, sequence)


async def send(client: Client, numbers: range) -> int:
    return await publish(client, *(scheduled(f"m{n}", uid=f"u{n}") for n in numbers))


async def stopped(intake: Intake) -> str:
    await until(lambda: intake.status.cause is not None)
    return str(intake.status.cause)


async def refused(intake: Intake) -> Stopped:
    stopped = await refusal(intake)
    assert stopped.code == "stream_gap"
    return stopped


@pytest_asyncio.fixture
async def upstream(server: NatsServer, client: Client) -> Upstream:
    return await declare(client.jetstream(), uuid4)


async def test_a_message_deleted_while_intake_runs_stops_it_just_before(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    go_on = threading.Event()
    async with running(world, server.url, most=10, ahead=40) as intake:
        held_up = world.writer.submit(lambda _: go_on.wait(PATIENCE))
        await send(client, range(200))
        await delete(client, 150, 151)
        go_on.set()
        await asyncio.wrap_future(held_up)
        cause = await stopped(intake)
        assert "messages 150 to 151" in cause
        assert intake.status.position == 149
        assert world.counts() == {"applied": 149}
        assert (await look(client.jetstream())).last == 200


async def test_a_purge_by_somebody_else_while_intake_runs_stops_it(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    go_on = threading.Event()
    async with running(world, server.url, most=10, ahead=40) as intake:
        held_up = world.writer.submit(lambda _: go_on.wait(PATIENCE))
        await send(client, range(200))
        await client.jetstream().purge_stream(STREAM)
        go_on.set()
        await asyncio.wrap_future(held_up)
        await publish(client, held("after"))
        assert re.search(r"messages \d+ to 200", await stopped(intake))


async def test_messages_deleted_at_the_end_of_the_stream_are_missed_by_an_idle_intake(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    go_on = threading.Event()
    async with running(world, server.url, most=2, ahead=4, purge_seconds=0.05) as intake:
        held_up = world.writer.submit(lambda _: go_on.wait(PATIENCE))
        await send(client, range(60))
        await delete(client, *range(41, 61))
        go_on.set()
        await asyncio.wrap_future(held_up)
        assert "messages 41 to 60" in await stopped(intake)


@pytest.mark.parametrize(
    ("deleted", "missing"), [((1,), (1, 1)), ((1, 2), (1, 2)), ((3, 4, 5), (3, 5)), ((3, 5), (3, 3))]
)
async def test_what_is_missing_at_start_is_named(
    world: World,
    server: NatsServer,
    client: Client,
    upstream: Upstream,
    deleted: tuple[int, ...],
    missing: tuple[int, int],
) -> None:
    world.open(ADA, BOB)
    await send(client, range(5))
    await delete(client, *deleted)
    gap = Gap(upstream.name, *missing)
    if missing[0] == 1:
        assert str(gap) in (await refused(world.intake(server.url))).detail
    else:  # what comes before is taken in
        async with running(world, server.url, purge_seconds=0.05) as intake:
            assert str(gap) in await stopped(intake)
            assert intake.status.position == 2
        assert str(gap) in (await refused(world.intake(server.url))).detail


async def test_what_is_missing_below_the_position_does_not_matter(
    world: World, server: NatsServer, client: Client, upstream: Upstream
) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        await reached(intake, await send(client, range(9)))
        await delete(client, 2, 5, 8, 9)
    async with running(world, server.url) as intake:
        await reached(intake, await publish(client, held("x")))
        await purge(client.jetstream(), upstream, intake.status.position)
    assert world.counts() == {"applied": 10}


async def test_a_gap_that_an_operator_accepts_is_passed_over(
    world: World, server: NatsServer, client: Client, upstream: Upstream
) -> None:
    world.open(ADA, BOB)
    await send(client, range(9))
    await delete(client, 4, 5, 8)
    first, second = Gap(upstream.name, 4, 5), Gap(upstream.name, 8, 8)
    async with running(world, server.url, accepted_gap=str(first)) as intake:
        assert str(second) in await stopped(intake)
    for other in (first, Gap(upstream.name, 8, 9), Gap(upstream.name, 1, 8), Gap("another/0", 8, 8)):
        await refused(world.intake(server.url, accepted_gap=str(other)))
    async with running(world, server.url, accepted_gap=str(second)) as intake:
        await reached(intake, await publish(client, held("x")))
    async with running(world, server.url) as intake:
        await reached(intake, await publish(client, held("y", uid="u1")))
    assert world.counts() == {"applied": 8}
    assert set(world.dispositions(upstream.name)) == {1, 2, 3, 6, 7, 9, 10, 11}


async def test_an_accepted_gap_at_the_end_of_the_stream(
    world: World, server: NatsServer, client: Client, upstream: Upstream
) -> None:
    world.open(ADA, BOB)
    await send(client, range(3))
    await delete(client, 2, 3)
    gap = Gap(upstream.name, 2, 3)
    async with running(world, server.url) as intake:
        await reached(intake, 1)
    async with running(world, server.url, accepted_gap=str(gap)) as intake:
        assert intake.status.position == 3
        await reached(intake, await publish(client, held("x")))
    assert world.counts() == {"applied": 2}


async def test_a_message_that_the_consumer_alone_passed_over_is_no_gap(
    client: Client, upstream: Upstream
) -> None:
    await send(client, range(3))
    assert await find_gap(client, await look(client.jetstream()), 1) is None


async def test_a_stream_made_anew_meanwhile_is_no_gap(client: Client, upstream: Upstream) -> None:
    await send(client, range(3))
    before = await look(client.jetstream())
    await client.jetstream().delete_stream(STREAM)
    await declare(client.jetstream(), uuid4)
    assert await find_gap(client, before, 1) is None


async def test_a_missing_sequence_breaks_the_pull_behind_what_came_before(
    client: Client, upstream: Upstream
) -> None:
    await send(client, range(5))
    await delete(client, 3)
    pull = Pull(client)
    await pull.open(0)
    taken = await pull.take()
    while taken.last < 2:
        taken = await pull.take()
    assert taken.last == 2
    with pytest.raises(Broken):
        await pull.take()
    await pull.unsubscribe()
