"""The stream under intake: made by others, made anew, cut off, or lying behind what is recorded."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.js.api import StorageType

from tests.consumers.test_intake import publish, running
from tests.consumers.world import ADA, BOB, World, held, reached, scheduled
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import STREAM, declare, look, purge
from workflow.errors import Stopped
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction


async def test_a_recreated_stream_is_a_new_upstream(world: World, server: NatsServer, client: Client) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        await reached(intake, await publish(client, scheduled("a"), scheduled("b", uid="m2")))
    await client.jetstream().delete_stream(STREAM)
    async with running(world, server.url) as again:
        assert again.status.upstream != intake.status.upstream
        await reached(again, await publish(client, scheduled("a")))
    assert world.counts() == {"applied": 2, "duplicate": 1}


async def test_a_stream_recreated_while_intake_runs(world: World, server: NatsServer, client: Client) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        await reached(intake, await publish(client, scheduled("a"), scheduled("b", uid="m2")))
        first = intake.status.upstream
        await client.jetstream().delete_stream(STREAM)
        async with asyncio.timeout(30):
            while intake.status.upstream == first:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await publish(client, held("c"))
        async with asyncio.timeout(30):
            while world.counts()["applied"] < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_a_stream_that_lies_behind_stops_intake(
    world: World, server: NatsServer, client: Client
) -> None:
    upstream = await declare(client.jetstream(), uuid4)
    world.do(lambda tx: _count_in(tx, upstream.name))
    with pytest.raises(Stopped) as stopped:
        await world.intake(server.url).start()
    assert stopped.value.code == "stream_behind"


async def test_a_stream_cut_off_beyond_our_position_stops_intake(
    world: World, server: NatsServer, client: Client
) -> None:
    upstream = await declare(client.jetstream(), uuid4)
    await publish(client, scheduled("a"), scheduled("b"), scheduled("c"))
    await purge(client.jetstream(), upstream, 3)
    with pytest.raises(Stopped) as stopped:
        await world.intake(server.url).start()
    assert stopped.value.code == "stream_gap"


async def test_what_is_recorded_is_purged_and_intake_goes_on(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        last = await publish(client, *(scheduled(f"m{n}", uid=f"u{n}") for n in range(5)))
        await reached(intake, last)
        upstream = await look(client.jetstream())
        await purge(client.jetstream(), upstream, intake.status.position)
        assert (await look(client.jetstream())).first == last
        await reached(intake, await publish(client, held("x")))
    await client.jetstream().purge_stream(STREAM)
    async with running(world, server.url) as again:
        await reached(again, await publish(client, held("y", uid="u1")))
    assert world.counts() == {"applied": 7}


async def test_a_stream_made_anew_is_not_purged_by_the_old_ones_position(
    server: NatsServer, client: Client
) -> None:
    old = await declare(client.jetstream(), uuid4)
    await client.jetstream().delete_stream(STREAM)
    await declare(client.jetstream(), uuid4)
    await publish(client, scheduled("a"), scheduled("b"), scheduled("c"))
    await purge(client.jetstream(), old, 3)
    assert (await look(client.jetstream())).first == 1


async def test_a_stream_made_by_others_gets_our_name_and_limits(server: NatsServer, client: Client) -> None:
    streams = client.jetstream()
    await streams.add_stream(
        name=STREAM, subjects=["mentoring.meetings.*"], storage=StorageType.FILE, max_age=60
    )
    await publish(client, scheduled("a"))
    first, second = await declare(streams, uuid4), await declare(streams, uuid4)
    assert first == second
    info = await streams.stream_info(STREAM)
    assert not info.config.max_age
    assert info.state.messages == 1


async def test_what_an_operator_set_on_the_stream_stays(server: NatsServer, client: Client) -> None:
    streams = client.jetstream()
    await streams.add_stream(
        name=STREAM,
        description="meetings of the north",
        subjects=["mentoring.meetings.>"],
        max_bytes=100_000_000,
        max_msg_size=500_000,
        duplicate_window=30,
        allow_direct=True,
        metadata={"owner": "north"},
        max_age=60,
    )
    before = await _configuration(client)
    await declare(streams, uuid4)
    after = await _configuration(client)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {"subjects", "discard", "max_age", "metadata"}
    assert after["metadata"]["owner"] == "north"


async def _configuration(client: Client) -> dict[str, Any]:
    """As the server tells it, with what the client library does not know."""
    answer = await client.request(f"$JS.API.STREAM.INFO.{STREAM}")
    found: dict[str, Any] = json.loads(answer.data)["config"]
    return found


def _count_in(tx: Transaction, upstream: str) -> None:
    tx.receipts.record(upstream, 5, None, b"digest", Disposition.PARKED, False)
    tx.receipts.move_position(upstream, 5)
