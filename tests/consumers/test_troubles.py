"""What may pass: intake says what keeps it from its work, tries again, and goes on once it can."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext

from tests.consumers.taking_in import publish, running
from tests.consumers.world import ADA, BOB, World, held, reached, scheduled
from tests.patience import PATIENCE, until
from workflow.consumers.meetings.known_stream import KnownStream
from workflow.consumers.transport.pull import Pull
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import Partition, Upstream, look
from workflow.errors import Stopped
from workflow.store.commit import Commit
from workflow.store.receipts import Receipts


async def test_jetstream_comes_later_than_the_server(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    port = server.url.rpartition(":")[2]
    await server.stop()
    plain = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "nats-server"),
        *("-a", "127.0.0.1", "-p", port),
        stderr=asyncio.subprocess.DEVNULL,
    )
    intake = world.intake(server.url)
    starting = asyncio.create_task(intake.start())
    try:
        await until(lambda: "ServiceUnavailable" in (intake.status.trouble or ""))
        assert intake.status.cause is None
        assert not starting.done()
    finally:
        plain.terminate()
        await plain.wait()
    await server.start()
    await asyncio.wait_for(starting, PATIENCE)
    await until(lambda: client.is_connected)
    await reached(intake, await publish(client, held("a")))
    assert intake.status.trouble is None
    await intake.stop()


def _full(*_: Any, **__: Any) -> None:
    raise sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize(("part", "step"), [(Receipts, "flush"), (Commit, "append")])
async def test_a_disk_that_is_full_for_a_while(
    world: World,
    server: NatsServer,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    part: type,
    step: str,
) -> None:
    caplog.set_level(logging.INFO, "mentoring.work")
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        with patch.object(part, step, _full):
            last = await publish(client, scheduled("a"), scheduled("b", uid="m2"))
            await until(lambda: "could not be stored" in (intake.status.trouble or ""))
            assert intake.status.cause is None
            await until(lambda: intake.status.behind == 2)
        await reached(intake, last)
        await until(lambda: intake.status.trouble is None)
        assert intake.status.behind == 0
    assert world.counts() == {"applied": 2}
    (first, *_) = [said for said in caplog.messages if "cannot go on" in said]
    assert re.search(r" at message(s 1 to 2| 1): what .* could not be stored", first)
    assert re.search(r"\(Unavailable at .*; from OperationalError at workflow/store/\w+\.py:\d+", first)
    assert "database or disk" not in first
    assert [one.getMessage() for one in caplog.records if one.name == "mentoring.work"] == ["intake goes on"]


async def test_nothing_is_taken_in_after_a_stop_that_was_not_heard(
    world: World, server: NatsServer, client: Client
) -> None:
    """A request may swallow the cancellation that comes as it is answered."""
    world.open(ADA, BOB)
    intake = world.intake(server.url)
    opening = Pull.open

    async def swallowing(pull: Pull, after: int) -> None:
        await opening(pull, after)
        intake._halt(Stopped("gone"))
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)

    with patch.object(Pull, "open", swallowing), pytest.raises(Stopped, match="gone"):
        await intake.start()
    assert "intake" not in {task.get_name() for task in asyncio.all_tasks()}
    await intake.stop()


async def test_what_comes_while_intake_has_stopped_is_counted(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url, purge_seconds=0.05) as intake:
        await reached(intake, await publish(client, scheduled("a")))
        with patch("workflow.consumers.meetings.known_stream.find_gap", side_effect=Stopped("gone")):
            await until(lambda: intake.status.cause == "gone")
        await publish(client, scheduled("b", uid="m2"), held("c", uid="m2"))
        await until(lambda: intake.status.behind == 2)
        assert (intake.status.state, intake.status.position) == ("stopped", 1)


async def test_a_purge_that_was_not_possible_is_tried_again_soon(
    world: World, server: NatsServer, client: Client
) -> None:
    """Else health would tell of it for a minute, with all well again."""
    world.open(ADA, BOB)
    async with running(world, server.url, purge_seconds=0.05) as intake:
        await reached(intake, await publish(client, scheduled("a")))
        with patch("workflow.consumers.meetings.intake._PURGES_AGAIN", 0.05):
            with patch("workflow.consumers.meetings.known_stream.find_gap", side_effect=TimeoutError):
                await until(lambda: "cannot be purged" in (intake.status.trouble or ""))
                intake._purge_seconds = 3600
            await until(lambda: intake.status.trouble is None)


async def test_what_comes_after_intake_could_not_begin_is_counted(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        await reached(intake, await publish(client, scheduled("a")))
    intake = world.intake(server.url, purge_seconds=0.05)
    unseen = intake.status
    assert unseen.behind is None
    with (
        patch("workflow.consumers.meetings.known_stream.find_gap", side_effect=Stopped("gone")),
        pytest.raises(Stopped),
    ):
        await intake.start()
    assert (intake.status.position, intake.status.behind) == (1, 0)
    await publish(client, scheduled("b", uid="m2"))
    await until(lambda: intake.status.behind == 1)
    await intake.stop()


async def test_a_purge_that_fails_is_told_and_tried_again(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    purged = patch("workflow.consumers.meetings.known_stream.purge", side_effect=OSError("no"))
    async with running(world, server.url, purge_seconds=0.05) as intake:
        with purged:
            await until(lambda: "purged" in (intake.status.trouble or ""))
        last = await publish(client, scheduled("a"), scheduled("b", uid="m2"))
        await reached(intake, last)
        await until(lambda: intake.status.trouble is None)

        async def purged_before_the_last() -> bool:
            return bool((await client.jetstream().stream_info("MENTORING")).state.first_seq == last)

        await until(purged_before_the_last)


async def test_what_is_taken_in_while_the_purge_looks_does_not_stop_intake(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url, purge_seconds=0.05) as intake:
        await reached(intake, await publish(client, scheduled("a")))
        stale = await look(client.jetstream())
        last = await publish(client, scheduled("b", uid="m2"))
        await reached(intake, last)
        answers = [stale]

        async def slow(streams: JetStreamContext, partition: Partition) -> Upstream:
            return answers.pop() if answers else await look(streams, partition)

        with patch("workflow.consumers.meetings.known_stream.look", slow):
            await until(lambda: not answers)
            await until(lambda: intake.status.cause or intake.status.position == last)
        assert intake.status.cause is None


async def test_a_part_that_ends_is_told(world: World, server: NatsServer) -> None:
    class Fatal(BaseException):
        pass

    with patch.object(KnownStream, "_known_again", side_effect=[0, Fatal()]):
        async with running(world, server.url, purge_seconds=0.05) as intake:
            await until(lambda: intake.status.cause == "Fatal")
            assert intake.status.state == "stopped"


async def test_a_broker_that_is_lost_is_told_and_taken_up_again(
    world: World, server: NatsServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mentoring.broker")
    world.open(ADA, BOB)
    async with running(world, server.url, stalled_after=2.0) as intake:
        await reached(intake, await publish(client, scheduled("a")))
        await server.stop()
        await until(lambda: intake.status.trouble)
        assert intake.status.cause is None
        await server.start()
        await until(lambda: intake.status.trouble is None)
        await until(lambda: client.is_connected)
        await reached(intake, await publish(client, held("b")))
    told = [record.getMessage() for record in caplog.records if record.name == "mentoring.broker"]
    # On a busy machine the connection may be taken for a deaf one, and be made once more.
    assert told[:2] == ["the broker has gone away (intake); connecting again", "the broker is back (intake)"]


async def test_intake_stops_beside_a_broker_that_is_lost(world: World, server: NatsServer) -> None:
    async with running(world, server.url):
        await server.stop()
