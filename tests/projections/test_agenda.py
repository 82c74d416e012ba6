"""What is due: replaced as a whole by whatever event tells it."""

from __future__ import annotations

from tests.projections.facts import OTHER, PAIR, Log, closed, day, fold, opened, redated
from workflow.aggregates.events import DueKind
from workflow.projections import agenda
from workflow.projections.agenda import Due
from workflow.projections.rows.storage import Kept
from workflow.projections.running.views import Views


def due_until(views: Views, until: float) -> list[Due]:
    with views.reading() as connection:
        return list(agenda.due_until(connection, day(until)))


def test_an_agenda_replaces_the_one_before(kept: Kept) -> None:
    log = Log(twice=True).add(opened(dues={DueKind.SILENCE: day(45), DueKind.STAGNATION: day(60)}))
    log.add(redated(10, {DueKind.SILENCE: day(55)}))
    views = fold(log, kept)
    assert due_until(views, 100) == [Due(PAIR, DueKind.SILENCE, day(55), day(55))]
    views.close()


def test_an_event_without_an_agenda_leaves_it(kept: Kept) -> None:
    log = Log(twice=True).add(opened(dues={DueKind.SILENCE: day(45)}), opened(1))
    log.facts.pop()
    views = fold(log, kept)
    assert len(due_until(views, 45)) == 1
    assert due_until(views, 44.9) == []
    views.close()


def test_closure_empties_it(kept: Kept) -> None:
    views = fold(Log(twice=True).add(opened(dues={DueKind.SILENCE: day(45)}), closed(20)), kept)
    assert due_until(views, 400) == []
    views.close()


def test_nothing_is_asked_before_the_fact_behind_it_was_recorded(kept: Kept) -> None:
    log = Log(twice=True).add(opened(dues={DueKind.SILENCE: day(45)}), recorded=day(50))
    log.add(redated(51, {DueKind.SILENCE: day(45), DueKind.STAGNATION: day(49)}), recorded=day(52))
    log.add(opened(dues={DueKind.SILENCE: day(51)}), stream=OTHER, recorded=day(51))
    views = fold(log, kept)
    assert due_until(views, 100) == [
        Due(PAIR, DueKind.SILENCE, day(45), day(50)),
        Due(OTHER, DueKind.SILENCE, day(51), day(51)),
        Due(PAIR, DueKind.STAGNATION, day(49), day(52)),
    ]
    views.close()
