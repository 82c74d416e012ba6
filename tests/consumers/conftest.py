"""A world without a broker, and a real NATS server for the tests that want one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from nats.aio.client import Client

from tests.broker import connected
from tests.consumers.world import World
from tests.ports import free
from workflow.consumers.transport.server import NatsServer


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data")
    yield world
    world.close()


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    server = NatsServer(tmp_path / "nats", port=free(1)[0])  # it may be stopped, and started there again
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture
async def client(server: NatsServer) -> AsyncIterator[Client]:
    client = await connected(server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
    yield client
    await client.close()
