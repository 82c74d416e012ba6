"""What no meeting moves: worked out once, and kept with the state until something else than a meeting is recorded.

Most events are about meetings, so most decisions find it worked out. Nothing in here may look at the calendar, nor at
what the clock shows, nor at the concerns that stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from workflow.aggregates.events import ConcernCode, DueKind
from workflow.aggregates.policy import Policy
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import beginnings, care, direction, measures
from workflow.aggregates.rules.concerns import Key, Timed, in_time
from workflow.aggregates.rules.moment import Moment
from workflow.aggregates.rules.reminders import course, drift
from workflow.aggregates.rules.reminders.limits import Next, next_of
from workflow.aggregates.rules.reminders.wanted import Call, Source
from workflow.aggregates.rules.situation import Situation, situation

TIMED: tuple[Timed, ...] = (
    in_time(DueKind.STUCK, ConcernCode.STUCK, beginnings.stuck_from),
    in_time(DueKind.NO_FRESH_LOOK, ConcernCode.NO_FRESH_LOOK, measures.fresh_look_missing_from),
    in_time(DueKind.MEASURES_OVERDUE, ConcernCode.MEASURES_OVERDUE, measures.measures_overdue_from),
    in_time(DueKind.NO_SUPPORT_CONTACT, ConcernCode.NO_SUPPORT_CONTACT, care.late_from),
    in_time(DueKind.NO_DIRECTION, ConcernCode.NO_DIRECTION, direction.unreviewed_from),
)
_ALWAYS: tuple[Source, ...] = (
    course.midpoint,
    course.support_contact,
    course.closing,
    drift.silence,
    drift.contact,
    drift.fresh_look,
    drift.measures,
)


class Reminders(NamedTuple):
    """Some of the reminders wanted, and the next of them that the clock has to ask for."""

    calls: tuple[Call, ...]
    next: Next | None


class Unmoved(NamedTuple):
    """For a course and a policy: when each concern of the table stands, and the reminders wanted.

    ``by_time_alone`` is in the order of the table and without the direction, of which meetings tell as well: its own
    rule weighs the two. ``by_instant`` has all that have an instant, the earliest first. Which of the reminders are
    wanted is for the calendar to say.
    """

    course_version: int
    policy: Policy
    situation: Situation
    by_time_alone: tuple[tuple[Key, datetime | None], ...]
    by_instant: tuple[tuple[datetime, Timed], ...]
    until_a_meeting: Reminders
    until_met: Reminders
    once_met: Reminders


def unmoved(state: Relationship, moment: Moment) -> Unmoved:
    """What no meeting moves, as it stands."""
    known = state.unmoved
    if (
        isinstance(known, Unmoved)
        and known.course_version == state.course_version
        and known.policy is moment.policy
    ):
        return known
    timed = [(one, one.since(state, moment)) for one in TIMED]
    by_instant = sorted([(since, one) for one, since in timed if since is not None], key=itemgetter(0))
    calls = tuple([call for source in _ALWAYS for call in source(state, moment)])
    always = Reminders(calls, next_of(state, moment, calls))
    state.unmoved = found = Unmoved(
        state.course_version,
        moment.policy,
        situation(state),
        tuple([(one.key, since) for one, since in timed if one.key[0] is not ConcernCode.NO_DIRECTION]),
        tuple(by_instant),
        _before(always, course.first_meeting(state, moment), state, moment),
        always,
        _before(always, course.check_in(state, moment), state, moment),
    )
    return found


def reminders(state: Relationship, moment: Moment) -> Reminders:
    """The reminders of the course that are wanted as the calendar stands."""
    found = unmoved(state, moment)
    if state.calendar.held_ends():
        return found.once_met
    return found.until_met if state.calendar.any_meeting() else found.until_a_meeting


def _before(always: Reminders, calls: Sequence[Call], state: Relationship, moment: Moment) -> Reminders:
    """Some more calls, and then those: of two at one instant the first is asked for."""
    own, following = next_of(state, moment, calls), always.next
    if own is None or (following is not None and following[0] < own[0]):
        own = following
    return Reminders((*calls, *always.calls), own)
