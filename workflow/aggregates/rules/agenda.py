"""What the clock will have to ask, and when: computed from the state, written into the events."""

from __future__ import annotations

from datetime import datetime

from workflow.aggregates.events import ConcernCode, DueKind
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import concerns, outcomes, reminders, silence, stagnation
from workflow.aggregates.rules.moment import Moment, concerns_begin


def agenda(state: Relationship, moment: Moment) -> dict[DueKind, datetime]:
    """The next due of each kind. Some may lie before ``at``: what became known late is asked at once."""
    if state.state is State.CLOSURE:
        return {}
    dues: dict[DueKind, datetime | None] = {
        DueKind.OUTCOME_UNCONFIRMED: outcomes.unconfirmed_from(state, moment),
        DueKind.CONCERNS_BEGIN: _concerns_begin(state, moment),
        DueKind.SILENCE: (
            silence.held_off_from(state, moment)
            if state.suspicion is not None and not state.suspicion.cleared
            else silence.suspected_from(state, moment)
        ),
        DueKind.STAGNATION: stagnation.stagnates_from(state, moment),
        DueKind.FRESH_LOOK_MISSING: (
            concerns.fresh_look_missing_from(state, moment)
            if (ConcernCode.NO_FRESH_LOOK, None) not in state.concerns
            else None
        ),
        DueKind.BOOK_NEXT_MEETING: min(
            (due for due, _ in reminders.book_next_due(state, moment).values()), default=None
        ),
    }
    return {kind: due for kind, due in dues.items() if due is not None}


def _concerns_begin(state: Relationship, moment: Moment) -> datetime | None:
    """When a concern is raised that facts have brought already: not in the first days, nor before they happen."""
    begin, failing_from = concerns_begin(state, moment), concerns.failing_from(state, moment)
    if moment.at >= begin:
        return failing_from
    waiting = concerns.failing(state, moment) is not None or bool(concerns.contradictions(state))
    return begin if waiting or failing_from is not None else None
