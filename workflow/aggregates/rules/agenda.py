"""What the clock will have to ask, and when: computed from the state, written into the events."""

from __future__ import annotations

from datetime import datetime

from workflow.aggregates.events import ConcernCode, DueKind
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import (
    beginnings,
    care,
    commitment,
    dialogue,
    direction,
    endings,
    measures,
    outcomes,
    pauses,
    silence,
    stagnation,
)
from workflow.aggregates.rules.concerns import From
from workflow.aggregates.rules.moment import Moment, concerns_begin
from workflow.aggregates.rules.reminders import next_reminder

_TIMED: tuple[tuple[DueKind, ConcernCode, From], ...] = (
    (DueKind.NO_FIRST_MEETING, ConcernCode.NO_FIRST_MEETING, beginnings.no_first_meeting_from),
    (DueKind.STUCK, ConcernCode.STUCK, beginnings.stuck_from),
    (DueKind.NO_DIRECTION, ConcernCode.NO_DIRECTION, direction.unreviewed_from),
    (DueKind.NO_FRESH_LOOK, ConcernCode.NO_FRESH_LOOK, measures.fresh_look_missing_from),
    (DueKind.MEASURES_OVERDUE, ConcernCode.MEASURES_OVERDUE, measures.measures_overdue_from),
    (DueKind.NO_SUPPORT_CONTACT, ConcernCode.NO_SUPPORT_CONTACT, care.late_from),
    (DueKind.OVERRUN, ConcernCode.OVERRUN, lambda state, _: endings.overrun_from(state)),
)


def agenda(state: Relationship, moment: Moment) -> dict[DueKind, datetime]:
    """The next due of each kind; of reminders and of timed concerns the next alone.

    Some may lie before ``at``: what became known late is asked at once.
    """
    dues: dict[DueKind, datetime] = {}
    if state.state is not State.CLOSURE:
        for kind, asked_from in _DUES:
            instant = asked_from(state, moment)
            if instant is not None:
                dues[kind] = instant
        concern = _next_concern(state, moment)
        if concern is not None:
            dues[concern[1]] = concern[0]
    reminder = next_reminder(state, moment)
    if reminder is not None:
        dues[reminder[1]] = reminder[0]
    return dues


def _next_concern(state: Relationship, moment: Moment) -> tuple[datetime, DueKind] | None:
    """The earliest that time brings and that is not known yet; in the first days none is asked for."""
    first: datetime | None = None
    found: DueKind | None = None
    for kind, code, since in _TIMED:
        instant = since(state, moment)
        if instant is not None and (first is None or instant < first) and (code, None) not in state.concerns:
            first, found = instant, kind
    if first is None or found is None:
        return None
    return max(first, concerns_begin(state, moment)), found


def _concerns_begin(state: Relationship, moment: Moment) -> datetime | None:
    """When a concern is raised that facts have brought already: not in the first days, nor before they happen."""
    begin = concerns_begin(state, moment)
    failing_from = commitment.failing_from(state, moment)
    if moment.at >= begin:
        return failing_from
    waiting = (
        commitment.failing(state, moment) is not None
        or bool(commitment.contradictions(state))
        or commitment.unreported(state, moment) is not None
        or direction.undirected(state, moment) is not None
        or dialogue.low(state) is not None
        or care.without_basis(state) is not None
    )
    return begin if waiting or failing_from is not None else None


_DUES: tuple[tuple[DueKind, From], ...] = (
    (DueKind.PAUSE_ENDS, pauses.ends_from),
    (DueKind.OUTCOME_UNCONFIRMED, outcomes.unconfirmed_from),
    (DueKind.CONCERNS_BEGIN, _concerns_begin),
    (DueKind.SILENCE, silence.asked_from),
    (DueKind.STAGNATION, stagnation.stagnates_from),
    (DueKind.CLOSURE_PROPOSED, endings.proposed_from),
)
