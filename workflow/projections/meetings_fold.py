"""How the events of a meeting are merged into its row.

The merge is the domain's own, so a row cannot come to another answer than the decisions did; each row keeps
the registers beside what they come to. Nobody is named: only which side called a meeting off or missed it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from workflow.aggregates.events import (
    Event,
    MeetingCancelled,
    MeetingHeld,
    MeetingMissed,
    MeetingOutcomeCorrected,
    MeetingOutcomeUnconfirmed,
    MeetingRescheduled,
    MeetingScheduled,
    Outcome,
    RelationshipOpened,
)
from workflow.aggregates.evolve.meetings import APPLIERS
from workflow.aggregates.meetings import Status
from workflow.projections.meetings import meetings
from workflow.projections.parties import Roles, roles, side
from workflow.projections.projection import Document, Projection
from workflow.projections.registers import Name, Registers
from workflow.projections.tables import Row, ordered
from workflow.store.instants import stored
from workflow.store.recorded import Members, Recorded

_KINDS: frozenset[type[Event]] = frozenset(
    {
        RelationshipOpened,
        MeetingScheduled,
        MeetingRescheduled,
        MeetingCancelled,
        MeetingHeld,
        MeetingMissed,
        MeetingOutcomeCorrected,
        MeetingOutcomeUnconfirmed,
    }
)


_BOOKING = frozenset({MeetingScheduled, MeetingRescheduled})
_ACTING = frozenset({MeetingCancelled, MeetingMissed, MeetingOutcomeCorrected})
_SECOND = timedelta(seconds=1)
_AT_FIRST: Row = {
    **dict.fromkeys(meetings.columns.keys()),
    **dict.fromkeys(("uid", "recurrence_id", "subject", "status"), ""),
    "entries": 0,
}


class _Known:
    """What the fold knows of a relationship: who is on which side, and which row a name means.

    ``calendar`` and ``version`` are as much of it as the domain looks at when it applies an event of a meeting.
    """

    __slots__ = ("calendar", "roles", "rows", "version")

    calendar: Registers
    version: int

    def __init__(self, roles: Roles, rows: Iterable[Row] = ()) -> None:
        self.roles = roles
        self.rows: dict[Name, Row] = {}
        for row in rows:
            own = row["uid"], row["recurrence_id"] or None
            self.name(row, Registers.of(row["registers"]).names if row["entries"] > 1 else (own,))

    def name(self, row: Row, names: Iterable[Name]) -> None:
        """Have a row found by the names of the entries that it came of."""
        for name in names:
            self.rows[name] = row


def _fold(document: Document, recorded: Recorded) -> None:
    kind = recorded.kind
    event = recorded.told
    if kind is RelationshipOpened:
        document[:] = [{**_AT_FIRST, "relationship": recorded.stream_text, "registers": _Known(roles(event))}]
        return
    if kind is MeetingOutcomeCorrected:
        event = Members({**vars(event), "outcome": Outcome(event.outcome)})
    first = document[0]
    known = first["registers"]
    if type(known) is not _Known:
        known = first["registers"] = _Known(json.loads(known), document[1:])
    row = _row(document, known, event, event.previous_uid if kind is MeetingRescheduled else None)
    registers = known.calendar = row["registers"]
    known.version = recorded.version
    APPLIERS[kind](known, event)
    if registers.names:
        row["uid"], recurrence = registers.names[0]
        row["recurrence_id"] = recurrence or ""
        row["entries"] = len(registers.names)
        known.name(row, registers.names)
    if kind in _BOOKING:
        booked = row["booked_at"]
        if booked is None or event.occurred_at < booked:
            row["booked_at"] = event.occurred_at
    elif kind in _ACTING:
        acted = side(known.roles, _acting(kind, event))
        if acted is not None:
            registers.acted(recorded.version, acted)


def _row(document: Document, known: _Known, event: Any, previous: str | None) -> Row:
    """The row of the meeting that an event is of; one of two where it says that two calendar entries are one.

    A new one has as much as the fold looks at.
    """
    recurrence = event.recurrence_id
    name = event.uid, recurrence
    row = known.rows.get(name)
    other = None if previous is None else known.rows.get((previous, recurrence))
    if row is None:
        row, other = other, None
    if row is None:
        row = known.rows[name] = {
            "relationship": document[0]["relationship"],
            "uid": event.uid,
            "recurrence_id": recurrence or "",
            "booked_at": None,
            "entries": 1,
            "registers": Registers(),
        }
        document.append(row)
        return row
    row["registers"] = Registers.of(row["registers"])
    if other is not None and other is not row:
        row["registers"].take(Registers.of(other["registers"]))
        row["booked_at"] = min(filter(None, (row["booked_at"], other["booked_at"])), default=None)
        document[:] = [one for one in document if one is not other]
    return row


def _acting(kind: type[Event], event: Any) -> Iterable[Any]:
    """Who called the meeting off, or did not come, by what this event says."""
    if kind is MeetingMissed or (kind is MeetingOutcomeCorrected and event.outcome is Outcome.MISSED):
        missed_by: Iterable[Any] = event.missed_by
        return missed_by
    return () if event.cancelled_by is None else (event.cancelled_by,)


def _keep(row: Row) -> Row:
    """What the registers come to, where an event touched them. The last version is that of the event that decides."""
    registers = row["registers"]
    if type(registers) is str:
        return row
    if type(registers) is _Known:
        return {**row, "registers": ordered(registers.roles)}
    meeting: Any = registers.meeting()
    uid, recurrence = meeting.key
    acted = registers.side(meeting.versions[-1]) if meeting.versions else None
    return {
        "relationship": row["relationship"],
        "uid": uid,
        "recurrence_id": "" if recurrence is None else stored(recurrence),
        "subject": meeting.subject,
        "status": meeting.status.value,
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "booked_at": row["booked_at"],
        "lead_seconds": _seconds(row["booked_at"], meeting.starts_at),
        "cancelled_at": meeting.cancelled_at,
        "notice_seconds": _seconds(meeting.cancelled_at, meeting.starts_at),
        "cancelled_by": acted if meeting.status is Status.CANCELLED else None,
        "missed_by": acted if meeting.status is Status.MISSED else None,
        "contradicted_at": meeting.contradicted_at,
        "entries": len(registers.names) or 1,
        "registers": registers.text(),
    }


def _seconds(begin: str | None, end: str | None) -> int | None:
    """Whole seconds from one to the other; rounded down, so that under a day stays under a day."""
    if begin is None or end is None:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)) // _SECOND


def _refine(row: Row) -> Row | None:
    return row if row["uid"] else None


MEETINGS = Projection(
    "meetings",
    meetings,
    _KINDS,
    _fold,
    _refine,
    _keep,
    row="a meeting, merged from all that was told of it",
    answers="what became of meetings by month; lead time; late cancellations; the share with a next meeting booked",
)
"""A row a meeting. ``booked_at`` is when it was first told, by what we were told: of two bookings that arrive in
the wrong order the earlier one is stale and leaves no trace; so the canonical row leaves it out. ``lead_seconds``
is from there to the start, ``notice_seconds`` from the calling-off to it. A row without a UID remembers who is on
which side, and is in no view."""
