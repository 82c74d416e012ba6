"""Meetings that nobody reported on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from workflow.aggregates.events import Event, MeetingOutcomeUnconfirmed, Provenance
from workflow.aggregates.meetings import Status
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, hours


def unconfirmed_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the next meeting will be called unconfirmed if nobody reports; None where there is none."""
    first: datetime | None = None
    for meeting in state.calendar.pending():
        end = meeting.ends_at
        if end is not None and (first is None or end < first) and meeting.status is Status.SCHEDULED:
            first = end
    return None if first is None else first + _after(moment)


def unconfirmed(state: Relationship, moment: Moment) -> Iterator[Event]:
    """That a calendar entry's end has passed does not mean that anybody came: say that nobody knows."""
    for meeting in state.calendar.pending():
        if meeting.status is not Status.SCHEDULED or meeting.ends_at is None:
            continue
        if meeting.ends_at + _after(moment) <= moment.at:
            uid, recurrence_id = meeting.key
            yield MeetingOutcomeUnconfirmed(
                occurred_at=moment.at,
                provenance=Provenance.INFERRED,
                policy=moment.policy_version,
                uid=uid,
                recurrence_id=recurrence_id,
                ends_at=meeting.ends_at,
            )


def _after(moment: Moment) -> timedelta:
    return hours(moment.policy.meetings.unconfirmed_after_hours)
