"""The registers of one meeting as a row keeps them, and what a fold has to know of the relationship beside them.

While pages are folded a row holds them as they are; they are read from JSON at the first event of a meeting and
written when the rows are. What stands of the meeting is the domain's to say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from workflow.aggregates.calendars import Calendar
from workflow.aggregates.events import Outcome
from workflow.aggregates.meetings import (
    Booking,
    Cancellation,
    Entry,
    EntryKey,
    Meeting,
    Report,
    ScheduleStamp,
    key_order,
    standing,
)
from workflow.projections.tables import stored

Name = tuple[str, str]
"""By what events call a meeting: a calendar UID and a recurrence id, empty where there is none; as rows keep them."""


class Registers:
    """The calendar entries that make one meeting, and the sides that acted, by the version of the event.

    It answers to ``entry`` and ``keep`` as the domain's calendar does, so that the domain's own appliers fill it.
    ``names`` are those of all its entries, in order, where there are several.
    """

    __slots__ = ("entries", "names", "sides")

    def __init__(self) -> None:
        self.entries: dict[EntryKey, Entry] = {}
        self.names: list[Name] = []
        self.sides: dict[str, str] = {}

    @classmethod
    def of(cls, kept: Any) -> Registers:
        """Those of a row, whether it was just folded or comes from the file."""
        if isinstance(kept, Registers):
            return kept
        self, kept = cls(), from_json(kept)
        for entry in map(_read, kept["entries"]):
            self.entries[entry.key] = entry
        self.names = [(uid, recurrence) for uid, recurrence in kept["names"]]
        self.sides = kept["sides"]
        return self

    def take(self, other: Registers) -> None:
        """Make those of another meeting this one's: it has turned out that they are one."""
        self.entries.update(other.entries)
        self.sides.update(other.sides)

    def entry(self, key: EntryKey) -> Entry:
        """The registers of one entry, empty if nothing is known of it."""
        return self.entries.get(key) or Entry(key)

    def keep(self, entry: Entry) -> None:
        """Replace an entry's registers."""
        self.entries[entry.key] = entry
        if entry.replaces or self.names:
            keys = {(uid, key[1]) for key, one in self.entries.items() for uid in one.replaces}
            keys |= self.entries.keys()
            self.names = [(uid, _text(at) or "") for uid, at in sorted(keys, key=key_order)]

    def meeting(self) -> Meeting:
        """What stands of it all."""
        (key, entry), *others = self.entries.items()
        if not others and not entry.replaces:
            return standing(key, (entry,))
        calendar = Calendar()
        for one in self.entries.values():
            calendar.keep(one)
        meeting = calendar.meeting(key)
        assert meeting is not None  # something was told of that entry
        return meeting

    def text(self) -> str:
        """As a row keeps them: equal registers are equal text."""
        entries, sides = list(self.entries.values()), self.sides
        if len(entries) > 1:
            entries.sort(key=_order)
        if len(sides) > 1:
            sides = dict(sorted(sides.items()))
        return to_json(
            {"entries": [_kept(entry) for entry in entries], "names": self.names, "sides": sides}
        ).decode()


def _order(entry: Entry) -> tuple[str, str]:
    return key_order(entry.key)


# --- as JSON ---------------------------------------------------------------------------------------------
# Plain lists of text: writing named tuples and instants takes twice as long.


def _kept(entry: Entry) -> list[Any]:
    (uid, recurrence_id), booking, cancellation, report, correction, replaces, unconfirmed_end = entry
    return [
        (uid, _text(recurrence_id)),
        None if booking is None else _kept_booking(*booking),
        None if cancellation is None else _kept_cancellation(*cancellation),
        None if report is None else _kept_report(*report),
        None if correction is None else _kept_report(*correction),
        sorted(replaces) if replaces else (),
        _text(unconfirmed_end),
    ]


def _kept_booking(
    stamp: ScheduleStamp, starts_at: datetime, ends_at: datetime, version: int
) -> tuple[Any, ...]:
    sequence, at, source, message = stamp
    return sequence, stored(at), source, message, stored(starts_at), stored(ends_at), version


def _kept_cancellation(stamp: ScheduleStamp, version: int) -> tuple[Any, ...]:
    sequence, at, source, message = stamp
    return sequence, stored(at), source, message, version


def _kept_report(
    stamp: tuple[datetime, str, str],
    outcome: Outcome,
    starts_at: datetime | None,
    ends_at: datetime | None,
    version: int,
) -> tuple[Any, ...]:
    at, source, message = stamp
    return stored(at), source, message, outcome.value, _text(starts_at), _text(ends_at), version


def _read(kept: list[Any]) -> Entry:
    (uid, recurrence_id), booking, cancellation, report, correction, replaces, unconfirmed_end = kept
    return Entry(
        (uid, _instant(recurrence_id)),
        None if booking is None else _booking(*booking),
        None if cancellation is None else _cancellation(*cancellation),
        None if report is None else _report(*report),
        None if correction is None else _report(*correction),
        frozenset(replaces),
        _instant(unconfirmed_end),
    )


def _booking(
    sequence: int, at: str, source: str, message: str, starts_at: str, ends_at: str, version: int
) -> Booking:
    read = datetime.fromisoformat
    return Booking((sequence, read(at), source, message), read(starts_at), read(ends_at), version)


def _cancellation(sequence: int, at: str, source: str, message: str, version: int) -> Cancellation:
    return Cancellation((sequence, datetime.fromisoformat(at), source, message), version)


def _report(
    at: str, source: str, message: str, outcome: str, starts_at: str | None, ends_at: str | None, version: int
) -> Report:
    stamp = datetime.fromisoformat(at), source, message
    return Report(stamp, Outcome(outcome), _instant(starts_at), _instant(ends_at), version)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else stored(instant)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
