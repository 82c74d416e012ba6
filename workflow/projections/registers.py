"""The registers of one meeting as a row keeps them.

While a page is folded a row holds them as they are; they are read from JSON at the first event of a meeting and
written when the page is. What stands of the meeting is the domain's to say.
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


class Registers:
    """The calendar entries that make one meeting, and the sides that acted, by the version of the event.

    It answers to ``entry`` and ``keep`` as the domain's calendar does, so that the domain's own appliers fill it.
    ``names`` are those of all its entries, as they are kept, where there are several.
    """

    __slots__ = ("entries", "names", "sides")

    def __init__(self) -> None:
        self.entries: dict[EntryKey, Entry] = {}
        self.names: list[list[str]] = []
        self.sides: dict[str, str] = {}

    @classmethod
    def of(cls, kept: Any) -> Registers:
        """Those of a row, whether it was just folded or comes from the file."""
        if isinstance(kept, Registers):
            return kept
        self, kept = cls(), from_json(kept)
        for entry in map(_read, kept["entries"]):
            self.entries[entry.key] = entry
        self.names, self.sides = kept["names"], kept["sides"]
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
            self.names = [[uid, _text(at) or ""] for uid, at in sorted(keys, key=key_order)]

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
        entries = (
            sorted(self.entries.values(), key=_order) if len(self.entries) > 1 else self.entries.values()
        )
        kept = [[*entry[:5], sorted(entry.replaces), entry.unconfirmed_end] for entry in entries]
        sides = dict(sorted(self.sides.items())) if len(self.sides) > 1 else self.sides
        return to_json({"entries": kept, "names": self.names, "sides": sides}).decode()


def _order(entry: Entry) -> tuple[str, str]:
    return key_order(entry.key)


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


def _booking(stamp: list[Any], starts_at: str, ends_at: str, version: int) -> Booking:
    starts, ends = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
    return Booking(_schedule_stamp(*stamp), starts, ends, version)


def _cancellation(stamp: list[Any], version: int) -> Cancellation:
    return Cancellation(_schedule_stamp(*stamp), version)


def _schedule_stamp(sequence: int, at: str, source: str, message: str) -> ScheduleStamp:
    return sequence, datetime.fromisoformat(at), source, message


def _report(
    stamp: list[Any], outcome: str, starts_at: str | None, ends_at: str | None, version: int
) -> Report:
    at, source, message = stamp
    own = datetime.fromisoformat(at), source, message
    return Report(own, Outcome(outcome), _instant(starts_at), _instant(ends_at), version)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else stored(instant)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
