"""As of when, and under which policy, the rules are asked; and the quantities that several of them share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from workflow.aggregates.meetings import Meeting, Status
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship


@dataclass(frozen=True, slots=True)
class Moment:
    """``at`` is the instant that the rules look from; ``now`` what the clock shows.

    ``passing``: the clock is asking. What silence brings about begins only then; what a fact takes away,
    it takes away at once.
    """

    at: datetime
    now: datetime
    passing: bool
    policy: PolicyInForce


def days(count: float) -> timedelta:
    """A day is 24 hours."""
    return timedelta(days=count)


def cadence(state: Relationship, moment: Moment) -> timedelta:
    """C: the agreed time between meetings, else the policy's."""
    if state.agreement is not None:
        return timedelta(days=state.agreement.cadence_days)
    return timedelta(days=moment.policy.policy.agreement.cadence_days)


def held(state: Relationship) -> Iterator[Meeting]:
    """The held meetings, by start."""
    return (meeting for meeting in state.calendar.meetings() if meeting.status is Status.HELD)


def held_ends(state: Relationship) -> list[tuple[datetime, Meeting]]:
    """The ends of the held meetings, in their order."""
    ends = [(meeting.ends_at, meeting) for meeting in held(state) if meeting.ends_at is not None]
    ends.sort(key=lambda pair: pair[0])
    return ends


def anchor(state: Relationship, until: datetime | None = None) -> datetime | None:
    """The last sign of life: the latest of active-since and the last held end (not after ``until``)."""
    latest = state.active_since
    for meeting in state.calendar.meetings():
        end = meeting.ends_at
        if (
            meeting.status is Status.HELD
            and end is not None
            and (until is None or end <= until)
            and (latest is None or end > latest)
        ):
            latest = end
    return latest
