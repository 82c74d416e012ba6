"""The calendar of one relationship: its entries, and the meetings that they make.

Entries joined by ``previous_uid`` are one meeting. The lists that rules ask for are worked out together and
at most once after each change, for a decision asks for each of them several times.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter, itemgetter

from workflow.aggregates.meetings import Entry, EntryKey, Meeting, Status, key_order, standing


class _Lists:
    """The meetings with a known start, and those among them that rules look at."""

    __slots__ = (
        "contradicted",
        "fails_until",
        "held",
        "meetings",
        "pending",
        "stands",
        "unkept",
        "unreported",
    )

    def __init__(self, everything: Iterable[Meeting]) -> None:
        meetings = [meeting for meeting in everything if meeting.starts_at is not None]
        meetings.sort(key=attrgetter("starts_at"))
        if len({meeting.starts_at for meeting in meetings}) < len(meetings):
            meetings.sort(key=lambda meeting: (meeting.starts_at, key_order(meeting.key)))
        self.meetings: list[Meeting] = meetings
        self.held: list[tuple[datetime, Meeting]] = []
        self.pending: list[Meeting] = []
        self.unkept: list[Meeting] = []
        self.fails_until: datetime | None = None
        self.unreported: list[Meeting] = []
        self.stands = False
        self.contradicted: list[Meeting] = []
        for meeting in meetings:
            status = meeting.status
            if status is _HELD:
                self.unkept = []
                if meeting.ends_at is not None:
                    self.held.append((meeting.ends_at, meeting))
            elif status in _PENDING:
                self.pending.append(meeting)
                if status is _UNCONFIRMED:
                    self.unreported.append(meeting)
            else:
                self.unkept.append(meeting)
                fails_at = meeting.cancelled_at or meeting.ends_at or meeting.starts_at
                if fails_at is not None and (self.fails_until is None or fails_at > self.fails_until):
                    self.fails_until = fails_at
            if status is not _CANCELLED:
                self.stands = True
                if meeting.reported_at is not None:
                    self.unreported = []
            if meeting.contradicted_at is not None:
                self.contradicted.append(meeting)
        self.held.sort(key=itemgetter(0))


# Named once: an enumeration's member is looked up several times as slowly as a module's.
_HELD, _UNCONFIRMED, _CANCELLED = Status.HELD, Status.UNCONFIRMED, Status.CANCELLED
_PENDING = (Status.SCHEDULED, Status.UNCONFIRMED)


class Calendar:
    """All calendar entries of one relationship and the meetings that they make."""

    __slots__ = ("_entries", "_groups", "_lists", "_meetings")

    def __init__(self) -> None:
        self._entries: dict[EntryKey, Entry] = {}
        self._groups: dict[EntryKey, tuple[EntryKey, ...]] = {}
        self._meetings: dict[EntryKey, Meeting] = {}
        self._lists: _Lists | None = None

    def fork(self) -> Calendar:
        """A copy that can be changed alone; entries and meetings are values and are shared."""
        copy = Calendar.__new__(Calendar)
        copy._entries = self._entries.copy()
        copy._groups = self._groups.copy()
        copy._meetings = self._meetings.copy()
        copy._lists = self._lists
        return copy

    def entry(self, key: EntryKey) -> Entry:
        """The registers of one entry, empty if nothing is known of it."""
        return self._entries.get(key) or Entry(key)

    def knows(self, key: EntryKey) -> bool:
        """Whether anything was said of this entry."""
        return key in self._entries

    def meeting_key(self, key: EntryKey) -> EntryKey:
        """The key of the meeting that an entry belongs to."""
        group = self._groups.get(key)
        return key if group is None else group[0]

    def meeting(self, key: EntryKey) -> Meeting | None:
        """What stands of the meeting that an entry belongs to; None where nothing was said of it."""
        return self._meetings.get(self.meeting_key(key))

    def is_replaced(self, key: EntryKey) -> bool:
        """Whether another entry came in place of this one."""
        group = self._groups.get(key)
        return group is not None and key in _replaced(group, self._entries)

    # --- lists that callers must not change ---------------------------------------------------------------

    def meetings(self) -> list[Meeting]:
        """Every meeting with a known start, by start."""
        return (self._lists or self._sort()).meetings

    def held_ends(self) -> list[tuple[datetime, Meeting]]:
        """The held meetings by their end."""
        return (self._lists or self._sort()).held

    def pending(self) -> list[Meeting]:
        """By start, the meetings booked of which nobody has said yet what they came to."""
        return (self._lists or self._sort()).pending

    def unkept(self) -> list[Meeting]:
        """By start, the meetings missed or called off since the last one held."""
        return (self._lists or self._sort()).unkept

    def fails_until(self) -> datetime | None:
        """By when all meetings missed or called off so far have failed: what is told ahead fails only then."""
        return (self._lists or self._sort()).fails_until

    def any_meeting(self) -> bool:
        """Whether there is a meeting that was not called off."""
        return (self._lists or self._sort()).stands

    def unreported(self) -> list[Meeting]:
        """By start, the unconfirmed meetings since the last one of which somebody told the outcome."""
        return (self._lists or self._sort()).unreported

    def reported_at(self) -> datetime | None:
        """When anybody last told the outcome of a meeting, whichever; even of one whose start is not known."""
        told = (meeting.reported_at for meeting in self._meetings.values())
        return max((at for at in told if at is not None), default=None)

    def contradicted(self) -> list[Meeting]:
        """By start, the meetings whose outcome stands beside a cancellation."""
        return (self._lists or self._sort()).contradicted

    def corrections(self) -> tuple[int, ...]:
        """The versions of the corrections of outcomes that stand, in order."""
        return tuple(sorted(entry.correction.version for entry in self._entries.values() if entry.correction))

    def _sort(self) -> _Lists:
        self._lists = lists = _Lists(self._meetings.values())
        return lists

    # --- changing -----------------------------------------------------------------------------------------

    def keep(self, entry: Entry) -> None:
        """Replace an entry's registers and work out anew what stands of its meeting."""
        key = entry.key
        self._entries[key] = entry
        group = self._groups.get(key)
        if entry.replaces:
            joins = [(uid, key[1]) for uid in entry.replaces if uid != key[0]]
            if joins and (group is None or any(other not in group for other in joins)):
                group = self._join([key, *joins])
        if group is None:
            self._meetings[key] = standing(key, (entry,))
        else:
            self._stand(group)
        self._lists = None

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
        self._meetings[group[0]] = standing(group[0], entries)


