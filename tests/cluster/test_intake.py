"""Intake and publishers on a cluster whose servers are killed, stilled and wiped: nothing is lost or counted twice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from random import Random
from typing import Any

import pytest
from nats.aio.client import Client

from tests.cluster.cluster import Cluster, Node
from tests.cluster.proxied import proxied
from tests.cluster.sending import Senders, by
from tests.consumers.taking_in import running
from tests.consumers.world import World, reached
from tests.patience import until
from tests.seed import SEED
from tests.telling import Tell, untold
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.streams import STREAM


@asynccontextmanager
async def publishing(url: str, within: float = 1.0) -> Any:
    publisher = Publisher(make_broker(url, "publishing"), within_seconds=within)
    await publisher.connect()
    try:
        yield publisher
    finally:
        await publisher.close()


async def taken_in(intake: Intake, more: int) -> None:
    reached = intake.status.position + more
    await until(lambda: intake.status.position >= reached)


async def all_taken_in(intake: Intake, client: Client) -> tuple[str, int]:
    """Wait for it; the stream's name, and how many messages it has stored."""
    stored = (await client.jetstream(timeout=20).stream_info(STREAM)).state.last_seq
    await reached(intake, stored)
    assert intake.status.upstream is not None
    return intake.status.upstream, stored


async def leader(cluster: Cluster) -> Node:
    return await asyncio.to_thread(cluster.leader, STREAM)


async def kills(
    world: World,
    cluster: Cluster,
    client: Client,
    victims: list[str],
    pairs: int = 12,
    tell: Tell = untold,
) -> None:
    """Intake and publishers at work while one node after the other is killed and comes back."""
    random = Random(SEED)
    senders, killed = Senders(world, pairs), []
    async with (
        running(world, cluster.urls, replicas=3, most=100, ahead=400, stalled_after=1.0) as intake,
        publishing(cluster.urls) as publisher,
        senders.sending(by(publisher)),
    ):
        for victim in victims:
            await senders.reach(random.randint(200, 500))
            await until(lambda: intake.status.position > 100)
            leads = await leader(cluster)
            others = [node for node in cluster.nodes if node is not leads]
            node = leads if victim == "leader" else random.choice(others)
            killed.append(f"{node.name} ({victim})")
            node.kill()
            await taken_in(intake, 200)
            await asyncio.to_thread(cluster.start)
            tell(f"{len(killed)} of {len(victims)} kills, {len(senders.answered)} messages")
    async with running(world, cluster.urls) as intake:
        upstream, stored = await all_taken_in(intake, client)
    print(f"seed {SEED}: {', '.join(killed)}; {stored} messages, {senders.unanswered} not answered")  # noqa: T201
    senders.balanced(upstream, stored)
    assert senders.unanswered > 0


async def test_the_streams_leader_and_another_node_are_killed(
    world: World, whole: Cluster, client: Client
) -> None:
    await kills(world, whole, client, ["leader", "another"])


@pytest.mark.soak
async def test_nodes_are_killed_over_and_over(
    world: World, whole: Cluster, client: Client, tell: Tell
) -> None:
    victims = ["leader"] * 12 + ["another"] * 8
    Random(SEED).shuffle(victims)
    await kills(world, whole, client, victims, 300, tell)


async def test_connections_are_cut_half_way(world: World, whole: Cluster, client: Client) -> None:
    await cut(world, whole, client, 10)


@pytest.mark.soak
async def test_connections_are_cut_half_way_over_and_over(
    world: World, whole: Cluster, client: Client, tell: Tell
) -> None:
    await cut(world, whole, client, 200, 100, tell)


async def cut(
    world: World, cluster: Cluster, client: Client, number: int, pairs: int = 12, tell: Tell = untold
) -> None:
    """Each connection breaks off after some bytes, few or many, until it has happened so many times."""
    random, senders = Random(SEED), Senders(world, pairs)

    def cuts() -> int:
        return sum(proxy.cuts for proxy in proxies)

    def more_than(before: int) -> bool:
        return cuts() > before

    def lasts() -> int | None:
        return (
            random.choice((random.randint(1, 2_000), random.randint(2_000, 200_000)))
            if cuts() < number
            else None
        )

    async with proxied(cluster, lasts) as proxies:
        url = ",".join(f"nats://127.0.0.1:{proxy.port}" for proxy in proxies)
        async with (
            running(world, url, replicas=3, most=100, ahead=400, stalled_after=0.5) as intake,
            publishing(url, within=0.5) as publisher,
            senders.sending(by(publisher)),
        ):
            while (before := cuts()) < number:
                await until(partial(more_than, before))
                tell(f"{cuts()} of {number} cuts, {len(senders.answered)} messages")
            await senders.reach(100)
        async with running(world, url) as intake:
            upstream, stored = await all_taken_in(intake, client)
    print(f"seed {SEED}: {cuts()} cuts; {stored} messages, {senders.unanswered} not answered")  # noqa: T201
    senders.balanced(upstream, stored)


async def test_a_node_comes_back_with_an_empty_disk(world: World, whole: Cluster, client: Client) -> None:
    await wipes(world, whole, client, 1)


@pytest.mark.soak
async def test_nodes_come_back_with_an_empty_disk_by_turns(
    world: World, whole: Cluster, client: Client, tell: Tell
) -> None:
    await wipes(world, whole, client, 9, tell)


async def wipes(world: World, whole: Cluster, client: Client, number: int, tell: Tell = untold) -> None:
    """Whoever leads loses all that it has stored, so many times, and gets it back from the others."""
    senders = Senders(world)
    async with (
        running(world, whole.urls, replicas=3) as intake,
        publishing(whole.urls) as publisher,
        senders.sending(by(publisher)),
    ):
        await senders.reach(300)
        for wipe in range(number):
            wiped = await leader(whole)
            wiped.stop()
            wiped.forget()
            await senders.reach(100)
            await asyncio.to_thread(whole.start)
            tell(f"{wipe + 1} of {number} wiped")
        upstream = intake.status.upstream
        (await leader(whole)).stop()  # another leads, which may be the one that was given all back
    async with running(world, whole.urls) as intake:
        assert await all_taken_in(intake, client) == (upstream, max(senders.answered))
        senders.balanced(upstream or "", max(senders.answered))


@pytest.mark.soak
async def test_without_a_majority_intake_says_so_and_goes_on_by_itself_once_there_is_one(
    world: World, whole: Cluster, client: Client
) -> None:
    senders = Senders(world)
    async with (
        running(world, whole.urls, replicas=3, stalled_after=1.0) as intake,
        publishing(whole.urls) as publisher,
        senders.sending(by(publisher)),
    ):
        await senders.reach(100)
        lost = whole.nodes[:2]
        for node in lost:
            node.kill()
        await until(lambda: intake.status.trouble is not None)
        assert intake.status.cause is None
        unanswered = senders.unanswered
        await until(lambda: senders.unanswered > unanswered)
        await asyncio.to_thread(whole.start)
        await senders.reach(100)
        await until(lambda: intake.status.trouble is None)
        upstream, stored = await all_taken_in(intake, client)
    async with running(world, whole.urls) as intake:
        upstream, stored = await all_taken_in(intake, client)
    senders.balanced(upstream, stored)
