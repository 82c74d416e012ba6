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
        self._entries: dict[Any, Entry] = {}
        self._sides: dict[str, str] | None = None
        self.names: tuple[Name, ...] = ()

    @classmethod
    def of(cls, kept: Any) -> Registers:
        """Those of a row, whether it was just folded or comes from the file."""
        if isinstance(kept, Registers):
            return kept
        self, kept = cls(), from_json(kept)
        for entry in map(_read, kept["entries"]):
            self._entries[entry.key] = entry
        self.names = tuple((uid, recurrence) for uid, recurrence in kept["names"])
        self._sides = kept["sides"]
        return self

    def take(self, other: Registers) -> None:
        """Make those of another meeting this one's: it has turned out that they are one."""
        self._entries.update(other._entries)
        if other._sides:
            self._sides = {**(self._sides or {}), **other._sides}

    def entry(self, key: Any) -> Entry:
        """The registers of one entry, empty if nothing is known of it."""
        return self._entries.get(key) or Entry(key)

    def keep(self, entry: Entry) -> None:
        """Replace an entry's registers."""
        self._entries[entry.key] = entry
        if entry.replaces or self.names:
            names = {(uid, key[1]) for key, one in self._entries.items() for uid in one.replaces}
            self.names = tuple(sorted(names | self._entries.keys(), key=_order))

    def acted(self, version: int, side: str) -> None:
        """Keep which side acted, by what the event of this version says."""
        self._sides = {**(self._sides or {}), str(version): side}

    def side(self, version: int) -> str | None:
        """Which side acted, by what the event of this version says."""
        return None if self._sides is None else self._sides.get(str(version))

    def meeting(self) -> Meeting:
        """What stands of it all. The instants of its key alone are no text."""
        (key, entry), *others = self._entries.items()
        if not others and not entry.replaces:
            return standing(_key(key), (entry,))
        calendar = Calendar()
        for one in self._entries.values():
            calendar.keep(one._replace(key=_key(one.key)))
        meeting = calendar.meeting(_key(key))
        assert meeting is not None  # something was told of that entry
        return meeting

    def text(self) -> str:
        """As a row keeps them: equal registers are equal text."""
        entries, sides = list(self._entries.values()), self._sides or {}
        if len(entries) > 1:
            entries.sort(key=lambda entry: _order(entry.key))
        if len(sides) > 1:
            sides = dict(sorted(sides.items()))
        kept = {"entries": [_kept(entry) for entry in entries], "names": self.names, "sides": sides}
        return to_json(kept).decode()


def _order(name: Any) -> tuple[str, str]:
    return name[0], name[1] or ""


def _key(name: Any) -> tuple[str, datetime | None]:
    uid, recurrence = name
    return uid, None if recurrence is None else datetime.fromisoformat(recurrence)


def _kept(entry: Entry) -> list[Any]:
    """In plain tuples: they are written in half the time that it takes to write named ones."""
    key, booking, cancellation, report, correction, replaces, unconfirmed_end = entry
    return [
        key,
        booking and tuple(booking),
        cancellation and tuple(cancellation),
        report and tuple(report),
        correction and tuple(correction),
        sorted(replaces) if replaces else (),
        unconfirmed_end,
    ]


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
