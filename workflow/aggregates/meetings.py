"""Meetings as other services know them, merged so that order and repetition do not matter.

A calendar entry is a calendar UID and, for an occurrence of a series, its original start. Each entry keeps
four registers (booked time, cancellation, reported outcome, corrected outcome), and each register keeps
its latest fact. What stands is computed from the registers alone, so the same facts in any order make the
same meeting.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from workflow.aggregates.events import Outcome
from workflow.aggregates.words import Word

EntryKey = tuple[str, datetime | None]
"""A calendar UID and a recurrence id."""

Stamp = tuple[datetime, str, str]
"""(time, source, message id): the order of reports."""

ScheduleStamp = tuple[int, datetime, str, str]
"""(sequence, time, source, message id): the order of schedule facts under one UID."""


class Status(Word):
    """What stands of a meeting."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    HELD = "held"
    MISSED = "missed"
    UNCONFIRMED = "unconfirmed"
    UNKNOWN = "unknown"


class Booking(NamedTuple):
    """The latest time that an entry was given."""

    stamp: ScheduleStamp
    starts_at: datetime
    ends_at: datetime
    version: int


class Cancellation(NamedTuple):
    """The latest calling-off of an entry."""

    stamp: ScheduleStamp
    version: int


class Report(NamedTuple):
    """The latest outcome, reported or corrected."""

    stamp: Stamp
    outcome: Outcome
    starts_at: datetime | None
    ends_at: datetime | None
    version: int


class Entry(NamedTuple):
    """One calendar entry's registers. ``replaces`` are the UIDs that it said it came in place of."""

    key: EntryKey
    booking: Booking | None = None
    cancellation: Cancellation | None = None
    report: Report | None = None
    correction: Report | None = None
    replaces: frozenset[str] = frozenset()
    unconfirmed_end: datetime | None = None


class Meeting(NamedTuple):
    """What stands of a meeting. Its ``key`` is the first of the keys of the entries that make it.

    ``cancelled_at`` is when it was called off, None where a correction says so (that is never late).
    ``versions`` are those of the events that it rests on; ``contradicted_at`` is set where an uncorrected
    outcome stands beside a cancellation. ``booked_at`` is when its time was told, ``reported_at`` its outcome.
    """

    key: EntryKey
    status: Status
    starts_at: datetime | None
    ends_at: datetime | None
    cancelled_at: datetime | None
    contradicted_at: datetime | None
    versions: tuple[int, ...]
    booked_at: datetime | None = None
    reported_at: datetime | None = None

    @property
    def subject(self) -> str:
        """The meeting's name in events and rows."""
        uid, recurrence_id = self.key
        return uid if recurrence_id is None else f"{uid}#{recurrence_id.isoformat()}"


def key_order(key: EntryKey) -> tuple[str, str]:
    """Sorts entry keys, those without a recurrence id first."""
    return key[0], key[1].isoformat() if key[1] is not None else ""


def standing(key: EntryKey, entries: tuple[Entry, ...]) -> Meeting:
    """What stands of the meeting that these entries (none of them replaced in its schedule) make."""
    if len(entries) == 1:
        (entry,) = entries
        booking, cancellation = entry.booking, entry.cancellation
        report, correction = entry.report, entry.correction
        if cancellation is not None and booking is not None and booking.stamp > cancellation.stamp:
            cancellation = None
        unconfirmed_ends: tuple[datetime | None, ...] = (entry.unconfirmed_end,)
    else:
        booking, cancellation = _schedule(entries)
        report = max((e.report for e in entries if e.report), key=lambda r: r.stamp, default=None)
        correction = max((e.correction for e in entries if e.correction), key=lambda r: r.stamp, default=None)
        unconfirmed_ends = tuple(entry.unconfirmed_end for entry in entries)

    corrected = False
    outcome = report
    if correction is not None:
        if correction.outcome is not Outcome.NONE:
            outcome, corrected = correction, True
        elif report is not None and report.stamp <= correction.stamp:
            outcome = None

    starts_at = booking.starts_at if booking is not None else None
    ends_at = booking.ends_at if booking is not None else None
    if outcome is None:
        cancelled_at = None
        versions: tuple[int, ...] = ()
        if cancellation is not None:
            status, cancelled_at = Status.CANCELLED, cancellation.stamp[1]
            versions = (cancellation.version,)
        elif booking is None:
            status = Status.UNKNOWN
        else:
            status = Status.UNCONFIRMED if ends_at in unconfirmed_ends else Status.SCHEDULED
        if booking is not None:
            versions = (booking.version, *versions)
        booked_at = booking.stamp[1] if booking is not None else None
        return Meeting(key, status, starts_at, ends_at, cancelled_at, None, versions, booked_at)

    if outcome.starts_at is not None:
        starts_at, ends_at = outcome.starts_at, outcome.ends_at
    contradicted_at = None
    versions = (outcome.version,)
    if cancellation is not None and not corrected:
        contradicted_at = max(cancellation.stamp[1], outcome.stamp[0])
        versions = (cancellation.version, outcome.version)
    return Meeting(
        key,
        _STATUS[outcome.outcome],
        starts_at,
        ends_at,
        None,
        contradicted_at,
        versions,
        reported_at=outcome.stamp[0],
    )


_STATUS = {Outcome.HELD: Status.HELD, Outcome.MISSED: Status.MISSED, Outcome.CANCELLED: Status.CANCELLED}


def _schedule(entries: tuple[Entry, ...]) -> tuple[Booking | None, Cancellation | None]:
    """Of several unreplaced UIDs, whose sequences do not compare, the one with the latest standing fact."""
    standing: Booking | Cancellation | None = None
    own_booking: Booking | None = None
    for entry in entries:
        booking, cancellation = entry.booking, entry.cancellation
        if cancellation is None or (booking is not None and booking.stamp > cancellation.stamp):
            latest: Booking | Cancellation | None = booking
        else:
            latest = cancellation
        if latest is not None and (standing is None or latest.stamp[1:] > standing.stamp[1:]):
            standing, own_booking = latest, booking
    return own_booking, standing if isinstance(standing, Cancellation) else None
