"""Reminders, and the limits on what a party is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from workflow.aggregates.events import (
    Event,
    Provenance,
    ReminderIssued,
    ReminderKind,
    ReminderSuppressed,
    Role,
)
from workflow.aggregates.meetings import Status
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, cadence, days


def book_next_due(state: Relationship, moment: Moment) -> dict[UUID, tuple[datetime, datetime]]:
    """For each mentee to be reminded to book: when, and the end of the held meeting that it is about.

    A reminder that would come too soon after the party's last one moves to the first instant permitted.
    """
    if state.state not in (State.AGREEMENT, State.ACTIVE):
        return {}
    ends = state.calendar.held_ends()
    if not ends:
        return {}
    last = ends[-1][0]
    policy = moment.policy.policy
    if any(
        meeting.status is Status.SCHEDULED and meeting.starts_at is not None and meeting.starts_at >= last
        for meeting in state.calendar.pending()
    ):
        return {}
    due = last + policy.meetings.book_next_after * cadence(state, moment)
    if state.agreement is not None and state.agreement.term_ends_at - due <= days(
        policy.meetings.book_next_not_within_days
    ):
        return {}
    dues = {}
    for mentee in state.persons(Role.MENTEE):
        recorded = state.reminded.get((ReminderKind.BOOK_NEXT_MEETING, mentee))
        if recorded is None or last not in recorded.about:
            previous = state.last_reminded.get(mentee)
            permitted = due if previous is None else max(due, previous + days(policy.reminders.one_in_days))
            dues[mentee] = (permitted, last)
    return dues


def book_next_meeting(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Nothing is booked some time after a held meeting: the mentee is reminded, once."""
    if not moment.passing:
        return
    for mentee, (due, about) in book_next_due(state, moment).items():
        if due > moment.at:
            continue
        if moment.now - moment.at > timedelta(hours=moment.policy.policy.reminders.too_late_hours):
            yield ReminderSuppressed(
                occurred_at=moment.at,
                provenance=Provenance.INFERRED,
                policy=moment.policy.version,
                kind=ReminderKind.BOOK_NEXT_MEETING,
                party=mentee,
                about=about,
                reason="too_late",
            )
        else:
            yield ReminderIssued(
                occurred_at=moment.at,
                provenance=Provenance.INFERRED,
                policy=moment.policy.version,
                kind=ReminderKind.BOOK_NEXT_MEETING,
                party=mentee,
                audience=Role.MENTEE,
                about=about,
                guidance="book_next_meeting",
            )
