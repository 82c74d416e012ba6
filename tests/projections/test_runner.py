"""The runner: what it does when a fold raises, how readers wait, how a rebuild swaps."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg_pool import PoolTimeout
from sqlalchemy import Column, Integer, MetaData, select

from tests.patience import PATIENCE
from tests.projections.facts import OTHER, PAIR, Log, concluded, day, fold, onboarded, opened, raised
from tests.projections.journeys import states, with_bug
from tests.projections.stored import Stored
from tests.view_places import Fresh, change
from workflow.aggregates.events import ConcernCode, DueKind
from workflow.errors import Conflict, NotFound
from workflow.projections import relationships
from workflow.projections.agenda import AGENDA
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.journey import JOURNEY
from workflow.projections.projection import Document
from workflow.projections.rows.generations import RunState
from workflow.projections.rows.storage import Kept
from workflow.projections.running.readers import BeyondTheLog, NotYetFolded
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import verify
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import FileStorage
from workflow.projections.tables import Row
from workflow.store.recorded import Recorded


@pytest.fixture
def log() -> Log:
    log = Log().add(opened(dues={DueKind.SILENCE: day(45)}), onboarded(1))
    log.add(opened(), stream=OTHER).add(concluded(2), raised(ConcernCode.SILENCE, 47))
    return log


@pytest.fixture(params=[1, 2, 1_000], ids=lambda events: f"{events} at once")
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few events are read at once, those of a page are written together."""
    monkeypatch.setattr("workflow.projections.running.pages.AT_ONCE", request.param)