def _replaced(group: tuple[EntryKey, ...], entries: dict[EntryKey, Entry]) -> set[EntryKey]:
    """The keys that another came in place of; a link that is part of a cycle replaces nothing.

    That is one between two keys that lead to each other. All such are found in one walk: to look for a way back
    from each link would take the square of the time, and a calendar may give every change a new UID.
    """
    links = {
        key: [(uid, key[1]) for uid in sorted(entries[key].replaces)] if key in entries else []
        for key in group
    }
    circle = _circles(links)
    return {
        previous
        for key, previouses in links.items()
        for previous in previouses
        if circle.get(previous, previous) != circle[key]
    }


def _circles(links: dict[EntryKey, list[EntryKey]]) -> dict[EntryKey, EntryKey]:
    """For each key the one that stands for all that it leads to and that lead back to it (Tarjan's algorithm)."""
    number: dict[EntryKey, int] = {}
    lowest: dict[EntryKey, int] = {}
    circle: dict[EntryKey, EntryKey] = {}
    path: list[EntryKey] = []
    for start in links:
        walk = [] if start in number else [(start, iter(links[start]))]
        while walk:
            key, following = walk[-1]
            if key not in number:
                number[key] = lowest[key] = len(number)
                path.append(key)
            for other in following:
                if other not in number:
                    walk.append((other, iter(links.get(other, ()))))
                    break
                if other not in circle:
                    lowest[key] = min(lowest[key], number[other])
            else:
                walk.pop()
                if walk:
                    before = walk[-1][0]
                    lowest[before] = min(lowest[before], lowest[key])
                if lowest[key] == number[key]:
                    while circle.get(key) is None:
                        circle[path.pop()] = key
    return circle
