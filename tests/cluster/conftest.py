"""A cluster for each test: three servers are up in less than a second, and remember nothing of another test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from nats.aio.client import Client

from tests.broker import connected
from tests.cluster.cluster import Cluster, cluster
from tests.consumers.world import World


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Cluster]:
    """The cluster with all of its nodes at work, and empty."""
    with cluster(tmp_path / "nodes") as made:
        yield made


@pytest_asyncio.fixture
async def client(whole: Cluster) -> AsyncIterator[Client]:
    """A connection that goes to another node where its own has gone."""

    async def in_silence(_: Exception) -> None:
        """What fails is seen by what it fails."""

    client = await connected(
        whole.urls.split(","),
        connect_timeout=5,  # then it tries another
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.1,
        error_cb=in_silence,
    )
    yield client
    await client.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.close()
