"""What is said of meetings: which event a report becomes, and whether it changes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.events.event import of_checked
from workflow.aggregates.handlers.handler import Handlers, party_of, said
from workflow.aggregates.meetings import Entry, Report
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.errors import Refused

# What reports say was validated when they came in.
_meeting_scheduled = of_checked(e.MeetingScheduled)
_meeting_rescheduled = of_checked(e.MeetingRescheduled)
_meeting_cancelled = of_checked(e.MeetingCancelled)
_meeting_held = of_checked(e.MeetingHeld)
_meeting_missed = of_checked(e.MeetingMissed)
_meeting_outcome_corrected = of_checked(e.MeetingOutcomeCorrected)

_SIDES = (e.Role.MENTOR, e.Role.MENTEE)


def report(state: Relationship, command: c.MeetingReport) -> tuple[e.Event | None, bool]:
    """The event that a report becomes, if any, and whether it is *stale*: it changes nothing that stands.

    A schedule fact of a replaced calendar UID is stale, and yet kept: should the replacing turn out to be
    a cycle, it counts again.
    """
    decided_by = _REPORTS.get(type(command))
    if decided_by is None:
        raise TypeError(f"{type(command).__name__} is no report that can be decided")
    return decided_by(state, command, state.calendar.entry((command.uid, command.recurrence_id)))


def _booked(
    state: Relationship, command: c.ReportScheduled | c.ReportRescheduled, entry: Entry
) -> tuple[e.Event | None, bool]:
    stamp = (command.sequence, command.at, command.source, command.message)
    later = entry.booking is None or stamp > entry.booking.stamp
    previous = command.previous_uid if isinstance(command, c.ReportRescheduled) else None
    joins = previous is not None and previous != command.uid and previous not in entry.replaces
    if not later and not joins:
        return None, True
    replaced = state.calendar.is_replaced(entry.key)
    if isinstance(command, c.ReportRescheduled):
        rescheduled = _meeting_rescheduled(
            occurred_at=command.at,
            provenance=e.Provenance.OBSERVED,
            uid=command.uid,
            recurrence_id=command.recurrence_id,
            source=command.source,
            message=command.message,
            sequence=command.sequence,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
            timezone=command.timezone,
            channel=command.channel,
            previous_uid=previous,
        )
        return rescheduled, replaced and not joins
    scheduled = _meeting_scheduled(
        occurred_at=command.at,
        provenance=e.Provenance.OBSERVED,
        uid=command.uid,
        recurrence_id=command.recurrence_id,
        source=command.source,
        message=command.message,
        sequence=command.sequence,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        timezone=command.timezone,
        channel=command.channel,
    )
    return scheduled, replaced


def _cancelled(state: Relationship, command: c.ReportCancelled, entry: Entry) -> tuple[e.Event | None, bool]:
    stamp = (command.sequence, command.at, command.source, command.message)
    if entry.cancellation is not None and stamp <= entry.cancellation.stamp:
        return None, True
    cancelled = _meeting_cancelled(
        occurred_at=command.at,
        provenance=e.Provenance.OBSERVED,
        uid=command.uid,
        recurrence_id=command.recurrence_id,
        source=command.source,
        message=command.message,
        sequence=command.sequence,
        cancelled_by=command.cancelled_by,
    )
    return cancelled, state.calendar.is_replaced(entry.key)


def _superseded(kept: Report | None, command: c.MeetingReport) -> bool:
    """Whether a register already keeps a report that is as late as this one."""
    return kept is not None and (command.at, command.source, command.message) <= kept.stamp


def _held(state: Relationship, command: c.ReportHeld, entry: Entry) -> tuple[e.Event | None, bool]:
    if _superseded(entry.report, command):
        return None, True
    absent = _absent_side(state, command.attended)
    if absent:
        return _missed_by(command, absent), False
    held = _meeting_held(
        occurred_at=command.at,
        provenance=e.Provenance.OBSERVED,
        uid=command.uid,
        recurrence_id=command.recurrence_id,
        source=command.source,
        message=command.message,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        attended=command.attended,
    )
    return held, False


def _missed(state: Relationship, command: c.ReportMissed, entry: Entry) -> tuple[e.Event | None, bool]:
    if _superseded(entry.report, command):
        return None, True
    return _missed_by(command, command.missed_by), False


def _missed_by(command: c.ReportHeld | c.ReportMissed, missed_by: tuple[UUID, ...]) -> e.Event:
    return _meeting_missed(
        occurred_at=command.at,
        provenance=e.Provenance.OBSERVED,
        uid=command.uid,
        recurrence_id=command.recurrence_id,
        source=command.source,
        message=command.message,
        missed_by=missed_by,
        starts_at=command.starts_at if isinstance(command, c.ReportHeld) else None,
        ends_at=command.ends_at if isinstance(command, c.ReportHeld) else None,
    )


def _corrected(state: Relationship, command: c.CorrectOutcome, entry: Entry) -> tuple[e.Event | None, bool]:
    if _superseded(entry.correction, command):
        return None, True
    absent = _absent_side(state, command.attended) if command.outcome is e.Outcome.HELD else ()
    corrected = _meeting_outcome_corrected(
        occurred_at=command.at,
        provenance=e.Provenance.CORRECTED,
        uid=command.uid,
        recurrence_id=command.recurrence_id,
        source=command.source,
        message=command.message,
        outcome=e.Outcome.MISSED if absent else command.outcome,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        attended=command.attended,
        missed_by=absent or command.missed_by,
        cancelled_by=command.cancelled_by,
    )
    return corrected, False


def _absent_side(state: Relationship, attended: tuple[UUID, ...] | None) -> tuple[UUID, ...]:
    """Held means that a mentor and a mentee came; where a side is missing, its members missed the meeting."""
    if attended is None:
        return ()
    came = {state.role(person) for person in attended}
    if came.issuperset(_SIDES):
        return ()
    return tuple(person for role in _SIDES if role not in came for person in state.persons(role))


_REPORTS: Mapping[
    type[c.MeetingReport], Callable[[Relationship, Any, Entry], tuple[e.Event | None, bool]]
] = {
    c.ReportScheduled: _booked,
    c.ReportRescheduled: _booked,
    c.ReportCancelled: _cancelled,
    c.ReportHeld: _held,
    c.ReportMissed: _missed,
    c.CorrectOutcome: _corrected,
}
"""What becomes of each kind of report, with the calendar entry that it is about."""


def _prepare(state: Relationship, command: c.NotePreparation, policy: PolicyInForce) -> list[e.Event]:
    party = party_of(state, command)
    key = (command.uid, command.recurrence_id)
    if not state.calendar.knows(key):
        raise Refused("no such meeting is known", code="meeting_unknown")
    return [
        e.PreparationNoted(
            **said(command),
            uid=command.uid,
            recurrence_id=command.recurrence_id,
            party=party,
            note=command.note,
        )
    ]


HANDLERS: Handlers = {c.NotePreparation: _prepare}