@pytest.mark.usefixtures("at_once")
def test_a_fold_that_raises_stops_its_projection_and_no_other(
    kept: Kept, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    runner = with_bug(kept, log)
    runner.catch_up()
    by_name = {status.name: status for status in runner.status()}
    assert by_name["relationships"].lag == 0
    journey = by_name["journey"]
    assert (journey.state, journey.failed_at, journey.position, journey.lag) == (RunState.PAUSED, 4, 3, 2)
    assert journey.cause is not None
    assert "KeyError" in journey.cause
    assert "mentoring.agreement_concluded.v1" in journey.cause
    assert "projection paused: journey on mentoring.agreement_concluded.v1 of " in caplog.text
    assert "(FoldFailed at workflow/projections/" in caplog.text
    assert "Traceback" not in caplog.text
    runner.views.close()


@pytest.mark.usefixtures("at_once")
def test_everything_before_the_event_is_folded_and_nothing_of_it(kept: Kept, log: Log) -> None:
    runner = with_bug(kept, log)
    runner.catch_up()
    runner.views.close()
    assert states(kept) == [
        (str(PAIR), "onboarding"),
        (str(PAIR), "agreement"),
        (str(OTHER), "onboarding"),
    ]


def test_a_paused_projection_stays_so_over_a_restart_until_it_is_rebuilt(kept: Kept, log: Log) -> None:
    runner = with_bug(kept, log)
    runner.catch_up()
    runner.views.close()

    mended = fold(log, kept)
    runner = Runner(mended, log.read, log.head)
    assert {status.name: status.state for status in runner.status()}["journey"] is RunState.PAUSED
    asked = runner.rebuild(["journey"])
    runner.catch_up()
    (rebuilt,) = asked.result(timeout=0)
    assert (rebuilt.name, rebuilt.generation, rebuilt.position, rebuilt.differences) == (
        "journey",
        2,
        5,
        None,
    )
    assert all(status.state is RunState.RUNNING and status.lag == 0 for status in runner.status())
    assert states(kept)[-2:] == [(str(PAIR), "active"), (str(OTHER), "onboarding")]
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    mended.close()


@pytest.mark.usefixtures("at_once")
def test_a_rebuild_that_raises_leaves_what_serves(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    before = states(kept)
    runner = with_bug(kept, log)
    asked = runner.rebuild(["journey"])
    runner.catch_up()
    assert [(one.name, one.failure is not None) for one in asked.result(timeout=0)] == [("journey", True)]
    assert runner.views.shadows == []
    assert states(kept) == before
    runner.views.close()


def test_a_row_that_cannot_be_kept_stops_its_projection_and_no_other(kept: Kept, log: Log) -> None:

    def keep(row: Row) -> Row:
        raise KeyError("a bug")

    broken = [replace(one, keep=keep) if one is JOURNEY else one for one in PROJECTIONS]
    runner = Runner(Views(kept, broken, durable=False), log.read, log.head)
    runner.catch_up()
    by_name = {status.name: status for status in runner.status()}
    assert by_name["agenda"].lag == 0
    journey = by_name["journey"]
    assert (journey.state, journey.failed_at, journey.position) == (RunState.PAUSED, None, 0)
    assert journey.cause is not None
    assert "KeyError" in journey.cause
    asked = runner.rebuild()
    runner.catch_up()
    rebuilt = {one.name: one for one in asked.result(timeout=0)}
    assert rebuilt["journey"].failure is not None
    assert {one.differences for name, one in rebuilt.items() if name != "journey"} == {0}
    assert runner.views.shadows == []
    runner.views.close()


def test_a_row_that_cannot_be_written_stops_its_projection_and_no_other(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    before = states(kept)

    def keep(row: Row) -> Row:
        return row if row["number"] == 1 else {**row, "number": 2**63}

    log.add(concluded(3), stream=OTHER)
    broken = [replace(one, keep=keep) if one is JOURNEY else one for one in PROJECTIONS]
    runner = Runner(Views(kept, broken, durable=False), log.read, log.head)
    runner.catch_up()
    by_name = {status.name: status for status in runner.status()}
    assert {status.lag for name, status in by_name.items() if name != "journey"} == {0}
    journey = by_name["journey"]
    assert (journey.state, journey.failed_at, journey.position) == (RunState.PAUSED, None, 5)
    assert journey.cause is not None
    assert "too large" in journey.cause or "out of range" in journey.cause
    assert states(kept) == before
    runner.views.close()


def test_a_disk_that_is_full_pauses_nothing(tmp_path: Path, log: Log) -> None:
    runner = Runner(Views(tmp_path / "views.db", PROJECTIONS, durable=False), log.read, log.head)
    assert isinstance(runner.views._storage, FileStorage)
    runner.views._storage._connection.execute("PRAGMA max_page_count = 1")  # as if the disk were full
    for number in range(200):
        log.add(opened(), stream=UUID(int=number))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        runner.catch_up()
    assert {status.state for status in runner.status()} == {RunState.RUNNING}
    runner.views.close()


def test_a_killed_rebuild_goes_on_from_the_last_rows_that_it_wrote(
    kept: Kept, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.projections.running.gathering.GATHERED", 2)
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head, page=1)
    runner.rebuild()
    for _ in range(3):
        runner.step()
    assert {status.rebuilding for status in runner.status()} == {3}
    views.close()

    views = Views(kept, PROJECTIONS, durable=False)
    assert [generation.position for generation in views.shadows] == [2] * len(PROJECTIONS)
    runner = Runner(views, log.read, log.head, page=1)
    asked = runner.rebuild()
    runner.catch_up()
    assert [one.differences for one in asked.result(timeout=0)] == [0] * len(PROJECTIONS)
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    views.close()


def test_a_rebuild_holds_the_rows_of_so_many_relationships_only(
    kept: Kept, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head, page=1)
    runner.rebuild()
    for _ in range(2):
        runner.step()
    assert {generation.position for generation in views.shadows} == {0}
    monkeypatch.setattr("workflow.projections.running.gathering.TOUCHED", 1)
    runner.step()
    assert {generation.position for generation in views.shadows} == {3}
    views.close()


def test_a_rebuild_ends_although_new_events_never_cease(kept: Kept, log: Log) -> None:
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head)
    asked = runner.rebuild()
    for hour in range(3):
        log.add(onboarded(3 + hour), stream=OTHER)
        runner.step()
        if asked.done():
            break
    assert [one.differences for one in asked.result(timeout=0)] == [0] * len(PROJECTIONS)
    views.close()


def test_an_interrupted_rebuild_goes_on_while_the_live_rows_serve(kept: Kept, log: Log) -> None:
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head, page=1)
    runner.rebuild()
    runner.step()
    runner.step()
    assert {status.rebuilding for status in runner.status()} == {2}
    assert len(states(kept)) == 4
    runner.stop()
    views.close()

    views = Views(kept, PROJECTIONS, durable=False)
    assert [generation.position for generation in views.shadows] == [2] * len(PROJECTIONS)
    log.add(onboarded(3), stream=OTHER)
    runner = Runner(views, log.read, log.head, page=1)
    asked = runner.rebuild()
    log.read_after.clear()
    runner.step()
    assert log.read_after == [5, 2], "what was folded before the interruption is not folded again"
    runner.catch_up()
    assert [one.differences for one in asked.result(timeout=0)] == [0] * len(PROJECTIONS)
    assert {(status.generation, status.position) for status in runner.status()} == {(2, 6)}
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    views.close()


def test_rows_of_an_older_shape_are_not_served_as_if_they_were_right(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    change(kept, "UPDATE projections SET shape = 'older' WHERE name = 'agenda'")
    views = Views(kept, PROJECTIONS, durable=False)
    (agenda,) = [generation for generation in views.generations if generation.name == "agenda"]
    assert agenda.state is RunState.PAUSED
    assert agenda.cause is not None
    assert "rebuild" in agenda.cause
    views.close()


def test_a_projection_with_another_column_is_rebuilt_and_proved(kept: Kept, log: Log) -> None:
    """What an upgrade does: the rows that serve have fewer columns than those that are folded now."""
    fold(log, kept).close()
    table = AGENDA.table.to_metadata(MetaData())
    table.append_column(Column("weekday", Integer))

    def wider(entries: Document, recorded: Recorded) -> None:
        AGENDA.fold(entries, recorded)
        for entry in entries:
            entry.setdefault("weekday", 1)

    upgraded = [*PROJECTIONS[:2], replace(AGENDA, table=table, fold=wider)]
    views = Views(kept, upgraded, durable=False)
    runner = Runner(views, log.read, log.head)
    log.add(onboarded(3), stream=OTHER)
    reader = runner.reaching(6, ["journey"])
    runner.catch_up()
    assert reader.result(timeout=0) == 6
    with pytest.raises(Conflict, match="rebuild agenda"):
        verify(kept, upgraded, Stored(log))
    asked = runner.rebuild(["agenda"])
    runner.catch_up()
    (rebuilt,) = asked.result(timeout=0)
    assert (rebuilt.generation, rebuilt.differences, rebuilt.failure) == (2, None, None)
    assert {status.state for status in runner.status()} == {RunState.RUNNING}
    assert verify(kept, upgraded, Stored(log)).equal
    with views.reading() as connection:
        assert connection.execute(select(table.c.weekday)).scalars().all() == [1]
    asked = runner.rebuild(["agenda"])
    runner.catch_up()
    assert [one.differences for one in asked.result(timeout=0)] == [0]
    views.close()


def test_readers_are_answered_although_the_page_failed(kept: Kept, log: Log) -> None:
    views = fold(log, kept)

    def read(after: int, limit: int) -> Any:
        raise OSError("the disk is gone")

    runner = Runner(views, read, log.head)
    reader = runner.reaching(5, ["journey"])
    with pytest.raises(OSError, match="disk"):
        runner.step()
    assert reader.result(timeout=0) == 5
    views.close()


def test_rows_of_events_that_the_log_lost_are_not_served_as_if_they_were_right(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    log.facts = log.facts[:3]
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head)
    runner.step()
    assert {status.state for status in runner.status()} == {RunState.PAUSED}
    asked = runner.rebuild()
    runner.catch_up()
    assert {one.position for one in asked.result(timeout=0)} == {3}
    assert {status.state for status in runner.status()} == {RunState.RUNNING}
    assert len(states(kept)) == 3
    views.close()


async def test_rows_beyond_the_end_of_the_log_are_not_answered_as_if_they_were_reached(
    kept: Kept, log: Log
) -> None:
    fold(log, kept).close()
    log.facts = log.facts[:3]
    views = Views(kept, PROJECTIONS, durable=False)
    runner = Runner(views, log.read, log.head)
    early = runner.reaching(2, ["agenda"])
    assert not early.done(), "nobody has looked at the log yet"
    runner.step()
    for reader in (early, runner.reaching(2, ["agenda"])):
        with pytest.raises(NotYetFolded, match="paused"):
            reader.result(timeout=0)
    views.close()


def test_verification_shows_which_rows_differ(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    change(kept, f"UPDATE relationships_1 SET state = 'closure' WHERE id = '{OTHER}'", "DELETE FROM agenda_1")
    verified = verify(kept, PROJECTIONS, Stored(log))
    assert not verified.equal
    assert verified.hash != verified.folded_hash
    assert {name: count for name, count in verified.differing.items() if count} == {
        "relationships": 1,
        "agenda": 1,
    }
    row, due = verified.differences
    assert row.live is not None
    assert row.folded is not None
    assert (row.key, row.live["state"], row.folded["state"]) == ((str(OTHER),), "closure", "onboarding")
    assert (due.key, due.live, due.folded is None) == ((str(PAIR), "silence"), None, False)


def test_verification_folds_to_where_the_live_rows_stand(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    log.add(onboarded(3), stream=OTHER)
    verified = verify(kept, PROJECTIONS, Stored(log))
    assert verified.equal
    assert set(verified.positions.values()) == {5}


def test_the_hash_tells_neither_ids_nor_evidence_nor_recorded_times(fresh: Fresh) -> None:
    def hash_of(log: Log) -> str:
        kept = fresh()
        fold(log, kept).close()
        return verify(kept, PROJECTIONS, Stored(log)).hash

    silence = ConcernCode.SILENCE
    one = Log().add(opened(dues={DueKind.SILENCE: day(45)})).add(raised(silence, 46, evidence=(1,)))
    other = Log().add(opened(dues={DueKind.SILENCE: day(45)}), stream=OTHER, recorded=day(9))
    other.add(raised(silence, 46, evidence=(1, 2)), stream=OTHER, recorded=day(60))
    later = Log().add(opened(dues={DueKind.SILENCE: day(45)})).add(raised(silence, 47, evidence=(1,)))
    assert hash_of(one) == hash_of(other)
    assert hash_of(one) != hash_of(later)


def test_all_that_a_reader_reads_is_of_one_moment(kept: Kept, log: Log) -> None:
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head)
    with views.reading() as connection:
        before = relationships.count_by_state(connection)
        log.add(onboarded(3), stream=OTHER)
        runner.catch_up()
        assert relationships.count_by_state(connection) == before
    with views.reading() as connection:
        assert relationships.count_by_state(connection) != before
    views.close()


async def test_a_reader_waits_for_what_it_wrote(kept: Kept, log: Log) -> None:
    views = Views(kept, PROJECTIONS, durable=False)
    runner = Runner(views, log.read, log.head)
    runner.start()
    try:
        assert await runner.reached(5, ["relationships"]) >= 5
        log.add(onboarded(3), stream=OTHER)
        runner.wake()
        assert await runner.reached(6) == 6
        with views.reading() as connection:
            row = relationships.one(connection, OTHER)
        assert row is not None
        assert row["state"] == "agreement"
    finally:
        runner.stop()
        views.close()


async def test_a_reader_is_told_how_far_it_got(kept: Kept, log: Log) -> None:
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head)
    log.add(onboarded(3), stream=OTHER)
    with pytest.raises(NotYetFolded) as told:
        await runner.reached(6, timeout_seconds=0.05)
    assert told.value.reached == 5
    with pytest.raises(BeyondTheLog) as beyond:
        await runner.reached(7)
    assert beyond.value.head == 6
    with pytest.raises(NotFound):
        await runner.reached(1, ["nothing"])
    views.close()


async def test_nobody_waits_for_a_paused_projection(kept: Kept, log: Log) -> None:
    runner = with_bug(kept, log)
    waiting = runner.reaching(5)
    runner.catch_up()
    with pytest.raises(NotYetFolded, match="paused"):
        waiting.result(timeout=0)
    with pytest.raises(NotYetFolded, match="journey"):
        await runner.reached(5, ["journey"])
    assert await runner.reached(5, ["agenda"]) == 5
    runner.views.close()


def test_a_rebuild_may_be_asked_for_while_the_runner_runs(kept: Kept, log: Log) -> None:
    views = Views(kept, PROJECTIONS, durable=False)
    runner = Runner(views, log.read, log.head)
    runner.start()
    assert runner.reaching(5).result(timeout=PATIENCE) == 5
    rebuilt = runner.rebuild(["agenda", "journey"]).result(timeout=PATIENCE)
    assert sorted((one.name, one.differences) for one in rebuilt) == [("agenda", 0), ("journey", 0)]
    again = {status.name for status in runner.status() if status.generation == 2}
    assert again == {"agenda", "journey"}
    runner.stop()
    views.close()


def test_a_log_that_cannot_be_read_is_told_and_tried_again(kept: Kept, log: Log) -> None:
    views = Views(kept, PROJECTIONS, durable=False)
    failures = [OSError("the disk is gone")]

    def read(after: int, limit: int) -> Any:
        if failures:
            raise failures.pop()
        return log.read(after, limit)

    runner = Runner(views, read, log.head, poll_seconds=0.01)
    runner.start()
    assert runner.reaching(5).result(timeout=PATIENCE) == 5
    runner.stop()
    views.close()


def test_that_postgresql_is_away_is_said_once_and_so_is_that_it_is_back(
    kept: Kept, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    failure: list[Exception] = []
    looks = 0

    def head() -> int:
        nonlocal looks
        looks += 1
        if failure:
            raise failure[0]
        return log.head()

    def read(after: int, limit: int) -> Sequence[Recorded]:
        head()
        return log.read(after, limit)

    def until(so: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not so():
            assert time.monotonic() < end
            time.sleep(0.01)

    def looked(since: int) -> Callable[[], bool]:
        return lambda: looks > since + 3

    runner = Runner(Views(kept, PROJECTIONS, durable=False), read, head, poll_seconds=0.01)
    runner.start()
    try:
        for error in (
            psycopg.OperationalError("the password is"),
            PoolTimeout(),
            psycopg.errors.AdminShutdown(),
        ):
            failure[:] = [error]
            until(looked(looks))
        failure.clear()
        until(lambda: runner.trouble is None)
        failure[:] = [psycopg.errors.DiskFull("a disk")]
        until(looked(looks))
        failure.clear()
        until(lambda: runner.trouble is None)
    finally:
        runner.stop()
    away, back, *full, on = caplog.messages
    assert "PostgreSQL does not answer" in away
    assert "nothing is lost" in away
    assert "password" not in away
    assert back == "PostgreSQL answers again, and projections go on"
    assert len(full) > 1, "it is at work, and says each time what it fails of"
    assert all("cannot go on (DiskFull at" in said for said in full)
    assert on == "projections go on"
