"""A rebuild that is folded in processes of their own comes to what one comes to that is folded here."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from io import BytesIO
from subprocess import Popen

import pytest

from tests.projections import killed
from tests.projections.facts import OTHER, PAIR, Log, concluded, fold, onboarded, opened, raised
from tests.projections.stored import Stored
from workflow.aggregates.events import ConcernCode
from workflow.projections.aside.aside import Aside, Processes
from workflow.projections.aside.process import serve
from workflow.projections.aside.wire import get, put
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import verify
from workflow.projections.running.views import Views


def rebuilding(log: Log, kept: Kept, processes: Processes, page: int = 5) -> Runner:
    """A rebuild that has been asked for, of rows that are folded already."""
    fold(log, kept).close()
    views = Views(kept, PROJECTIONS, durable=False, processes=processes)
    runner = Runner(views, log.read, log.head, page=page, stored=Stored(log))
    runner.rebuild()
    return runner


def folds_aside(runner: Runner) -> Aside | None:
    return runner.views.gathering._aside


def processes_of(aside: Aside | None) -> Sequence[Popen[bytes]]:
    assert aside is not None
    return aside._processes


def ends_well(runner: Runner, log: Log, kept: Kept) -> None:
    """It comes to its end, and to the same rows."""
    asked = runner.rebuild()
    runner.catch_up()
    assert [one.differences for one in asked.result(timeout=0)] == [0] * len(PROJECTIONS)
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    assert folds_aside(runner) is None
    runner.views.close()


@pytest.mark.parametrize("gathered", [400_000, 12])
def test_it_comes_to_the_same_rows_however_often_they_are_written(
    kept: Kept, gathered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.projections.running.gathering.GATHERED", gathered)
    log = killed.log()
    runner = rebuilding(log, kept, Processes(2, worth_it=1))
    runner.step()
    begun = processes_of(folds_aside(runner))
    assert len(begun) == 2
    ends_well(runner, log, kept)
    assert all(process.poll() is not None for process in begun)


def test_what_it_has_come_to_is_kept_where_the_service_stops(kept: Kept) -> None:
    log = killed.log()
    runner = rebuilding(log, kept, Processes(2, worth_it=1))
    for _ in range(3):
        runner.step()
    runner.stop()
    runner.views.close()
    views = Views(kept, PROJECTIONS, durable=False, processes=Processes(2, worth_it=1))
    assert {generation.position for generation in views.shadows} == {15}
    again = Runner(views, log.read, log.head, page=5, stored=Stored(log))
    ends_well(again, log, kept)


def test_a_process_that_is_killed_costs_what_is_not_yet_written_and_no_more(kept: Kept) -> None:
    log = killed.log()
    runner = rebuilding(log, kept, Processes(2, worth_it=1))
    runner.step()
    for process in processes_of(folds_aside(runner)):
        process.kill()
        process.wait()
    runner.step()
    assert folds_aside(runner) is None
    assert {generation.position for generation in runner.views.shadows} == {0}
    ends_well(runner, log, kept)


def test_a_process_that_hangs_holds_nobody_up(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.projections.aside.aside.SILENT", 0.5)
    log = killed.log()
    runner = rebuilding(log, kept, Processes(2, worth_it=1))
    runner.step()
    hanging = processes_of(folds_aside(runner))[0]
    hanging.send_signal(signal.SIGSTOP)
    ends_well(runner, log, kept)
    assert hanging.poll() == -signal.SIGKILL


def test_where_none_can_be_started_it_is_folded_here(kept: Kept) -> None:
    log = killed.log()
    runner = rebuilding(log, kept, Processes(2, ("/nowhere/at/all",), worth_it=1))
    runner.step()
    assert folds_aside(runner) is None
    ends_well(runner, log, kept)


def test_a_fold_that_raises_there_raises_here_where_it_is_told_on_what(kept: Kept) -> None:
    log = Log()
    log.add(opened(), onboarded(1), concluded(2))
    log.add(raised(ConcernCode.SILENCE, 47), stream=OTHER)  # of a relationship that was never opened
    log.add(raised(ConcernCode.SILENCE, 48), stream=PAIR)
    runner = rebuilding(log, kept, Processes(2, worth_it=1))
    asked = runner.rebuild()
    runner.catch_up()
    failed = {one.name: one.failure for one in asked.result(timeout=0) if one.failure is not None}
    assert list(failed) == ["relationships"]
    assert "concern_raised" in str(failed["relationships"])
    assert folds_aside(runner) is None
    runner.views.close()


def test_few_events_are_folded_here(kept: Kept) -> None:
    log = killed.log()
    runner = rebuilding(log, kept, Processes(2, worth_it=1_000))
    runner.step()
    assert folds_aside(runner) is None
    ends_well(runner, log, kept)


@pytest.mark.parametrize("worth_it", [1, 1_000])
def test_what_none_of_its_projections_heeds_is_not_read(kept: Kept, worth_it: int) -> None:
    log = killed.log()
    fold(log, kept).close()
    views = Views(kept, PROJECTIONS, durable=False, processes=Processes(2, worth_it=worth_it))
    stored = Stored(log)
    runner = Runner(views, log.read, log.head, page=5, stored=stored)
    asked = runner.rebuild(["episodes", "reminders"])
    runner.step()
    assert (folds_aside(runner) is not None) == (worth_it == 1)
    runner.catch_up()
    assert [(one.differences, one.position) for one in asked.result(timeout=0)] == [(0, log.head())] * 2
    assert stored.read == 12  # the concerns, of 48 events
    views.close()


def test_rows_are_told_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.projections.aside.process._ROWS", 5)
    stored, asked, answered = Stored(killed.log()), BytesIO(), BytesIO()
    rows, _ = stored.page(0, 100, None)
    put(asked, [("journey", 2, 0, False), ("goals", 2, 0, False)])
    put(asked, (rows, {}))
    put(asked, None)
    asked.seek(0)
    serve(asked, answered)
    answered.seek(0)
    told = [get(answered) for _ in range(10)]
    assert [len(some) for some in told[:8]] == [5] * 7 + [1]  # twelve relationships, three stays of each
    assert told[8:] == [([], False), ([], False)]  # and nobody set a goal
    with pytest.raises(EOFError):
        get(answered)
