"""Meetings as other services know them, merged so that order and repetition do not matter.

A calendar entry is a calendar UID and, for an occurrence of a series, its original start. Each entry keeps
four registers (booked time, cancellation, reported outcome, corrected outcome), and each register keeps
its latest fact. Entries joined by ``previous_uid`` are one meeting. What stands is computed from the
registers alone, so the same facts in any order make the same meeting.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from workflow.aggregates.events import Outcome

EntryKey = tuple[str, datetime | None]
"""A calendar UID and a recurrence id."""

Stamp = tuple[datetime, str, str]
"""(time, source, message id): the order of reports."""

ScheduleStamp = tuple[int, datetime, str, str]
"""(sequence, time, source, message id): the order of schedule facts under one UID."""


class Status(StrEnum):
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
    outcome stands beside a cancellation.
    """

    key: EntryKey
    status: Status
    starts_at: datetime | None
    ends_at: datetime | None
    cancelled_at: datetime | None
    contradicted_at: datetime | None
    versions: tuple[int, ...]

    @property
    def subject(self) -> str:
        """The meeting's name in events and rows."""
        uid, recurrence_id = self.key
        return uid if recurrence_id is None else f"{uid}#{recurrence_id.isoformat()}"


def key_order(key: EntryKey) -> tuple[str, str]:
    """Sorts entry keys, those without a recurrence id first."""
    return key[0], key[1].isoformat() if key[1] is not None else ""


class Calendar:
    """All calendar entries of one relationship and the meetings that they make."""

    __slots__ = ("_entries", "_groups", "_held", "_meetings", "_ordered")

    def __init__(self) -> None:
        self._entries: dict[EntryKey, Entry] = {}
        self._groups: dict[EntryKey, tuple[EntryKey, ...]] = {}
        self._meetings: dict[EntryKey, Meeting] = {}
        self._ordered: list[Meeting] | None = None
        self._held: list[tuple[datetime, Meeting]] | None = None

    def fork(self) -> Calendar:
        """A copy that can be changed alone; entries and meetings are values and are shared."""
        copy = Calendar.__new__(Calendar)
        copy._entries = self._entries.copy()
        copy._groups = self._groups.copy()
        copy._meetings = self._meetings.copy()
        copy._ordered = self._ordered
        copy._held = self._held
        return copy

    def entry(self, key: EntryKey) -> Entry:
        """The registers of one entry, empty if nothing is known of it."""
        return self._entries.get(key) or Entry(key)

    def is_replaced(self, key: EntryKey) -> bool:
        """Whether another entry came in place of this one."""
        group = self._groups.get(key)
        return group is not None and key in _replaced(group, self._entries)

    def meetings(self) -> list[Meeting]:
        """Every meeting with a known start, by start; callers must not change the list."""
        if self._ordered is None:
            self._ordered = sorted(
                (meeting for meeting in self._meetings.values() if meeting.starts_at is not None),
                key=lambda meeting: (meeting.starts_at, key_order(meeting.key)),
            )
        return self._ordered

    def held_ends(self) -> list[tuple[datetime, Meeting]]:
        """The held meetings by their end; callers must not change the list."""
        if self._held is None:
            self._held = [
                (meeting.ends_at, meeting)
                for meeting in self.meetings()
                if meeting.status is Status.HELD and meeting.ends_at is not None
            ]
            self._held.sort(key=lambda pair: pair[0])
        return self._held

    def keep(self, entry: Entry) -> None:
        """Replace an entry's registers and work out anew what stands of its meeting."""
        key = entry.key
        self._entries[key] = entry
        group = self._groups.get(key)
        joins = [(uid, key[1]) for uid in entry.replaces if uid != key[0]]
        if joins and (group is None or any(other not in group for other in joins)):
            group = self._join([key, *joins])
        if group is None:
            self._meetings[key] = _standing(key, (entry,))
        else:
            self._stand(group)
        self._ordered = self._held = None

    def _join(self, keys: list[EntryKey]) -> tuple[EntryKey, ...]:
        members = {member for key in keys for member in self._groups.get(key, (key,))}
        group = tuple(sorted(members, key=key_order))
        for member in group:
            self._groups[member] = group
            self._meetings.pop(member, None)
        return group

    def _stand(self, group: tuple[EntryKey, ...]) -> None:
        replaced = _replaced(group, self._entries)
        entries = tuple(
            entry if key not in replaced else entry._replace(booking=None, cancellation=None)
            for key in group
            if (entry := self._entries.get(key)) is not None
        )
        self._meetings[group[0]] = _standing(group[0], entries)


def _replaced(group: tuple[EntryKey, ...], entries: dict[EntryKey, Entry]) -> set[EntryKey]:
    """The keys that another came in place of; a link that is part of a cycle replaces nothing."""
    links = {
        key: [(uid, key[1]) for uid in sorted(entries[key].replaces)] if key in entries else []
        for key in group
    }

    def reaches(start: EntryKey, goal: EntryKey) -> bool:
        seen: set[EntryKey] = set()
        open_keys = [start]
        while open_keys:
            key = open_keys.pop()
            if key == goal:
                return True
            if key not in seen:
                seen.add(key)
                open_keys.extend(links.get(key, ()))
        return False

    return {
        previous for key, previouses in links.items() for previous in previouses if not reaches(previous, key)
    }


def _standing(key: EntryKey, entries: tuple[Entry, ...]) -> Meeting:
    """What stands of the meeting that these entries (none of them replaced in its schedule) make."""
    if len(entries) == 1:
        entry = entries[0]
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
        return Meeting(key, status, starts_at, ends_at, cancelled_at, None, versions)

    if outcome.starts_at is not None:
        starts_at, ends_at = outcome.starts_at, outcome.ends_at
    contradicted_at = None
    versions = (outcome.version,)
    if cancellation is not None and not corrected:
        contradicted_at = max(cancellation.stamp[1], outcome.stamp[0])
        versions = (cancellation.version, outcome.version)
    return Meeting(key, _STATUS[outcome.outcome], starts_at, ends_at, None, contradicted_at, versions)


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
    if own_booking is None:
        own_booking = max(
            (entry.booking for entry in entries if entry.booking), key=lambda b: b.stamp[1:], default=None
        )
    return own_booking, standing if isinstance(standing, Cancellation) else None
