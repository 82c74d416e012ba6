"""Around a meeting: its preparation, itself, what it came to, and the next one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from workflow.aggregates.events import ReminderKind
from workflow.aggregates.meetings import EntryKey, Status
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, cadence, days, hours, later, times
from workflow.aggregates.rules.reminders.wanted import MENTEES, PARTIES, Call


def around(state: Relationship, moment: Moment, until: datetime | None = None) -> Sequence[Call]:
    """Before a booked meeting its preparation and itself; after its end, until somebody tells, its outcome.

    What was booked too late to be reminded of is not, nor what has begun. Those due after ``until`` may be left out:
    whoever asks so knows of something that comes before them.
    """
    pending = state.calendar.pending()
    if not pending:
        return ()
    calls = []
    policy = moment.policy.meetings
    prepare, remind = hours(policy.preparation_hours), hours(policy.reminder_hours)
    prepared = _prepared(state) if state.prepared else {}
    before = max(prepare, remind)
    for meeting in pending:
        starts_at, ends_at, booked_at = meeting.starts_at, meeting.ends_at, meeting.booked_at
        if starts_at is None or ends_at is None or (until is not None and starts_at - before > until):
            continue
        if meeting.status is Status.SCHEDULED and moment.at < starts_at:
            if booked_at is None or booked_at <= starts_at - prepare:
                but = prepared.get(meeting.key, ())
                calls.append(Call(starts_at - prepare, ReminderKind.PREPARATION, PARTIES, starts_at, but=but))
            if booked_at is None or booked_at <= starts_at - remind:
                calls.append(Call(starts_at - remind, ReminderKind.MEETING, PARTIES, starts_at))
        for step, after in enumerate(policy.outcome_hours, 1):
            due = ends_at + hours(after)
            if until is None or due <= until:
                calls.append(Call(due, ReminderKind.OUTCOME, PARTIES, ends_at, step))
    return calls


def _prepared(state: Relationship) -> Mapping[EntryKey, Collection[UUID]]:
    """Who has prepared for each meeting."""
    found: dict[EntryKey, set[UUID]] = {}
    for entry, party in state.prepared:
        found.setdefault(state.calendar.meeting_key(entry), set()).add(party)
    return found


def booked_next(state: Relationship) -> bool:
    """Whether another meeting is booked after the last one held."""
    ends = state.calendar.held_ends()
    for meeting in state.calendar.pending() if ends else ():
        starts_at = meeting.starts_at
        if meeting.status is Status.SCHEDULED and starts_at is not None and starts_at >= ends[-1][0]:
            return True
    return False


def book_next(state: Relationship, moment: Moment) -> Call | None:
    """Where nothing is booked some time after a held meeting the mentees are reminded, but for the last days."""
    ends = state.calendar.held_ends()
    if not ends or state.state not in (State.AGREEMENT, State.ACTIVE):
        return None
    last = ends[-1][0]
    policy = moment.policy.meetings
    due = later(state, last, times(policy.book_next_after, cadence(state, moment)))
    if due is None:
        return None
    agreement = state.agreement
    if agreement is not None and agreement.term_ends_at - due <= days(policy.book_next_not_within_days):
        return None
    about = _reminded_about(state, due - last) or last
    return Call(due, ReminderKind.BOOK_NEXT_MEETING, MENTEES, about)


def _reminded_about(state: Relationship, after: timedelta) -> datetime | None:
    """The end that the last held meeting had when it was reminded about, if it was: a correction may move it.

    An earlier reminder is about the meeting that ends nearest; where it came before the last one, about another.
    """
    if not state.reminded:
        return None
    ends = [end for end, _ in state.calendar.held_ends()[-2:]]
    told = (about for kind, about, _ in state.reminded if kind is ReminderKind.BOOK_NEXT_MEETING)
    return max(
        (
            about
            for about in told
            if abs(about - ends[-1]) < after and min(ends, key=lambda end: abs(about - end)) == ends[-1]
        ),
        default=None,
    )
