"""Direction: a pair that has no goal, or does not look at the ones that it has."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.meeting_lists import Ended
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import settle, timed
from workflow.aggregates.rules.moment import Moment, days, later

_NO_DIRECTION = (ConcernCode.NO_DIRECTION, None)


def no_direction(state: Relationship, moment: Moment) -> Sequence[Event]:
    """No goal by the second held meeting; no review in two held meetings, or in sixty days."""
    without = undirected(state, moment)
    by_time = timed(moment, unreviewed_from(state, moment))
    if without and (by_time is None or without[-1][0] <= by_time[0]):
        since = without[-1][0]
        recorded = state.concerns.get(_NO_DIRECTION)
        if recorded is not None and recorded.since == since:
            return ()  # as is known: what it rests on need not be gathered
        by_time = since, tuple(version for _, meeting in without for version in meeting.versions)
    return settle(state, moment, ConcernCode.NO_DIRECTION, by_time)


def undirected(state: Relationship, moment: Moment) -> Sequence[Ended]:
    """The meetings held since the last look at a goal, or without any goal: so many that it is a concern, or none."""
    goals, directed = moment.policy.goals, state.directed_at
    held = state.calendar.held_ends()
    if directed is None:
        allowed, since = goals.first_by_held, 0
    else:
        allowed = goals.review_within_held
        since = bisect_right(held, directed.at, key=itemgetter(0))
    return held[since : since + allowed] if len(held) - since >= allowed else ()


def unreviewed_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the last look at a goal is too long ago; None without any goal, where time alone tells nothing."""
    if state.directed_at is None:
        return None
    return later(state, state.directed_at.at, days(moment.policy.goals.review_within_days))
