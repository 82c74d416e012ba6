"""What no meeting moves: worked out once, and kept with the state until something else than a meeting is recorded.

Most events are about meetings, so most decisions find it worked out. Nothing in here may look at the calendar, nor at
what the clock shows.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from workflow.aggregates.events import ConcernCode, DueKind
from workflow.aggregates.policy import Policy
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import beginnings, care, direction, measures
from workflow.aggregates.rules.concerns import Timed
from workflow.aggregates.rules.moment import Moment
from workflow.aggregates.rules.reminders import course, drift
from workflow.aggregates.rules.reminders.wanted import Call, Source

TIMED: tuple[Timed, ...] = (
    Timed(DueKind.STUCK, ConcernCode.STUCK, beginnings.stuck_from),
    Timed(DueKind.NO_FRESH_LOOK, ConcernCode.NO_FRESH_LOOK, measures.fresh_look_missing_from),
    Timed(DueKind.MEASURES_OVERDUE, ConcernCode.MEASURES_OVERDUE, measures.measures_overdue_from),
    Timed(DueKind.NO_SUPPORT_CONTACT, ConcernCode.NO_SUPPORT_CONTACT, care.late_from),
    Timed(DueKind.NO_DIRECTION, ConcernCode.NO_DIRECTION, direction.unreviewed_from),
)
_SOURCES: tuple[Source, ...] = (
    course.midpoint,
    course.support_contact,
    course.closing,
    drift.silence,
    drift.contact,
    drift.fresh_look,
    drift.measures,
)


class Unmoved(NamedTuple):
    """When each concern in ``TIMED`` stands, and the reminders wanted: for a course and a policy."""

    course_version: int
    policy: Policy
    instants: tuple[datetime | None, ...]
    calls: tuple[Call, ...]


def unmoved(state: Relationship, moment: Moment) -> Unmoved:
    """What no meeting moves, as it stands."""
    known = state.unmoved
    if (
        isinstance(known, Unmoved)
        and known.course_version == state.course_version
        and known.policy is moment.policy
    ):
        return known
    instants = tuple([one.since(state, moment) for one in TIMED])
    calls = tuple([call for source in _SOURCES for call in source(state, moment)])
    state.unmoved = found = Unmoved(state.course_version, moment.policy, instants, calls)
    return found
