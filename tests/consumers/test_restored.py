"""What is put back from an older copy, the broker's folder or the database, and a stream that is made anew.

What was sent since then must never be passed over.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from nats.aio.client import Client

from tests.consumers.taking_in import publish, running
from tests.consumers.world import ADA, BOB, World, held, reached, refusal, scheduled
from tests.kept import FILES, databases
from tests.patience import PATIENCE, until
from tests.postgres import PostgresServer
from workflow.consumers.meetings.known_stream import KnownStream
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import STREAM, declare, look, purge
from workflow.store.postgres.recorder import PostgresDatabase


class Copy:
    """A copy of the server's folder, as a backup would make one."""

    def __init__(self, server: NatsServer, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._kept = folder.with_name("copy")

    async def make(self) -> None:
        await self._server.stop()
        shutil.copytree(self._folder, self._kept)
        await self._server.start()

    async def restore(self) -> None:
        await self._server.stop()
        shutil.rmtree(self._folder)
        shutil.copytree(self._kept, self._folder)
        await self._server.start()


@pytest.fixture(params=["files", "database"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    engine = FILES if request.param == "files" else databases(request.getfixturevalue("postgres"))
    world = World(tmp_path / "data", engine=engine)
    yield world
    world.close()


@pytest.fixture
def copy(server: NatsServer, tmp_path: Path) -> Copy:
    return Copy(server, tmp_path / "nats")


async def send(client: Client, numbers: range, round: str = "") -> int:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await client.jetstream(timeout=5).stream_info(STREAM)
                break
            except Exception:  # noqa: BLE001 the client is still reconnecting
                await asyncio.sleep(0.05)
    return await publish(client, *(scheduled(f"m{n}{round}", uid=f"u{n}") for n in numbers))


async def test_a_stream_that_ends_before_the_position_is_not_purged(
    server: NatsServer, client: Client
) -> None:
    upstream = await declare(client.jetstream(), uuid4)
    await send(client, range(18))
    await purge(client.jetstream(), upstream, 20)
    assert (await look(client.jetstream())).first == 1


async def test_nothing_is_purged_once_intake_has_stopped(
    world: World, server: NatsServer, client: Client, copy: Copy
) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url, purge_seconds=0.1, stalled_after=0.5) as intake:
        await reached(intake, await send(client, range(10)))
        await copy.make()
        await reached(intake, await send(client, range(10, 20)))
        await copy.restore()
        await send(client, range(20, 28))
        await until(lambda: intake.status.cause is not None)
        assert intake.status.state == "stopped"
        await send(client, range(28, 32))  # and now it is longer than what is recorded
        with patch.object(KnownStream, "look", autospec=True, side_effect=KnownStream.look) as looked:
            await until(lambda: looked.await_count > 3)
        now = await look(client.jetstream())
    assert now.last == 22
    assert now.first <= 11


async def test_a_restored_stream_that_overtook_the_position_stops_intake(
    world: World, server: NatsServer, client: Client, copy: Copy
) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        await reached(intake, await send(client, range(10)))
    await copy.make()
    async with running(world, server.url) as intake:
        await reached(intake, await send(client, range(10, 20)))
    await copy.restore()
    assert await send(client, range(20, 35)) == 25
    stopped = await refusal(world.intake(server.url))
    assert stopped.code == "stream_differs"
    assert "send again" in stopped.detail
    assert (await look(client.jetstream())).last == 25
    assert world.counts() == {"applied": 20}


async def test_a_message_that_nobody_can_read_is_known_again(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        await send_nonsense(client)
        await reached(intake, 1)
    async with running(world, server.url) as intake:
        await reached(intake, await publish(client, held("a")))
    assert world.counts() == {"parked": 1, "applied": 1}


async def test_another_message_that_nobody_can_read_is_not(
    world: World, server: NatsServer, client: Client, copy: Copy
) -> None:
    async with running(world, server.url, stalled_after=0.5) as intake:
        await copy.make()
        await send_nonsense(client)
        await reached(intake, 1)
    await copy.restore()
    await send(client, range(0))
    await client.jetstream().publish("mentoring.meetings.k", b"other nonsense")
    stopped = await refusal(world.intake(server.url))
    assert stopped.code == "stream_differs"


async def send_nonsense(client: Client) -> None:
    await send(client, range(0))
    headers = {"Content-Type": "text/plain", "ce-subject": "café", "x": "y"}
    await client.jetstream().publish("mentoring.meetings.k", b"nonsense", headers=headers)


# --- made anew -----------------------------------------------------------------------------------------------


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
        await until(lambda: intake.status.upstream != first)
        await publish(client, held("c"))
        await until(lambda: world.counts()["applied"] >= 3)


# --- an older backup of the facts ----------------------------------------------------------------------------


async def test_facts_older_than_what_the_stream_still_has_stop_intake_and_say_what_to_do(
    tmp_path: Path, server: NatsServer, client: Client, postgres: PostgresServer
) -> None:
    folder, engine = tmp_path / "data", databases(postgres)
    world = World(folder, engine=engine)
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        await reached(intake, await send(client, range(10)))
    world.close()
    backup = postgres.copy(postgres.dsn(engine.names(folder)[0]))
    world = World(folder, engine=engine)
    async with running(world, server.url) as intake:
        await reached(intake, await send(client, range(10, 20)))
    await purge(client.jetstream(), await look(client.jetstream()), 20)
    world.close()

    older = World(folder, engine=engine._replace(facts=lambda _: PostgresDatabase(backup)))
    stopped = await refusal(older.intake(server.url))
    assert stopped.code == "stream_gap"
    assert "messages 11 to 19" in stopped.detail
    assert "have the publishers send again" in stopped.detail
    async with running(older, server.url, accepted_gap=stopped.detail.rpartition("=")[2]) as intake:
        await reached(intake, await send(client, range(10, 20)))
    assert older.counts() == {"applied": 20, "duplicate": 1}
    older.close()
