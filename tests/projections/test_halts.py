"""A projection that somebody paused: it waits, across restarts, and is told apart from one that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projections.facts import OTHER, Log, concluded, fold, onboarded, opened
from tests.projections.journeys import states, with_bug
from tests.projections.stored import Stored
from tests.view_places import Fresh, change
from workflow.errors import Conflict, NotFound
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.rows.generations import RunState
from workflow.projections.rows.storage import Kept
from workflow.projections.running.readers import NotYetFolded
from workflow.projections.running.runner import Runner
from workflow.projections.running.status import Status
from workflow.projections.running.verify import verify
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import ViewFile

WHO = "service 00000000-0000-4000-8000-000000000009"


@pytest.fixture
def log() -> Log:
    return Log().add(opened(), onboarded(1))


def journey(runner: Runner) -> Status:
    return next(status for status in runner.status() if status.name == "journey")


def paused(kept: Kept, log: Log) -> Runner:
    runner = Runner(fold(log, kept), log.read, log.head)
    asked = runner.pause("journey", WHO)
    runner.catch_up()
    asked.result(timeout=0)
    return runner


def test_it_folds_nothing_and_the_others_go_on_also_after_a_restart(kept: Kept, log: Log) -> None:
    runner = paused(kept, log)
    before = states(kept)
    log.add(opened(), stream=OTHER)
    runner.catch_up()
    runner.views.close()  # as a process that is killed: nothing more is said to it
    runner = Runner(Views(kept, PROJECTIONS, durable=False), log.read, log.head)
    runner.catch_up()
    status = journey(runner)
    assert (status.state, status.paused_by, status.failed_at, status.lag) == (RunState.PAUSED, WHO, None, 1)
    assert [one.name for one in runner.status() if one.lag] == ["journey"]
    assert states(kept) == before
    runner.views.close()


def test_resumed_it_goes_on_behind_what_it_has(kept: Kept, log: Log) -> None:
    runner = paused(kept, log)
    log.add(concluded(2))
    runner.catch_up()
    asked = runner.resume("journey")
    runner.catch_up()
    asked.result(timeout=0)
    status = journey(runner)
    assert (status.state, status.paused_by, status.cause, status.lag) == (RunState.RUNNING, None, None, 0)
    assert status.generation == 1
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    runner.views.close()


def test_a_rebuild_resumes_it_too(kept: Kept, log: Log) -> None:
    runner = paused(kept, log)
    log.add(concluded(2))
    asked = runner.rebuild(["journey"])
    runner.catch_up()
    assert asked.result(timeout=0)[0].failure is None
    status = journey(runner)
    assert (status.state, status.paused_by, status.lag, status.generation) == (RunState.RUNNING, None, 0, 2)
    runner.views.close()


def test_who_waits_for_it_is_told_that_it_is_to_be_resumed(kept: Kept, log: Log) -> None:
    runner = paused(kept, log)
    waiting = runner.reaching(log.head() + 1)
    runner.step()
    with pytest.raises(NotYetFolded, match="paused by an operator, and to be resumed: journey"):
        waiting.result(timeout=0)
    runner.views.close()


def test_one_that_failed_is_neither_paused_nor_resumed(kept: Kept, log: Log) -> None:
    runner = with_bug(kept, log.add(concluded(2)))
    runner.catch_up()
    for asked in (runner.resume("journey"), runner.pause("journey", WHO)):
        runner.step()
        with pytest.raises(Conflict, match="projections rebuild journey"):
            asked.result(timeout=0)
    assert (journey(runner).paused_by, journey(runner).failed_at) == (None, 3)
    runner.views.close()


def test_twice_is_once_and_the_first_stays_known(kept: Kept, log: Log) -> None:
    runner = paused(kept, log)
    again = runner.pause("journey", "service 00000000-0000-4000-8000-00000000000a")
    runner.step()
    again.result(timeout=0)
    assert journey(runner).paused_by == WHO
    for _ in range(2):
        resumed = runner.resume("journey")
        runner.step()
        resumed.result(timeout=0)
    assert journey(runner).state is RunState.RUNNING
    runner.views.close()


def test_one_that_is_being_rebuilt_is_not_paused(kept: Kept, log: Log) -> None:
    runner = Runner(fold(log, kept), log.read, log.head)
    runner.views.begin(["journey"])
    asked = runner.pause("journey", WHO)
    runner.step()
    with pytest.raises(Conflict, match="is being rebuilt"):
        asked.result(timeout=0)
    runner.views.close()


def test_one_of_other_columns_or_of_another_log_is_to_be_rebuilt_whoever_paused_it(
    fresh: Fresh, log: Log
) -> None:
    kept = fresh()
    paused(kept, log).views.close()
    shorter = Log().add(opened())
    runner = Runner(Views(kept, PROJECTIONS, durable=False), shorter.read, shorter.head)
    runner.step()
    assert journey(runner).paused_by is None
    runner.views.close()
    other = fresh()
    paused(other, log).views.close()
    change(other, "UPDATE projections SET shape = 'another' WHERE name = 'journey'")
    runner = Runner(Views(other, PROJECTIONS, durable=False), log.read, log.head)
    assert journey(runner).paused_by is None
    runner.views.close()


def test_a_file_from_before_it_was_told_who_paused_is_read(tmp_path: Path, log: Log) -> None:
    kept = ViewFile(tmp_path / "views.db")
    fold(log, kept).close()
    change(kept, "ALTER TABLE projections DROP COLUMN paused_by")
    runner = paused(kept, log)
    assert journey(runner).paused_by == WHO
    runner.views.close()


def test_no_other_name_is_known(kept: Kept, log: Log) -> None:
    runner = Runner(fold(log, kept), log.read, log.head)
    with pytest.raises(NotFound, match="no projection has this name"):
        runner.pause("nosuch", WHO)
    runner.views.close()
