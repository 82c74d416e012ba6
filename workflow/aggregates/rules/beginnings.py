"""Beginnings that do not come about: no first meeting, no agreement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import settle, timed
from workflow.aggregates.rules.moment import Moment, days, later


def no_first_meeting(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Nothing was booked for long after the opening."""
    since = no_first_meeting_from(state, moment)
    standing = timed(moment, since)
    yield from settle(state, moment, ConcernCode.NO_FIRST_MEETING, standing)


def no_first_meeting_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the first meeting is missed; None once one is booked or was."""
    if state.calendar.any_meeting():
        return None
    return later(state, state.opened_at, days(moment.policy.policy.onboarding.no_first_meeting_days))


def stuck(state: Relationship, moment: Moment) -> Iterator[Event]:
    """The pair does not come to its agreement."""
    standing = timed(moment, stuck_from(state, moment))
    yield from settle(state, moment, ConcernCode.STUCK, standing)


def stuck_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the pair counts as stuck; None once its agreement stands."""
    if state.state not in (State.ONBOARDING, State.AGREEMENT):
        return None
    return later(state, state.opened_at, days(moment.policy.policy.onboarding.stuck_after_days))
