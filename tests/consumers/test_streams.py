"""The stream under intake: made by others, made anew, cut off, or lying behind what is recorded."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, ServerError

from tests.consumers.taking_in import publish, running
from tests.consumers.world import ADA, BOB, World, body, held, reached, refusal, scheduled
from tests.patience import PATIENCE
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import LARGEST, STREAM, declare, look, purge
from workflow.errors import Unavailable
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction


async def test_a_stream_that_lies_behind_stops_intake(
    world: World, server: NatsServer, client: Client
) -> None:
    upstream = await declare(client.jetstream(), uuid4)
    world.do(lambda tx: _count_in(tx, upstream.name))
    stopped = await refusal(world.intake(server.url))
    assert stopped.code == "stream_behind"


async def test_a_stream_cut_off_beyond_our_position_stops_intake(
    world: World, server: NatsServer, client: Client
) -> None:
    upstream = await declare(client.jetstream(), uuid4)
    await publish(client, scheduled("a"), scheduled("b"), scheduled("c"))
    await purge(client.jetstream(), upstream, 3)
    stopped = await refusal(world.intake(server.url))
    assert stopped.code == "stream_gap"


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
    assert changed == {"subjects", "discard", "max_age", "duplicate_window", "metadata"}
    assert after["metadata"]["owner"] == "north"


@pytest.mark.parametrize(
    "loose",
    [
        {"max_msgs_per_subject": 1},
        {"discard": DiscardPolicy.OLD, "max_msgs": 100},
        {"discard": DiscardPolicy.NEW, "max_msgs_per_subject": 3, "discard_new_per_subject": True},
        {"allow_rollup_hdrs": True},
        {"no_ack": True},
        {"duplicate_window": 120.0},
    ],
)
async def test_a_stream_that_might_lose_messages_is_brought_in_line(
    server: NatsServer, client: Client, loose: dict[str, Any]
) -> None:
    streams = client.jetstream()
    await streams.add_stream(name=STREAM, subjects=["mentoring.meetings.*"], **loose)
    await declare(streams, uuid4)
    config = await _configuration(client)
    for name, value in {
        "max_msgs_per_subject": -1,
        "discard": "new",
        "duplicate_window": 100_000_000,
    }.items():
        assert config[name] == value
    for name in ("discard_new_per_subject", "allow_rollup_hdrs", "no_ack"):
        assert not config.get(name)
    before = await client.jetstream().stream_info(STREAM)
    with patch.object(JetStreamContext, "update_stream") as updated:
        await declare(streams, uuid4)
    assert not updated.called, before.config


@pytest.mark.parametrize(
    "unfit",
    [
        {"storage": StorageType.MEMORY},
        {"deny_purge": True},
        {"allow_msg_ttl": True},
        {"retention": RetentionPolicy.WORK_QUEUE},
        {"allow_msg_schedules": True},
    ],
)
async def test_a_stream_that_cannot_be_brought_in_line_stops_intake(
    world: World, server: NatsServer, client: Client, unfit: dict[str, Any]
) -> None:
    await client.jetstream().add_stream(name=STREAM, subjects=["mentoring.meetings.*"], **unfit)
    stopped = await refusal(world.intake(server.url))
    assert stopped.code == "stream_unfit"


async def test_a_sealed_stream_stops_intake(world: World, server: NatsServer, client: Client) -> None:
    made = await client.jetstream().add_stream(name=STREAM, subjects=["mentoring.meetings.*"])
    await client.jetstream().update_stream(replace(made.config, sealed=True))
    stopped = await refusal(world.intake(server.url))
    assert stopped.code == "stream_unfit"


async def test_a_stream_has_a_size_that_stays_until_another_is_asked_for(
    server: NatsServer, client: Client
) -> None:
    streams = client.jetstream()
    sizes = []
    for asked in (None, 32 * 1024**2, None):
        await declare(streams, uuid4, asked)
        sizes.append((await _configuration(client))["max_bytes"])
    assert sizes == [LARGEST, 32 * 1024**2, 32 * 1024**2]
    with pytest.raises(Unavailable, match="MENTORING_STREAM_BYTES"):
        await declare(streams, uuid4, 1024**6)


async def test_where_the_broker_has_less_room_the_stream_is_smaller(
    server: NatsServer, client: Client
) -> None:
    streams = client.jetstream()
    granted = LARGEST // 4
    store = streams.add_stream

    async def small(config: StreamConfig) -> Any:
        if (config.max_bytes or 0) > granted:
            raise ServerError(
                code=500, err_code=10047, description="insufficient storage resources available"
            )
        return await store(config)

    with patch.object(streams, "add_stream", small):
        await declare(streams, uuid4)
    assert (await _configuration(client))["max_bytes"] == granted


async def test_a_full_stream_refuses_what_comes_until_intake_has_made_room(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    go_on = threading.Event()
    large = scheduled("large", padding="x" * 200_000)
    async with (
        make_broker(server.url) as broker,
        running(world, server.url, stream_bytes=16 * 1024**2, purge_seconds=0.1) as intake,
    ):
        held_up = world.writer.submit(lambda _: go_on.wait(PATIENCE))
        publisher = Publisher(broker, within_seconds=PATIENCE)
        with pytest.raises(Unavailable) as full:
            await asyncio.gather(*(publisher.publish("k", body(large), {}) for _ in range(100)))
        assert full.value.code == "stream_full"
        with pytest.raises(APIError):
            await publish(client, large)
        go_on.set()
        await asyncio.wrap_future(held_up)
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    last = await publisher.publish("k", body(held("b")), {})
                    break
                except Unavailable:
                    await asyncio.sleep(0.05)
        await reached(intake, last)
    assert world.counts()["applied"] == 2


async def _configuration(client: Client) -> dict[str, Any]:
    """As the server tells it, with what the client library does not know."""
    answer = await client.request(f"$JS.API.STREAM.INFO.{STREAM}")
    found: dict[str, Any] = json.loads(answer.data)["config"]
    return found


def _count_in(tx: Transaction, upstream: str) -> None:
    tx.receipts.record(upstream, 5, None, b"digest", Disposition.PARKED, False)
    tx.receipts.move_position(upstream, 5)
