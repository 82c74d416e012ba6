"""Direction: a pair that has no goal, or does not look at the ones that it has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import Standing, settle, timed
from workflow.aggregates.rules.moment import Moment, days, later


def no_direction(state: Relationship, moment: Moment) -> Sequence[Event]:
    """No goal by the second held meeting; no review in two held meetings, or in sixty days."""
    standing = undirected(state, moment)
    by_time = timed(moment, unreviewed_from(state, moment))
    if by_time is not None and (standing is None or by_time[0] < standing[0]):
        standing = by_time
    return settle(state, moment, ConcernCode.NO_DIRECTION, standing)


def undirected(state: Relationship, moment: Moment) -> Standing | None:
    """By the meetings held since the last look at a goal, or without any goal."""
    goals, directed = moment.policy.goals, state.directed_at
    held = state.calendar.held_ends()
    if directed is None:
        allowed = goals.first_by_held
    else:
        allowed = goals.review_within_held
        held = [(end, meeting) for end, meeting in held if end > directed.at]
    if len(held) < allowed:
        return None
    evidence = tuple(version for _, meeting in held[:allowed] for version in meeting.versions)
    return held[allowed - 1][0], evidence


def unreviewed_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the last look at a goal is too long ago; None without any goal, where time alone tells nothing."""
    if state.directed_at is None:
        return None
    return later(state, state.directed_at.at, days(moment.policy.goals.review_within_days))
