"""Two processes that both believe to fold alone: one of them changes nothing, and says so."""

from __future__ import annotations

from threading import Event
from uuid import UUID

import pytest

from tests.patience import PATIENCE
from tests.projections.facts import OTHER, Log, concluded, fold, onboarded, opened
from tests.projections.stored import Stored
from tests.view_places import Fresh, rows_in
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.rows.generations import RunState
from workflow.projections.rows.storage import Kept, Superseded
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import verify
from workflow.projections.running.views import Views


@pytest.fixture
def log() -> Log:
    return Log().add(opened(), onboarded(1)).add(opened(), stream=OTHER).add(concluded(2))


def runner(kept: Kept, log: Log, page: int = 2) -> Runner:
    return Runner(Views(kept, PROJECTIONS, durable=False), log.read, log.head, page=page)


def test_the_one_that_comes_second_writes_nothing_and_says_so(kept: Kept, log: Log) -> None:
    first, second = runner(kept, log), runner(kept, log)
    first.catch_up()
    before = rows_in(kept)
    for _ in range(2):  # nor at its next attempt
        with pytest.raises(Superseded, match="another process has folded up to 4, and this one up to 0"):
            second.step()
    assert rows_in(kept) == before
    log.add(concluded(3), stream=OTHER)
    first.catch_up()
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    for one in (first, second):
        one.views.close()


def test_a_thread_that_is_told_so_ends_and_health_says_why(kept: Kept, log: Log) -> None:
    first, second = runner(kept, log), runner(kept, log)
    first.catch_up()
    second.start()
    assert second._thread is not None
    second._thread.join(PATIENCE)
    assert not second._thread.is_alive()
    assert "One at a time folds" in str(second.trouble)
    second.stop()
    log.add(concluded(3), stream=OTHER)
    second.start()  # as whoever gives it the turn again
    assert second.reaching(5).result(timeout=PATIENCE) == 5
    second.stop()
    assert second.trouble is None
    for one in (first, second):
        one.views.close()


def test_whoever_takes_over_goes_on_where_the_other_was(kept: Kept, log: Log) -> None:
    first, second = runner(kept, log), runner(kept, log)
    first.step()
    second.views.refresh()
    second.catch_up()
    with pytest.raises(Superseded):
        first.step()
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    for one in (first, second):
        one.views.close()


def test_a_rebuild_that_another_has_finished_is_not_waited_for(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    first, second = runner(kept, log), runner(kept, log)
    waiting = second.rebuild(["journey"])
    done = first.rebuild(["journey"])
    first.catch_up()
    assert done.result(timeout=0)[0].generation == 2
    with pytest.raises(Superseded, match="folded anew"):
        second.catch_up()
    with pytest.raises(Superseded):
        waiting.result(timeout=0)
    for one in (first, second):
        one.views.close()


def test_one_that_another_has_paused_is_not_folded_on(kept: Kept, log: Log) -> None:
    first, second = runner(kept, log), runner(kept, log)
    first.pause("journey", "an operator")
    first.step()
    with pytest.raises(Superseded, match="another process has"):
        second.catch_up()
    second.views.refresh()
    second.catch_up()
    assert {one.name for one in second.status() if one.state is RunState.PAUSED} == {"journey"}
    for one in (first, second):
        one.views.close()


@pytest.mark.parametrize("turns", ["ABAB", "AABBBA", "BAAABAB"])
def test_however_they_take_turns_every_event_is_folded_once(fresh: Fresh, turns: str) -> None:
    log = Log()
    for number in range(len(turns)):
        log.add(opened(), onboarded(1), stream=UUID(int=number + 1)).add(
            opened(), stream=UUID(int=number + 99)
        )
    alone, kept = fresh(), fresh()
    fold(log, alone).close()
    both = {"A": runner(kept, log, page=3), "B": runner(kept, log, page=3)}
    both["A"].rebuild(["agenda", "journey"])
    for turn in turns * 4:
        try:
            both[turn].step()
        except Superseded:
            both[turn].views.refresh()
    for one in both.values():
        one.views.refresh()
        one.catch_up()
    assert rows_in(kept) == rows_in(alone)
    for one in both.values():
        one.views.close()


def test_two_threads_at_once_fold_every_event_once(fresh: Fresh) -> None:
    log = Log()
    for number in range(60):
        log.add(opened(), onboarded(1), stream=UUID(int=number + 1))
    alone, kept = fresh(), fresh()
    fold(log, alone).close()
    both = [Runner(Views(kept, PROJECTIONS, durable=False), log.read, log.head, page=5) for _ in "12"]
    for one in both:
        one.start()
    ended = Event()
    for one in both:
        assert one._thread is not None
    winner = both[0].reaching(120), both[1].reaching(120)
    while not ended.wait(0.01):
        if any(future.done() for future in winner):
            ended.set()
    for one in both:
        one.stop()
        one.views.close()
    assert rows_in(kept) == rows_in(alone)
