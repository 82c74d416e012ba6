"""What is public goes out at least once and in order per relationship, whatever breaks in between."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from nats.aio.client import Client
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from tests.consumers import delivering as process
from tests.consumers.clocked import PAIRS, World, active, day, held
from tests.consumers.delivering import (
    LIMITS,
    caught_up,
    deduplicated,
    delivering,
    expected,
    live,
    received,
    trouble,
)
from tests.patience import PATIENCE, until
from workflow.consumers.delivery import messages
from workflow.consumers.delivery.delivery import Delivery, rest_after
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.server import NatsServer
from workflow.failpoints import VARIABLE
from workflow.store.recorded import Recorded
from workflow.store.transaction import Transaction
from workflow.web.health import STANDS_STILL

SUBJECTS = ["mentoring.events.*.*"]
STREAM = "MENTORING_EVENTS"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


# --- what goes out


async def test_each_public_event_goes_out_once_and_in_order(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    async with delivering(world, server.url, most=20, at_once=3) as delivery:
        await caught_up(delivery, world)
        for pair in PAIRS:  # and as it comes
            world.do(held(pair, 3))
        await caught_up(delivery, world)
        assert (delivery.status.state, delivery.status.trouble) == ("running", None)
    told = await received(client)
    assert deduplicated(told) == expected(world)
    assert len(told) == sum(map(len, expected(world).values())) > 50
    assert {one.subject for one in told if one.event["type"] == "mentoring.meeting_held.v1"} == {
        f"mentoring.events.{pair}.meeting_held" for pair in PAIRS
    }


async def test_each_reminder_goes_to_the_subject_of_its_audience(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    await world.driver.advance(day(150))
    async with delivering(world, server.url) as delivery:
        await caught_up(delivery, world)
    told = await received(client, "MENTORING_REMINDERS")
    assert deduplicated(told) == expected(world, "MENTORING_REMINDERS")
    assert {one.subject.rpartition(".")[2] for one in told} == {"mentor", "mentee", "coordinator", "party"}
    for one in told:
        data = one.event["data"]
        assert one.subject == f"mentoring.reminders.{data['audience']}"
        assert data["audience"] == "party" or data["guidance"]["text"]["en"]


async def test_while_intake_is_busy_it_stands_after_each_window_and_then_goes_on(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    stood: list[int] = []

    def busy() -> bool:
        stood.append(delivery.status.position)
        return len(stood) % 4 != 0

    async with delivering(world, server.url, busy=busy, share=1e-9, most=20, within=PATIENCE) as delivery:
        await caught_up(delivery, world)
    assert all(stood.count(position) == 4 for position in set(stood[:-4]))
    assert deduplicated(await received(client)) == expected(world)


def test_it_never_stands_for_so_long_that_health_takes_it_for_stuck() -> None:
    assert rest_after(0.1, 0.05) == pytest.approx(1.9)
    assert rest_after(60.0, 0.05) < STANDS_STILL / 2


# --- where it begins


async def test_it_begins_from_now_and_then_goes_on_from_where_it_was(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    before = world.store.head()
    async with delivering(world, server.url, from_beginning=False) as delivery:
        world.do(held(PAIRS[0], 3))
        await caught_up(delivery, world)
    world.do(held(PAIRS[1], 3))  # while nobody delivers
    async with delivering(world, server.url, from_beginning=False) as delivery:
        await caught_up(delivery, world)
    assert deduplicated(await received(client)) == expected(world, after=before)


async def test_where_an_older_backup_says_that_less_was_delivered_it_goes_back_to_that(
    world: World, server: NatsServer
) -> None:
    live(world)
    read, asked = world.store.read, list[int]()

    def noted(after: int, limit: int) -> list[Recorded]:
        asked.append(after)
        return read(after, limit)

    world.store.read = noted  # type: ignore[method-assign]
    async with delivering(world, server.url) as delivery:
        await caught_up(delivery, world)
        before = world.store.head() // 2

        def put_back(tx: Transaction) -> None:
            tx.ledger._cursor.execute("UPDATE reactors SET position = ?", (before,))
            held(PAIRS[0], 3)(tx)

        assert before not in asked
        world.do(put_back)
        await until(lambda: before in asked)
        await caught_up(delivery, world)


def told_as(fact: Recorded, id: UUID) -> Recorded:
    metadata = fact.metadata.model_copy(update={"event_id": id})
    return Recorded(fact.position, fact.stream, fact.version, fact.event, metadata)


async def test_what_another_log_told_is_not_passed_over_in_this_one(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    read, others = world.store.read, iter([True])

    def of_another(after: int, limit: int) -> list[Recorded]:
        facts = read(after, limit)
        if next(others, False):
            return [told_as(fact, uuid4()) for fact in facts]
        return facts

    world.store.read = of_another  # type: ignore[method-assign]
    async with delivering(world, server.url, most=20) as delivery:
        await caught_up(delivery, world)
    told = {one.id for one in await received(client)}
    assert told > {id for ids in expected(world).values() for id in ids}


async def test_what_the_setting_says_matters_at_first_start_alone(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    for from_beginning in (False, True):
        async with delivering(world, server.url, from_beginning=from_beginning) as delivery:
            await caught_up(delivery, world)
    assert await received(client) == []


# --- what breaks


async def test_killed_before_and_after_a_position_is_kept_nothing_is_lost_or_out_of_order(
    tmp_path: Path, server: NatsServer, client: Client
) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    for failpoint in ("delivery.before:2", "commit.after:2", "delivery.after:1"):
        assert await run(folder, server.url, failpoint) == -signal.SIGKILL
    assert await run(folder, server.url) == 0
    world = World(folder)
    for stream in (STREAM, "MENTORING_REMINDERS"):
        assert deduplicated(await received(client, stream)) == expected(world, stream) != {}
    world.close()


async def run(folder: Path, url: str, failpoint: str = "") -> int:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", process.__name__, str(folder), url, env={**os.environ, VARIABLE: failpoint}
    )
    return await asyncio.wait_for(child.wait(), PATIENCE)


async def test_a_broker_that_is_killed_and_comes_back_is_given_all(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    async with delivering(world, server.url, most=20) as delivery:
        await caught_up(delivery, world)
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        for pair in PAIRS:
            world.do(held(pair, 3))
        await caught_up(delivery, world)
    assert deduplicated(await received(client)) == expected(world)


async def test_a_broker_that_comes_later_than_we_do_is_given_all(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    await server.stop()
    async with delivering(world, server.url) as delivery:
        await trouble(delivery, "no answer yet from the broker")
        assert delivery.status.state == "off"
        await server.start()
        await caught_up(delivery, world)
    assert deduplicated(await received(client)) == expected(world)


async def test_a_stream_that_is_deleted_is_made_anew_for_what_comes(
    world: World, server: NatsServer, client: Client
) -> None:
    live(world)
    async with delivering(world, server.url) as delivery:
        await caught_up(delivery, world)
        before = world.store.head()
        await client.jetstream().delete_stream(STREAM)
        world.do(held(PAIRS[0], 3))
        await caught_up(delivery, world)
    assert deduplicated(await received(client)) == expected(world, after=before)


async def test_a_full_stream_is_waited_for_and_nothing_is_lost(
    world: World, server: NatsServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mentoring.work")
    config = StreamConfig(
        name=STREAM, subjects=SUBJECTS, storage=StorageType.FILE, discard=DiscardPolicy.NEW, max_msgs=10
    )
    await client.jetstream().add_stream(config)
    live(world)
    async with delivering(world, server.url, at_once=3) as delivery:
        await trouble(delivery, "the stream MENTORING_EVENTS is full")
        config.max_msgs = -1
        await client.jetstream().update_stream(config)
        await caught_up(delivery, world)
        assert delivery.status.trouble is None
    assert [one.getMessage() for one in caplog.records if one.name == "mentoring.work"] == [
        "delivery goes on"
    ]
    assert deduplicated(await received(client)) == expected(world)


@pytest.mark.parametrize(
    ("differs", "words"),
    [
        ({"storage": StorageType.MEMORY}, "in memory"),
        ({"retention": RetentionPolicy.WORK_QUEUE}, "gone once"),
        ({"max_msgs_per_subject": 1}, "last messages of a subject"),
        ({"no_ack": True}, "acknowledges nothing"),
        ({"max_msg_size": 100}, "message size exceeds maximum"),
        ({"subjects": ["mentoring.events.mine.*"]}, "does not take mentoring.events"),
    ],
)
async def test_a_stream_that_could_lose_what_it_is_given_is_given_nothing_until_it_is_mended(
    world: World, server: NatsServer, client: Client, differs: dict[str, object], words: str
) -> None:
    wanted: dict[str, object] = {"name": STREAM, "subjects": SUBJECTS, "storage": StorageType.FILE}
    await client.jetstream().add_stream(StreamConfig(**{**wanted, **differs}))  # type: ignore[arg-type]
    world.do(active(PAIRS[0]))
    async with delivering(world, server.url) as delivery:
        await trouble(delivery, words)
        assert await received(client) == []
        await client.jetstream().delete_stream(STREAM)
        await caught_up(delivery, world)
    assert deduplicated(await received(client)) == expected(world)


async def test_a_stream_that_differs_otherwise_stays_as_it_is(
    world: World, server: NatsServer, client: Client
) -> None:
    config = StreamConfig(
        name=STREAM, subjects=["mentoring.events.>"], storage=StorageType.FILE, max_age=3600, max_bytes=10**6
    )
    await client.jetstream().add_stream(config)
    world.do(active(PAIRS[0]))
    async with delivering(world, server.url) as delivery:
        await caught_up(delivery, world)
    kept = (await client.jetstream().stream_info(STREAM)).config
    assert (kept.max_age, kept.max_bytes, kept.subjects) == (3600, 10**6, ["mentoring.events.>"])
    made = (await client.jetstream().stream_info("MENTORING_REMINDERS")).config
    assert (made.storage, made.discard) == (StorageType.FILE, DiscardPolicy.OLD)
    assert (made.max_age, made.max_bytes) == (30 * 86_400, 16 * 1024**2)


async def test_a_fact_that_cannot_be_told_stops_it_there_with_all_before_it_delivered(
    world: World, server: NatsServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(world)
    untellable = world.store.head() - 3
    tell = messages._message

    def failing(recorded: Recorded) -> messages.Message:
        if recorded.position == untellable:
            raise LookupError("what it says")
        return tell(recorded)

    monkeypatch.setattr(messages, "_message", failing)
    async with delivering(world, server.url, most=20) as delivery:
        await until(lambda: delivery.status.state == "stopped")
        cause = delivery.status.cause
        assert cause is not None
        assert f"event {untellable} of the log cannot be told" in cause
        assert "what it says" not in cause
        assert delivery.status.position == untellable - 1
    told = {one.id for one in await received(client)}
    assert told == {
        message.id
        for fact in world.store.read(0, untellable - 1)
        if (message := messages.message_of(fact)) is not None
    }


async def test_cancelled_it_has_ended_only_when_it_reads_no_longer() -> None:
    """The log that it reads is closed as soon as it has ended."""
    begun, go_on, read = threading.Event(), threading.Event(), threading.Event()

    def reading(*_: int) -> list[Recorded]:
        begun.set()
        go_on.wait()
        read.set()
        return []

    nobody: Any = None
    delivery = Delivery(make_broker("nats://127.0.0.1:9"), reading, nobody, LIMITS)
    window = asyncio.create_task(delivery._go_on())
    await asyncio.to_thread(begun.wait)
    window.cancel()
    try:
        await asyncio.sleep(0)
        assert not window.done()
    finally:
        go_on.set()
    await asyncio.wait({window})
    assert window.cancelled()
    assert read.is_set()
