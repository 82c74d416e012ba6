"""Concerns that time alone brings: each has an instant from which it stands, until a fact takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workflow.aggregates.events import ConcernCode, DueKind, Event
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import beginnings, care, direction, endings, measures
from workflow.aggregates.rules.concerns import From, settle, timed
from workflow.aggregates.rules.moment import Moment, concerns_begin

_Timed = tuple[DueKind, ConcernCode, From]

_BY_MEETINGS: tuple[_Timed, ...] = (
    (DueKind.NO_FIRST_MEETING, ConcernCode.NO_FIRST_MEETING, beginnings.no_first_meeting_from),
    (DueKind.OVERRUN, ConcernCode.OVERRUN, endings.overrun_from),
)
_BY_COURSE: tuple[_Timed, ...] = (
    (DueKind.STUCK, ConcernCode.STUCK, beginnings.stuck_from),
    (DueKind.NO_FRESH_LOOK, ConcernCode.NO_FRESH_LOOK, measures.fresh_look_missing_from),
    (DueKind.MEASURES_OVERDUE, ConcernCode.MEASURES_OVERDUE, measures.measures_overdue_from),
    (DueKind.NO_SUPPORT_CONTACT, ConcernCode.NO_SUPPORT_CONTACT, care.late_from),
    (DueKind.NO_DIRECTION, ConcernCode.NO_DIRECTION, direction.unreviewed_from),
)
"""Of these no meeting changes the instant."""

_TIMED = _BY_MEETINGS + _BY_COURSE
_BY_TIME_ALONE = tuple(
    (place, code) for place, (_, code, _) in enumerate(_TIMED) if code is not ConcernCode.NO_DIRECTION
)
"""But for the direction, of which meetings tell as well: its own rule weighs the two."""


def raise_timed(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Those whose instant has come are raised, and those that have none any more are cleared."""
    instants = _instants(state, moment)
    for place, code in _BY_TIME_ALONE:
        standing = timed(moment, instants[place])
        if standing is not None or (code, None) in state.concerns:
            yield from settle(state, moment, code, standing)


def next_timed(state: Relationship, moment: Moment) -> tuple[datetime, DueKind] | None:
    """The earliest that time brings and that is not known yet; in the first days none is asked for."""
    first: datetime | None = None
    found: DueKind | None = None
    for (kind, code, _), instant in zip(_TIMED, _instants(state, moment), strict=True):
        if instant is not None and (first is None or instant < first) and (code, None) not in state.concerns:
            first, found = instant, kind
    if first is None or found is None:
        return None
    return max(first, concerns_begin(state, moment)), found


def _instants(state: Relationship, moment: Moment) -> tuple[datetime | None, ...]:
    """When each of them stands, in the order of the table; worked out once for a state and a policy."""
    known = state.timed
    if known is not None and known[2] is moment.policy:
        if known[0] == state.version:
            return known[3]
        by_course = known[3][len(_BY_MEETINGS) :] if known[1] == state.course_version else None
    else:
        by_course = None
    if by_course is None:
        by_course = tuple([since(state, moment) for _, _, since in _BY_COURSE])
    by_meetings = [since(state, moment) for _, _, since in _BY_MEETINGS]
    instants = (*by_meetings, *by_course)
    state.timed = state.version, state.course_version, moment.policy, instants
    return instants
