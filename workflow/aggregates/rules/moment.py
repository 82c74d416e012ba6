"""As of when, and under which policy, the rules are asked; and the quantities that several of them share."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from workflow.aggregates.policy import Policy
from workflow.aggregates.relationship import Relationship


class Moment(NamedTuple):
    """``at`` is the instant that the rules look from; ``now`` what the clock shows.

    ``passing``: the clock is asking. What silence brings about begins only then; what a fact takes away,
    it takes away at once.
    """

    at: datetime
    now: datetime
    passing: bool
    policy_version: int
    policy: Policy


@lru_cache
def days(count: float) -> timedelta:
    """A day is 24 hours."""
    return timedelta(days=count)


@lru_cache
def hours(count: float) -> timedelta:
    """Sixty minutes each."""
    return timedelta(hours=count)


@lru_cache
def times(count: float, span: timedelta) -> timedelta:
    """A span so many times; worked out anew it costs as much as ten comparisons."""
    return count * span


def concerns_begin(state: Relationship, moment: Moment) -> datetime:
    """The first days are too early to tell; from this instant on concerns are raised."""
    return state.opened_at + days(moment.policy.concerns.too_early_days)


def cadence(state: Relationship, moment: Moment) -> timedelta:
    """C: the agreed time between meetings, else the policy's."""
    if state.agreement is not None:
        return days(state.agreement.cadence_days)
    return days(moment.policy.agreement.cadence_days)


def later(state: Relationship, base: datetime, span: timedelta) -> datetime | None:
    """When ``span`` has passed since ``base``, not counting pauses; None while one goes on that holds it up."""
    instant = base + span
    if not state.pauses:
        return instant
    for pause in state.pauses:
        if pause.since >= instant:
            break
        resumed_at = pause.resumed_at
        if resumed_at is None:
            return None
        if resumed_at > base:
            instant += resumed_at - max(pause.since, base)
    return instant


def anchor(state: Relationship, until: datetime | None = None) -> datetime | None:
    """The last sign of life: the latest of active-since, the last held end (not after ``until``), a resumption."""
    latest = state.active_since
    for end, _ in reversed(state.calendar.held_ends()):
        if until is None or end <= until:
            if latest is None or end > latest:
                latest = end
            break
    for pause in reversed(state.pauses):
        resumed_at = pause.resumed_at
        if resumed_at is not None and (until is None or resumed_at <= until):
            if latest is not None and resumed_at > latest:
                latest = resumed_at
            break
    return latest
