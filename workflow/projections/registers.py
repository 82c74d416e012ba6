"""The registers of one meeting as a row keeps them.

Their instants are text, as in all rows: it compares as they do, and the domain's appliers and merge do no more than
compare them. While pages are folded a row holds the registers as they are; they are read from JSON at the first event
of a meeting and written when the rows are. What stands of the meeting is the domain's to say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from workflow.aggregates.calendars import Calendar
from workflow.aggregates.events import Outcome
from workflow.aggregates.meetings import Booking, Cancellation, Entry, Meeting, Report, standing

Name = tuple[str, str | None]
"""By what events call a meeting: a calendar UID and a recurrence id, as rows keep it."""


class Registers:
    """The calendar entries that make one meeting, and the sides that acted, by the version of the event.

    It answers to ``entry`` and ``keep`` as the domain's calendar does, so that the domain's own appliers fill it.
    ``names`` are those of all its entries, in order, where there are several.
    """

    __slots__ = ("_entries", "_sides", "names")

    def __init__(self) -> None:
        self._entries: tuple[Entry, ...] = ()  # mostly one
        self._sides: dict[str, str] | None = None
        self.names: tuple[Name, ...] = ()

    @classmethod
    def of(cls, kept: Any) -> Registers:
        """Those of a row, whether it was just folded or comes from the file."""
        if isinstance(kept, Registers):
            return kept
        self = cls()
        entries, names, self._sides = from_json(kept)
        self._entries = tuple(map(_read, entries))
        self.names = tuple((uid, recurrence) for uid, recurrence in names)
        return self

    def take(self, other: Registers) -> None:
        """Make those of another meeting this one's: it has turned out that they are one."""
        self._entries += other._entries
        if other._sides:
            self._sides = {**(self._sides or {}), **other._sides}

    def entry(self, key: Any) -> Entry:
        """The registers of one entry, empty if nothing is known of it."""
        for entry in self._entries:
            if entry.key == key:
                return entry
        return Entry(key)

    def keep(self, entry: Entry) -> None:
        """Replace an entry's registers."""
        others = self._entries
        if not others or (len(others) == 1 and others[0].key == entry.key):  # mostly
            self._entries = (entry,)
        else:
            self._entries = (*[one for one in others if one.key != entry.key], entry)
        if entry.replaces or self.names:
            names: set[Any] = {one.key for one in self._entries}
            names |= {(uid, one.key[1]) for one in self._entries for uid in one.replaces}
            self.names = tuple(sorted(names, key=_order))

    def acted(self, version: int, side: str) -> None:
        """Keep which side acted, by what the event of this version says."""
        self._sides = {**(self._sides or {}), str(version): side}

    def side(self, version: int) -> str | None:
        """Which side acted, by what the event of this version says."""
        return None if self._sides is None else self._sides.get(str(version))

    def meeting(self) -> Meeting:
        """What stands of it all. The instants of its key alone are no text."""
        entry = self._entries[0]
        if not self.names:
            return standing(_key(entry.key), (entry,))
        calendar = Calendar()
        for one in self._entries:
            calendar.keep(one._replace(key=_key(one.key)))
        meeting = calendar.meeting(_key(entry.key))
        assert meeting is not None  # something was told of that entry
        return meeting

    def text(self) -> str:
        """As a row keeps them: equal registers are equal text."""
        entries, sides = self._entries, self._sides or {}
        if len(entries) > 1:
            entries = tuple(sorted(entries, key=lambda entry: _order(entry.key)))
        if len(sides) > 1:
            sides = dict(sorted(sides.items()))
        return to_json(([_kept(entry) for entry in entries], self.names, sides)).decode()


def _order(name: Any) -> tuple[str, str]:
    return name[0], name[1] or ""


def _key(name: Any) -> tuple[str, datetime | None]:
    uid, recurrence = name
    return name if recurrence is None else (uid, datetime.fromisoformat(recurrence))


def _kept(entry: Entry) -> list[Any]:
    """In plain tuples and text: they are written in half the time that named ones and words take."""
    key, booking, cancellation, report, correction, replaces, unconfirmed_end = entry
    return [
        key,
        booking and tuple(booking),
        cancellation and tuple(cancellation),
        report and _kept_report(*report),
        correction and _kept_report(*correction),
        sorted(replaces) if replaces else (),
        unconfirmed_end,
    ]


def _kept_report(stamp: Any, outcome: Outcome, *others: Any) -> tuple[Any, ...]:
    return stamp, outcome.value, *others


def _read(kept: list[Any]) -> Entry:
    key, booking, cancellation, report, correction, replaces, unconfirmed_end = kept
    return Entry(
        tuple(key),
        None if booking is None else Booking(tuple(booking[0]), *booking[1:]),
        None if cancellation is None else Cancellation(tuple(cancellation[0]), *cancellation[1:]),
        None if report is None else Report(tuple(report[0]), Outcome(report[1]), *report[2:]),
        None if correction is None else Report(tuple(correction[0]), Outcome(correction[1]), *correction[2:]),
        frozenset(replaces),
        unconfirmed_end,
    )
