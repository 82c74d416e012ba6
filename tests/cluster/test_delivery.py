"""What goes out over a cluster whose servers are killed or cut off: all, in order, no id under two contents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest_asyncio
from faststream.nats import NatsBroker
from nats.aio.client import Client

from tests.broker import connected
from tests.cluster.cluster import Cluster, Node
from tests.cluster.proxied import proxied
from tests.consumers.clocked import World as Facts
from tests.consumers.delivering import (
    LIMITS,
    Told,
    caught_up,
    deduplicated,
    delivering,
    expected,
    live,
    received,
)
from tests.consumers.world import body, scheduled
from tests.patience import PATIENCE, until
from tests.seed import SEED
from workflow.consumers.delivery.delivery import Delivery, begin_delivery
from workflow.consumers.delivery.messages import EVENTS
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.streams import STREAM, declare
from workflow.errors import Unavailable


@pytest_asyncio.fixture
async def facts(tmp_path: Path) -> AsyncIterator[Facts]:
    facts = Facts(tmp_path)
    yield facts
    facts.close()


async def test_delivery_goes_on_behind_another_leader_and_no_id_has_two_contents(
    facts: Facts, whole: Cluster, client: Client
) -> None:
    live(facts)
    async with delivering(facts, whole.urls, most=9, at_once=3, replicas=3) as delivery:
        await until(lambda: delivery.status.position >= 18)
        whole.leader(EVENTS).kill()
        assert delivery.status.position < facts.store.head()
        await caught_up(delivery, facts)
    delivered_once(await received(client), facts)


async def test_delivery_goes_on_where_connections_are_cut_half_way(
    facts: Facts, whole: Cluster, client: Client
) -> None:
    random, most = Random(SEED), 5
    live(facts)

    def lasts() -> int | None:
        cuts = sum(proxy.cuts for proxy in proxies)
        return random.randint(1, 40_000) if cuts < most else None

    async with proxied(whole, lasts) as proxies:
        url = ",".join(f"nats://127.0.0.1:{proxy.port}" for proxy in proxies)
        async with delivering(facts, url, most=9, at_once=3, replicas=3, within=0.5) as delivery:
            await caught_up(delivery, facts)
    cuts = sum(proxy.cuts for proxy in proxies)
    print(f"seed {SEED}: {cuts} cuts")  # noqa: T201 pytest shows it where the test fails, or with -s
    assert cuts > 1
    delivered_once(await received(client), facts)


def delivered_once(told: list[Told], facts: Facts) -> None:
    """All that is public was told, in order, and no id under two contents."""
    assert deduplicated(told) == expected(facts)
    assert len({(one.id, one.body) for one in told}) == len({one.id for one in told})


async def connected_to(broker: NatsBroker, node: Node) -> None:
    """Have it be this one of the servers that it is connected to."""
    async with asyncio.timeout(PATIENCE):
        while broker.connection.connected_url is None or broker.connection.connected_url.port != node.port:
            await broker.connection.force_reconnect()
            await asyncio.sleep(0.05)


async def test_a_server_that_is_cut_off_from_the_others_is_left(
    facts: Facts, whole: Cluster, client: Client
) -> None:
    await declare(client.jetstream(), uuid4, replicas=3)
    node = next(node for node in whole.nodes if node is not whole.leader(STREAM))
    brokers = [make_broker(whole.urls, purpose) for purpose in ("publishing", "delivery")]
    try:
        publisher = Publisher(brokers[0], within_seconds=0.5, elsewhere_after=0.2)
        await publisher.connect()
        delivery = Delivery(
            brokers[1],
            facts.store.read,
            facts.writer.submit,
            replace(LIMITS, replicas=3),
            within_seconds=0.5,
            elsewhere_after=0.2,
        )
        await brokers[1].connect()
        node.alone()
        for broker in brokers:
            await connected_to(broker, node)
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await publisher.publish("k", body(scheduled("a")), {})
                    break
                except Unavailable:
                    await asyncio.sleep(0.05)
        live(facts)
        begun = facts.writer.submit(lambda tx: begin_delivery(tx, from_beginning=True))
        delivery.goes_on_from((await asyncio.wrap_future(begun)).value)
        at_work = asyncio.create_task(delivery.run())
        await caught_up(delivery, facts)
        delivery.stop()
        await at_work
    finally:
        for broker in brokers:
            await broker.stop()
        node.stop()
    others = await connected([other.url for other in whole.running])
    delivered_once(await received(others), facts)
    await others.close()
