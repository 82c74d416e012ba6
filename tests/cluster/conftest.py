"""One cluster for all tests of a module, whole again before each of them, and with no stream in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.errors import Error as NatsError

from tests.cluster.cluster import PATIENCE, Cluster, cluster
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
    streams = client.jetstream(timeout=5)
    async with asyncio.timeout(PATIENCE):
        # By name: whoever asks for more is told nothing of a stream whose leader does not answer yet.
        while names := await _names(client):
            for name in names:
                with suppress(NatsError, TimeoutError):
                    await streams.delete_stream(name)
    await client.close()
    yield nodes
    for node in nodes.running:
        node.go_on()


async def _names(client: Client) -> list[str]:
    answer = await client.request("$JS.API.STREAM.NAMES", b"{}", timeout=20)
    found: list[str] = json.loads(answer.data)["streams"] or []
    return found


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
