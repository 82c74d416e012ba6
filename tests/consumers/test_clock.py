"""The clock: what is due is asked in order, once, whatever is due in between and whatever crashes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.consumers.clocked import PAIRS, START, Movable, World, active, day, held
from tests.patience import PATIENCE, until
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.decide import Decision
from workflow.consumers import unaskable
from workflow.errors import Conflict, Stopped
from workflow.projections.agenda import Due
from workflow.projections.running.readers import NotYetFolded
from workflow.store.transaction import Transaction


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def story(world: World, pair: UUID) -> list[tuple[str, datetime]]:
    return [
        (type(fact.event).__name__, fact.event.occurred_at)
        for fact in world.store.stream(pair)
        if fact.event.provenance is e.Provenance.INFERRED
    ]


def to_book(world: World, pair: UUID) -> list[tuple[str, datetime]]:
    """What was decided of reminders to book the next meeting, and when."""
    return [
        (type(fact.event).__name__, fact.event.occurred_at)
        for fact in world.store.stream(pair)
        if isinstance(fact.event, (e.ReminderIssued, e.ReminderSuppressed))
        and fact.event.kind is e.ReminderKind.BOOK_NEXT_MEETING
    ]


async def test_silence_is_suspected_and_then_stagnation_entered_each_at_its_due(world: World) -> None:
    world.do(active(PAIRS[0]))
    passed = await world.driver.advance(day(100))
    assert passed.now == world.clock.now() == day(100)
    found = story(world, PAIRS[0])
    assert ("StagnationSuspected", day(45)) in found
    assert ("StagnationEntered", day(60)) in found
    assert passed.asked >= 2


async def test_every_due_is_recorded_at_the_instant_that_it_was_asked(world: World) -> None:
    for pair in PAIRS:
        world.do(active(pair))
    await world.driver.advance(day(100))
    facts = [fact for fact in world.facts() if fact.event.provenance is e.Provenance.INFERRED]
    assert facts
    assert all(fact.metadata.recorded_at == fact.event.occurred_at for fact in facts)
    recorded = [fact.metadata.recorded_at for fact in world.facts()]
    assert recorded == sorted(recorded)


@pytest.mark.parametrize("page", [1, 2, 3, 500])
async def test_dues_are_asked_in_order_of_due_and_relationship_however_they_are_paged(
    tmp_path: Path, page: int
) -> None:
    world = World(tmp_path, page=page)
    try:
        for number, pair in enumerate(PAIRS):
            world.do(active(pair, day(number % 3 - 3)))
            world.do(held(pair, number % 2 - 2))
        start = len(world.facts())
        await world.driver.advance(day(200))
        asked = [(fact.event.occurred_at, fact.stream) for fact in world.facts()[start:]]
        assert len(asked) > 2 * len(PAIRS)
        assert asked == sorted(asked)
        assert world.due(day(200), 10) == []
    finally:
        world.close()


async def test_one_jump_and_many_steps_come_to_the_same(tmp_path: Path) -> None:
    logs = []
    for name, days in (("jump", [120.0]), ("steps", [1.0 * number for number in range(121)])):
        folder = tmp_path / name
        folder.mkdir()
        world = World(folder)
        for pair in PAIRS:
            world.do(active(pair))
            world.do(held(pair, 0))
        for number in days:
            await world.driver.advance(day(number))
        logs.append([(fact.stream, fact.version, fact.event) for fact in world.facts()])
        world.close()
    assert logs[0] == logs[1]


async def test_a_reminder_to_book_is_issued_once(world: World) -> None:
    world.do(active(PAIRS[0]))
    world.do(held(PAIRS[0], 0))
    await world.driver.advance(day(30))
    await world.driver.advance(day(30))
    assert len(to_book(world, PAIRS[0])) == 1


async def test_a_fact_known_late_is_asked_about_when_the_clock_stays(world: World) -> None:
    world.do(active(PAIRS[0], day(-50)))
    await world.driver.advance(START)
    assert any(event == "StagnationSuspected" for event, _ in story(world, PAIRS[0]))
    assert all(at >= START for _, at in story(world, PAIRS[0]))


async def test_the_clock_never_goes_back_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.driver.advance(day(10))
    with pytest.raises(Conflict, match="never goes back"):
        await world.driver.advance(day(9))
    world.close()
    world = World(tmp_path)
    assert world.clock.now() == day(10)
    world.close()


async def test_a_jump_that_was_interrupted_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, page=2)
    for pair in PAIRS:
        world.do(active(pair))
    reached = world.driver._folded
    left = [3]

    async def crash(position: int) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("the machine is gone")
        return await reached(position)

    monkeypatch.setattr(world.driver, "_folded", crash)
    with pytest.raises(RuntimeError):
        await world.driver.advance(day(200))
    before = len(world.facts())
    world.close()

    world = World(tmp_path, page=2)
    assert START < world.clock.now() < day(200)
    await world.driver.advance(day(200))
    assert len(world.facts()) > before
    for pair in PAIRS:
        assert [event for event, _ in story(world, pair)].count("StagnationEntered") == 1
    world.close()


async def test_commands_are_answered_while_the_clock_moves(world: World) -> None:
    for pair in PAIRS[1:]:
        world.do(active(pair))
    moving = asyncio.create_task(world.driver.advance(day(400)))
    written = await asyncio.wrap_future(world.writer.submit(active(PAIRS[0]), urgent=True))
    assert written.position > 0
    await moving
    await world.driver.advance(day(400))
    assert world.due(day(400), 10) == []


def unmoved(monkeypatch: pytest.MonkeyPatch, *pairs: UUID) -> None:
    """Let these relationships answer nothing to what they are asked."""
    decide = Transaction.decide

    def deaf(tx: Transaction, id: UUID, command: c.Command, *args: Any, **more: Any) -> Decision:
        state = tx.relationship(id)
        if id in pairs and state is not None and isinstance(command, c.PassTime):
            return Decision((), state)
        return decide(tx, id, command, *args, **more)

    monkeypatch.setattr(Transaction, "decide", deaf)


@pytest.mark.parametrize("page", [1, 3, 500])
async def test_whoever_cannot_be_asked_keeps_nobody_else_from_being_asked(
    tmp_path: Path, page: int, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, page=page)
    for pair in PAIRS:
        world.do(active(pair))
    with pytest.MonkeyPatch.context() as patched:
        unmoved(patched, PAIRS[0], PAIRS[3])
        for _ in range(2):
            passed = await world.driver.advance(day(100))
            assert passed.now == world.clock.now() == day(100)
            for pair in PAIRS:
                entered = ("StagnationEntered", day(60)) in story(world, pair)
                assert entered == (pair not in (PAIRS[0], PAIRS[3]))
            assert world.driver.trouble is not None
            assert world.driver.trouble.startswith("2 relationships that the log names: Stopped: ")
            assert "stays due" in world.driver.trouble
        assert len(caplog.records) == 2, "each is logged once"
        assert f"relationship {PAIRS[0]} cannot be asked: Stopped at workflow/" in caplog.text
        assert "stays due" not in caplog.text
    await world.driver.advance(day(101))
    assert world.driver.trouble is None
    assert any(event == "StagnationEntered" for event, _ in story(world, PAIRS[0]))
    world.close()


@pytest.mark.parametrize("page", [1, 3, 500])
async def test_however_many_cannot_be_asked_the_last_is_and_of_the_others_some_are_tried_again(
    tmp_path: Path, page: int, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(tmp_path, page=page)
    for pair in PAIRS:
        world.do(active(pair))
    *faulty, last = PAIRS

    def entered(pair: UUID) -> bool:
        return any(event == "StagnationEntered" for event, _ in story(world, pair))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(unaskable, "TRIED_AGAIN", 2)
        unmoved(patched, *faulty)
        for _ in range(3):
            await world.driver.advance(day(100))
            assert [pair for pair in PAIRS if entered(pair)] == [last]
            assert world.driver.trouble is not None
            assert world.driver.trouble.startswith("6 relationships that the log names: Stopped: ")
        assert len(caplog.records) == len(faulty), "each is logged once"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(unaskable, "TRIED_AGAIN", 2)
        for mended in (2, 4, 6):
            await world.driver.advance(day(100))
            assert sum(map(entered, faulty)) == mended
    assert world.driver.trouble is None
    world.close()


async def test_an_agenda_that_nobody_knows_of_stops_the_clock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = Due(UUID(int=99), e.DueKind.SILENCE, day(1), day(1))
    agenda_of = world.driver._agenda

    def due(until: datetime, limit: int, without: Collection[UUID]) -> Sequence[Any]:
        return [orphan, *agenda_of(until, limit, without)][:limit]

    world.do(active(PAIRS[0]))
    monkeypatch.setattr(world.driver, "_agenda", due)
    with pytest.raises(Stopped, match="rebuild") as stopped:
        await world.driver.advance(day(100))
    assert stopped.value.code == "agenda_differs"
    assert ("StagnationEntered", day(60)) in story(world, PAIRS[0])


async def test_the_clock_asks_nothing_of_an_agenda_of_another_log(tmp_path: Path) -> None:
    """The log is restored from a backup, and the views are not."""
    world = World(tmp_path)
    world.do(active(PAIRS[0]))
    world.close()
    backup = (tmp_path / "events.db").read_bytes()
    world = World(tmp_path)
    world.do(active(PAIRS[1]))
    await world.folded(world.writer.head)
    world.close()
    (tmp_path / "events.db").write_bytes(backup)
    world = World(tmp_path)
    with pytest.raises(NotYetFolded, match="paused"):
        await world.driver.advance(day(100))
    world.runner.rebuild().result(PATIENCE)
    await world.driver.advance(day(100))
    assert ("StagnationEntered", day(60)) in story(world, PAIRS[0])
    assert story(world, PAIRS[1]) == []
    world.close()


async def test_the_real_clock_is_followed_and_not_moved(tmp_path: Path) -> None:
    clock = Movable()
    world = World(tmp_path, clock=clock)
    world.do(active(PAIRS[0]))
    world.do(held(PAIRS[0], 0))
    with pytest.raises(Conflict, match="by itself"):
        await world.driver.advance(day(1))
    clock.instant = day(20)
    following = asyncio.create_task(world.driver.run())
    try:
        await until(lambda: to_book(world, PAIRS[0]))
    finally:
        following.cancel()
    # The service was away when the reminder fell due, five days ago: too late to be of use.
    assert to_book(world, PAIRS[0]) == [("ReminderSuppressed", day(15) + timedelta(hours=1))]
    assert world.driver.trouble is None
    world.close()


async def test_trouble_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, clock=Movable())
    failures = [OSError("no disk")]

    def due(until: datetime, limit: int, without: Collection[UUID]) -> Sequence[Due]:
        if failures:
            raise failures[0]
        return world.due(until, limit, without)

    monkeypatch.setattr(world.driver, "_agenda", due)
    following = asyncio.create_task(world.driver.run())
    await until(lambda: "no disk" in str(world.driver.trouble))
    failures.clear()
    await until(lambda: world.driver.trouble is None)
    following.cancel()
    world.close()
