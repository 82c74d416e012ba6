"""How many servers of a cluster keep the streams, and what is said where there are not as many."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from nats.aio.client import Client

from tests.broker import connected
from tests.cluster.cluster import Cluster
from tests.consumers.delivering import LIMITS
from tests.consumers.taking_in import publish, running
from tests.consumers.world import ADA, BOB, World, held, reached, refusal, scheduled
from tests.patience import PATIENCE
from workflow.consumers.delivery import streams as outward
from workflow.consumers.delivery.messages import SUBJECTS
from workflow.consumers.delivery.streams import Limits
from workflow.consumers.transport import examined, streams
from workflow.consumers.transport.refusals import SMALLEST
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import LARGEST, STREAM, declare
from workflow.diagnosis import Finding, Grade
from workflow.errors import Unavailable

THREE = Limits(LIMITS.max_bytes, LIMITS.max_days, 3)


async def replicas(client: Client, stream: str = STREAM) -> int | None:
    return (await client.jetstream().stream_info(stream)).config.num_replicas


async def test_streams_are_made_with_as_many_replicas_as_are_asked_for(
    whole: Cluster, client: Client
) -> None:
    await declare(client.jetstream(), uuid4, replicas=3)
    await outward.declare(client.jetstream(), THREE)
    assert [await replicas(client, name) for name in (STREAM, *SUBJECTS)] == [3, 3, 3]


async def test_a_stream_with_fewer_gets_more_and_one_with_more_keeps_them(
    world: World, whole: Cluster, client: Client
) -> None:
    world.open(ADA, BOB)
    async with running(world, whole.urls) as intake:
        await reached(intake, await publish(client, *(scheduled(f"m{n}", uid=f"u{n}") for n in range(5))))
        await publish(client, scheduled("late"))
    assert await replicas(client) == 1
    for asked in (3, 1):
        async with running(world, whole.urls, replicas=asked) as intake:
            await reached(intake, await publish(client, held(f"h{asked}")))
        assert await replicas(client) == 3
    assert sum(world.counts().values()) == 8
    for limits, kept in ((LIMITS, 1), (THREE, 3), (LIMITS, 3)):
        await outward.declare(client.jetstream(), limits)
        assert [await replicas(client, name) for name in SUBJECTS] == [kept, kept]


async def test_a_server_alone_is_told_to_be_no_cluster(world: World, tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats")
    await server.start()
    try:
        stopped = await refusal(world.intake(server.url, replicas=3))
    finally:
        await server.stop()
    assert stopped.code == "no_cluster"
    assert "MENTORING_NATS_REPLICAS" in stopped.detail


async def test_a_cluster_of_too_few_servers_is_told_to_be_so(whole: Cluster, client: Client) -> None:
    for declaring in (
        declare(client.jetstream(), uuid4, replicas=5),
        outward.declare(client.jetstream(), Limits(LIMITS.max_bytes, LIMITS.max_days, 5)),
    ):
        with pytest.raises(Unavailable) as few:
            await declaring
        assert few.value.code == "too_few_servers"


async def test_where_a_cluster_has_less_room_the_stream_is_smaller(whole: Cluster, client: Client) -> None:
    with patch.object(streams, "LARGEST", 1024 * LARGEST):
        await declare(client.jetstream(), uuid4, replicas=3)
    found = (await client.jetstream().stream_info(STREAM)).config
    assert SMALLEST < (found.max_bytes or 0) <= 256 * 1024**3, "what each server of the tests may store"
    assert found.num_replicas == 3


async def test_a_doctor_names_the_server_that_is_away(whole: Cluster, client: Client) -> None:
    await declare(client.jetstream(), uuid4, replicas=3)
    await found(whole, 1)  # once they all have it
    leads = whole.leader(STREAM)
    away = next(node for node in whole.nodes if node is not leads)
    away.kill()
    beside = await connected(leads.url)
    await publish(beside, scheduled("a"))
    await beside.close()
    away_or_behind, _ = await found(whole, 2)
    assert away_or_behind.grade is Grade.WARNING
    assert away_or_behind.said.endswith(f"away or lag behind: {away.name}")


async def test_a_doctor_says_where_most_servers_are_away(whole: Cluster, client: Client) -> None:
    await declare(client.jetstream(), uuid4, replicas=3)
    await found(whole, 1)  # once they all have it
    leads = whole.leader(STREAM)
    for away in [node for node in whole.nodes if node is not leads]:
        away.kill()
    async with asyncio.timeout(PATIENCE):
        while True:
            told = await found(whole, 1)
            if "has no leader" in told[0].said:
                break
            await asyncio.sleep(0.1)
    assert told[0].grade is Grade.TROUBLE
    assert "of the 3 servers that keep it most are away" in told[0].said


async def found(cluster: Cluster, number: int) -> list[Finding]:
    """What a doctor finds, once it is so many things."""
    async with asyncio.timeout(PATIENCE):
        while len(findings := await examined.stream(cluster.urls, None, {})) != number:  # noqa: ASYNC110 it tells when asked
            await asyncio.sleep(0.1)
    return findings
