"""One cluster for all tests of a module, whole again before each of them, and with no stream in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client

from tests.cluster.cluster import Cluster, cluster
from tests.consumers.world import World


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster") / "nodes") as made:
        yield made


@pytest_asyncio.fixture
async def whole(nodes: Cluster) -> AsyncIterator[Cluster]:
    """The cluster with all of its nodes at work, and empty."""
    nodes.start()
    client = await nats.connect(nodes.urls.split(","))
    streams = client.jetstream(timeout=20)
    for name in [one.config.name for one in await streams.streams_info()]:
        assert name is not None
        await streams.delete_stream(name)
    await client.close()
    yield nodes
    for node in nodes.running:
        node.go_on()


@pytest_asyncio.fixture
async def client(whole: Cluster) -> AsyncIterator[Client]:
    """A connection that goes to another node where its own has gone."""

    async def in_silence(_: Exception) -> None:
        """What fails is seen by what it fails."""

    client = await nats.connect(
        whole.urls.split(","), max_reconnect_attempts=-1, reconnect_time_wait=0.1, error_cb=in_silence
    )
    yield client
    await client.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.close()
