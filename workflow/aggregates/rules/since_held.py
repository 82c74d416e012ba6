"""What silence since the last meeting held comes to, and when.

Worked out once, and kept with the state until a meeting held changes, or something that is not about meetings: most
meetings that become known are only booked, moved or called off. Nothing in here may look at other meetings, nor at what
the clock shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from workflow.aggregates.meeting_lists import Ended
from workflow.aggregates.moves import State
from workflow.aggregates.policy import Policy
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, anchor, cadence, concerns_begin, days, later, times
from workflow.aggregates.rules.reminders.meetings import book_next
from workflow.aggregates.rules.reminders.wanted import Call

_DRIFTING = (State.AGREEMENT, State.ACTIVE, State.STAGNATION)


class SinceHeld(NamedTuple):
    """For a course, a policy and the meetings held.

    ``silence_since``: the last sign of life, where silence after it matters, and that is not while they rest;
    ``silent_from``: when it becomes a suspicion, but for bookings that are ``near`` enough. ``inactive_since``: the
    last sign of life, an amendment and the opening among them; ``inactive_from``: when closing is proposed, never while
    a pause holds that up. ``overrun_from``: the end of the term, past which nothing was said. ``book_next``: the
    reminder that is wanted where nothing is booked by then.
    """

    course_version: int
    policy: Policy
    held: Sequence[Ended]
    silence_since: datetime | None
    silent_from: datetime | None
    near: timedelta
    inactive_since: datetime
    inactive_from: datetime | None
    overrun_from: datetime | None
    book_next: Call | None


def since_held(state: Relationship, moment: Moment) -> SinceHeld:
    """What it comes to, as it stands."""
    known, held = state.since_held, state.calendar.held_ends()
    if (
        isinstance(known, SinceHeld)
        and known.held is held
        and known.course_version == state.course_version
        and known.policy is moment.policy
    ):
        return known
    last, closure = anchor(state), moment.policy.closure
    silence_since = last if state.state in _DRIFTING and not state.paused else None
    inactive_since = max(last or state.opened_at, state.amended_at or state.opened_at, state.opened_at)
    state.since_held = found = SinceHeld(
        state.course_version,
        moment.policy,
        held,
        silence_since,
        None if silence_since is None else _silent_from(state, moment, silence_since),
        times(moment.policy.silence.booked_within, cadence(state, moment)),
        inactive_since,
        later(state, inactive_since, days(closure.inactive_days + closure.notice_days)),
        _overrun_from(state, held),
        book_next(state, moment),
    )
    return found


def _silent_from(state: Relationship, moment: Moment, last: datetime) -> datetime:
    """Not while it is too early to tell."""
    after = times(moment.policy.silence.suspected_after, cadence(state, moment))
    return max(last + after, concerns_begin(state, moment))


def _overrun_from(state: Relationship, held: Sequence[Ended]) -> datetime | None:
    """None where a meeting was held since, or there is no term."""
    if state.agreement is None:
        return None
    ends_at = state.agreement.term_ends_at
    return None if held and held[-1][0] > ends_at else ends_at
