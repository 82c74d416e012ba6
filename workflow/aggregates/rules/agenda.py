"""What the clock will have to ask, and when: computed from the state, written into the events."""

from __future__ import annotations

from datetime import datetime

from workflow.aggregates.events import DueKind
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import (
    care,
    commitment,
    dialogue,
    direction,
    endings,
    outcomes,
    pauses,
    silence,
    stagnation,
)
from workflow.aggregates.rules.by_time import KINDS, next_timed
from workflow.aggregates.rules.concerns import From
from workflow.aggregates.rules.moment import Moment, concerns_begin
from workflow.aggregates.rules.reminders.asked import next_reminder


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
        concern = next_timed(state, moment)
        if concern is not None:
            dues[concern[1]] = concern[0]
    return _with_reminder(state, moment, dues)


def agenda_with_bookings(state: Relationship, moment: Moment) -> dict[DueKind, datetime]:
    """The same where only bookings became known since the agenda that the state has: what they do not move stays."""
    dues: dict[DueKind, datetime] = {}
    if state.state is not State.CLOSURE:
        known = state.dues
        for kind, asked_from in _DUES:
            instant = asked_from(state, moment) if kind in _BY_BOOKINGS else known.get(kind)
            if instant is not None:
                dues[kind] = instant
        for kind in known:
            if kind in KINDS:
                dues[kind] = known[kind]
    return _with_reminder(state, moment, dues)


def _with_reminder(
    state: Relationship, moment: Moment, dues: dict[DueKind, datetime]
) -> dict[DueKind, datetime]:
    reminder = next_reminder(state, moment)
    if reminder is not None:
        dues[reminder[1]] = reminder[0]
    return dues


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
        or bool(direction.undirected(state, moment))
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
_BY_BOOKINGS = (DueKind.OUTCOME_UNCONFIRMED, DueKind.SILENCE)
