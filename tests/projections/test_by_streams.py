"""A rebuild of many events goes stream by stream, and comes to the same rows; each is written once."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.projections import killed
from tests.projections.any_log import log_of, logs
from tests.projections.facts import Log, concluded, fold, onboarded, opened, raised
from tests.projections.stored import Stored
from tests.view_places import change, file, rows_in
from workflow.aggregates.events import ConcernCode, Event
from workflow.projections.aside.aside import Processes
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.rows.storage import Kept, Superseded
from workflow.projections.running import gathering, refolding
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import verify
from workflow.projections.running.views import Views

HERE, ASIDE = Processes(0), Processes(2, worth_it=1)


@pytest.fixture(autouse=True)
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has room for three relationships, and any way is far."""
    monkeypatch.setattr(gathering, "TOUCHED", 3)
    monkeypatch.setattr(refolding, "WORTH_STREAMS", 1)


def again(log: Log, kept: Kept, processes: Processes = HERE, page: int = 4) -> tuple[Runner, Stored]:
    """A process that goes on with what is kept."""
    views = Views(kept, PROJECTIONS, durable=False, processes=processes)
    stored = Stored(log, elsewhere=isinstance(kept, ViewDatabase))
    return Runner(views, log.read, log.head, page=page, stored=stored), stored


def half_way(log: Log, kept: Kept, processes: Processes = HERE) -> tuple[Runner, str]:
    """A rebuild of what serves that has written some streams, and up to which."""
    fold(log, kept).close()
    runner, _ = again(log, kept, processes)
    runner.rebuild()
    return runner, until_it_has_written(runner)


def ends_well(runner: Runner, log: Log, kept: Kept) -> None:
    """It comes to its end, and to the same rows."""
    asked = runner.rebuild()
    runner.catch_up()
    assert [(one.differences, one.position) for one in asked.result(timeout=0)] == [(0, log.head())] * len(
        PROJECTIONS
    )
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    assert all(one.stream_progress is None for one in runner.views.generations)
    runner.views.close()


def until_it_has_written(runner: Runner) -> str:
    """Up to which stream."""
    while not (
        found := {one.stream_progress and one.stream_progress.after for one in runner.views.shadows}
    ) - {
        None,
        "",
    }:
        runner.step()
    (stream,) = found
    assert isinstance(stream, str)
    return stream


