"""Meetings that nobody reported on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from workflow.aggregates.events import Event, MeetingOutcomeUnconfirmed, Provenance
from workflow.aggregates.meetings import Meeting, Status
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment


def unconfirmed_at(meeting: Meeting, moment: Moment) -> datetime | None:
    """When a meeting will be called unconfirmed if nobody reports; None where it will not."""
    if meeting.status is not Status.SCHEDULED or meeting.ends_at is None:
        return None
    return meeting.ends_at + timedelta(hours=moment.policy.policy.meetings.unconfirmed_after_hours)


def unconfirmed(state: Relationship, moment: Moment) -> Iterator[Event]:
    """That a calendar entry's end has passed does not mean that anybody came: say that nobody knows."""
    if not moment.passing:
        return
    for meeting in state.calendar.meetings():
        due = unconfirmed_at(meeting, moment)
        if due is not None and due <= moment.at and meeting.ends_at is not None:
            uid, recurrence_id = meeting.key
            yield MeetingOutcomeUnconfirmed(
                occurred_at=moment.at,
                provenance=Provenance.INFERRED,
                policy=moment.policy.version,
                uid=uid,
                recurrence_id=recurrence_id,
                ends_at=meeting.ends_at,
            )
