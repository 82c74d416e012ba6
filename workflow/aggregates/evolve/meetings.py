"""What becomes known of meetings."""

from __future__ import annotations

from workflow.aggregates import events as e
from workflow.aggregates.evolve.applier import Appliers
from workflow.aggregates.meetings import Booking, Cancellation, Entry, Report
from workflow.aggregates.relationship import Relationship


def _booked(state: Relationship, event: e.MeetingScheduled) -> None:
    state.calendar.keep(_with_booking(state, event))


def _moved(state: Relationship, event: e.MeetingRescheduled) -> None:
    entry = _with_booking(state, event)
    if event.previous_uid is not None:
        entry = entry._replace(replaces=entry.replaces | {event.previous_uid})
    state.calendar.keep(entry)


def _with_booking(state: Relationship, event: e.MeetingScheduled | e.MeetingRescheduled) -> Entry:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    stamp = (event.sequence, event.occurred_at, event.source, event.message)
    if entry.booking is None or stamp > entry.booking.stamp:
        booking = Booking(stamp, event.starts_at, event.ends_at, state.version)
        entry = Entry(entry.key, booking, *entry[2:])
    return entry


def _cancelled(state: Relationship, event: e.MeetingCancelled) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    stamp = (event.sequence, event.occurred_at, event.source, event.message)
    state.calendar.keep(entry._replace(cancellation=Cancellation(stamp, state.version)))


def _held(state: Relationship, event: e.MeetingHeld) -> None:
    _report(state, event, e.Outcome.HELD)


def _missed(state: Relationship, event: e.MeetingMissed) -> None:
    _report(state, event, e.Outcome.MISSED)


def _report(state: Relationship, event: e.MeetingHeld | e.MeetingMissed, outcome: e.Outcome) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    stamp = (event.occurred_at, event.source, event.message)
    report = Report(stamp, outcome, event.starts_at, event.ends_at, state.version)
    state.calendar.keep(Entry(entry.key, entry.booking, entry.cancellation, report, *entry[4:]))


def _corrected(state: Relationship, event: e.MeetingOutcomeCorrected) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    stamp = (event.occurred_at, event.source, event.message)
    correction = Report(stamp, event.outcome, event.starts_at, event.ends_at, state.version)
    state.calendar.keep(entry._replace(correction=correction))


def _unconfirmed(state: Relationship, event: e.MeetingOutcomeUnconfirmed) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    state.calendar.keep(entry._replace(unconfirmed_end=event.ends_at))


def _prepared(state: Relationship, event: e.PreparationNoted) -> None:
    state.prepared |= {((event.uid, event.recurrence_id), event.party)}


APPLIERS: Appliers = {
    e.MeetingScheduled: _booked,
    e.MeetingRescheduled: _moved,
    e.MeetingCancelled: _cancelled,
    e.MeetingHeld: _held,
    e.MeetingMissed: _missed,
    e.MeetingOutcomeCorrected: _corrected,
    e.MeetingOutcomeUnconfirmed: _unconfirmed,
    e.PreparationNoted: _prepared,
}