@pytest.mark.parametrize("processes", [HERE, ASIDE], ids=["here", "aside"])
def test_each_row_is_written_once(kept: Kept, processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    log = killed.log()
    fold(log, kept).close()
    runner, stored = again(log, kept, processes)
    written: list[tuple[object, ...]] = []
    write = runner.views._storage.write

    def noted(cursor: object, folded: object) -> None:
        written.extend((folded.generation.name, *one) for one in folded.upserts)  # type: ignore[attr-defined]
        write(cursor, folded)  # type: ignore[arg-type]

    monkeypatch.setattr(runner.views._storage, "write", noted)
    ends_well(runner, log, kept)
    assert len(written) == sum(map(len, rows_in(kept).values()))
    assert stored.read == log.head()


def test_what_is_recorded_meanwhile_of_streams_that_are_folded_is_folded_too(kept: Kept) -> None:
    log = killed.log()
    runner, _ = half_way(log, kept)
    for number in (1, 12):
        log.add(raised(ConcernCode.SILENCE, 90), stream=UUID(int=number))
    log.add(opened(), onboarded(1), stream=UUID(int=5_000))
    ends_well(runner, log, kept)


@pytest.mark.parametrize("processes", [HERE, ASIDE], ids=["here", "aside"])
def test_it_goes_on_behind_the_streams_that_it_had_folded(kept: Kept, processes: Processes) -> None:
    log = killed.log()
    runner, reached = half_way(log, kept, processes)
    runner.stop()
    stood = {one.stream_progress for one in runner.views.shadows}
    runner.views.close()
    runner, stored = again(log, kept, processes)
    assert {one.stream_progress for one in runner.views.shadows} == stood
    left = sum(fact.stream.hex > reached for fact in log.facts)
    ends_well(runner, log, kept)
    assert stored.read <= left


def test_one_that_was_begun_by_position_goes_on_by_position(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = killed.log()
    fold(log, kept).close()
    with monkeypatch.context() as patched:
        patched.setattr(refolding, "WORTH_STREAMS", 1_000)
        patched.setattr(gathering, "GATHERED", 6)
        runner, _ = again(log, kept, page=1)
        runner.rebuild()
        for _ in range(7):
            runner.step()
    assert {(one.position, one.stream_progress) for one in runner.views.shadows} == {(6, None)}
    runner.step()
    assert {one.stream_progress for one in runner.views.shadows} == {None}
    ends_well(runner, log, kept)


def test_one_that_is_asked_for_later_ends_too(kept: Kept) -> None:
    log = killed.log()
    fold(log, kept).close()
    runner, _ = again(log, kept)
    first = runner.rebuild(["journey"])
    until_it_has_written(runner)
    second = runner.rebuild(["relationships", "reminders"])
    ends_well(runner, log, kept)
    assert [one.differences for one in first.result(timeout=0)] == [0]
    assert [one.differences for one in second.result(timeout=0)] == [0, 0]


def test_a_process_that_is_killed_costs_what_is_not_yet_written_and_no_more(kept: Kept) -> None:
    log = killed.log()
    runner, reached = half_way(log, kept, ASIDE)
    aside = runner.views.gathering._aside
    assert aside is not None
    for process in aside._processes:
        process.kill()
        process.wait()
    runner.step()
    assert runner.views.gathering._aside is None
    assert {one.stream_progress and one.stream_progress.after for one in runner.views.shadows} == {reached}
    ends_well(runner, log, kept)


@pytest.mark.parametrize("processes", [HERE, ASIDE], ids=["here", "aside"])
def test_a_fold_that_raises_is_told_on_what_and_the_old_rows_serve(kept: Kept, processes: Processes) -> None:
    log = killed.log()
    log.add(raised(ConcernCode.SILENCE, 47), stream=UUID(int=11 << 120))  # of one that was never opened
    fold(log, kept).close()
    runner, _ = again(log, kept, processes)
    asked = runner.rebuild()
    runner.catch_up()
    failed = {one.name: one.failure for one in asked.result(timeout=0) if one.failure is not None}
    assert list(failed) == ["relationships"]
    assert "concern_raised" in str(failed["relationships"])
    assert len(rows_in(kept)["relationships"]) == 12
    assert runner.views.shadows == []
    runner.views.close()


def test_a_log_that_ends_before_is_not_folded_on(kept: Kept) -> None:
    log = killed.log()
    runner, _ = half_way(log, kept)
    runner.stop()
    runner.views.close()
    older = Log()
    older.facts[:] = log.facts[:20]
    runner, _ = again(older, kept)
    runner.step()
    assert runner.views.shadows == []
    runner.views.close()


def test_another_that_has_folded_other_streams_is_noticed(kept: Kept) -> None:
    log = killed.log()
    runner, _ = half_way(log, kept)
    runner.stop()
    other, _ = again(log, kept)
    other.rebuild()
    other.step()
    other.stop()
    with pytest.raises(Superseded, match="another stream"):
        runner.catch_up()
    for one in (runner, other):
        one.views.close()


def test_how_far_it_is_grows_and_stays_below_the_end(kept: Kept) -> None:
    log = Log()
    for number in range(16):
        log.add(opened(), onboarded(1), concluded(2), stream=UUID(int=number << 124 | 1))
    fold(log, kept).close()
    runner, _ = again(log, kept)
    runner.rebuild()
    told = []
    while runner.step():
        told.append({status.rebuilding for status in runner.status()})
    seen = [one for (one,) in told if one is not None]
    assert len(set(seen)) > 5
    assert seen == sorted(seen)
    assert max(seen[:-2]) < log.head()
    runner.views.close()


@pytest.mark.parametrize(
    "processes",
    [ASIDE, Processes(2, ("/bin/true",), worth_it=1), Processes(2, ("/nowhere/at/all",), worth_it=1)],
    ids=["that fold", "that end at once", "that do not start"],
)
def test_a_comparison_finds_what_differs_whoever_folds_for_it(kept: Kept, processes: Processes) -> None:
    log = killed.log()
    fold(log, kept).close()
    stored = Stored(log)
    assert verify(kept, PROJECTIONS, stored, page=4, processes=processes).equal
    change(kept, "UPDATE relationships_1 SET state = 'nowhere' WHERE id LIKE '%7'")
    verified = verify(kept, PROJECTIONS, stored, page=4, processes=processes)
    assert not verified.equal
    assert verified.differing == {one.name: int(one.name == "relationships") for one in PROJECTIONS}


@settings(max_examples=25)
@drawn(
    logs(streams=6, least=20),
    st.integers(1, 4),
    st.integers(1, 9),
    st.integers(2, 30),
    st.lists(st.integers(1, 6), max_size=3),
)
def test_wherever_it_is_stopped_it_comes_to_the_same(
    events: list[tuple[UUID, Event]], touched: int, page: int, gathered: int, stops: list[int]
) -> None:
    log = log_of(events)
    with pytest.MonkeyPatch.context() as patched, file() as kept:
        patched.setattr(gathering, "TOUCHED", touched)
        patched.setattr(gathering, "GATHERED", gathered)
        fold(log, kept).close()
        for stop in stops:
            runner, _ = again(log, kept, page=page)
            runner.rebuild()
            for _ in range(stop):
                runner.step()
            runner.stop()
            runner.views.close()
        runner, _ = again(log, kept, page=page)
        ends_well(runner, log, kept)
