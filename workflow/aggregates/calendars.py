"""The calendar of one relationship: its entries, and the meetings that they make.

Entries joined by ``previous_uid`` are one meeting. The lists that rules ask for are worked out together once they
are asked for, and from then on follow each change of a meeting.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflow.aggregates.growing import GrowingMap
from workflow.aggregates.meeting_lists import Ended, MeetingLists
from workflow.aggregates.meetings import Entry, EntryKey, Meeting, key_order, standing


class Calendar:
    """All calendar entries of one relationship and the meetings that they make."""

    __slots__ = ("_entries", "_groups", "_lists", "_meetings", "_shared")

    def __init__(self) -> None:
        self._entries: GrowingMap[EntryKey, Entry] = GrowingMap()
        self._groups: GrowingMap[EntryKey, tuple[EntryKey, ...]] | None = None
        """Of which meeting an entry is; most relationships have none of several entries."""
        self._meetings: GrowingMap[EntryKey, Meeting] = GrowingMap()
        self._lists: MeetingLists | None = None
        self._shared = False

    def fork(self) -> Calendar:
        """A copy that can be changed alone. They share everything until one of them is changed."""
        copy = Calendar.__new__(Calendar)
        copy._entries = self._entries
        copy._groups = self._groups
        copy._meetings = self._meetings
        copy._lists = self._lists
        self._shared = copy._shared = True
        return copy

    def entry(self, key: EntryKey) -> Entry:
        """The registers of one entry, empty if nothing is known of it."""
        return self._entries.get(key) or Entry(key)

    def knows(self, key: EntryKey) -> bool:
        """Whether anything was said of this entry."""
        return key in self._entries

    def meeting_key(self, key: EntryKey) -> EntryKey:
        """The key of the meeting that an entry belongs to."""
        group = self._group(key)
        return key if group is None else group[0]

    def meeting(self, key: EntryKey) -> Meeting | None:
        """What stands of the meeting that an entry belongs to; None where nothing was said of it."""
        return self._meetings.get(self.meeting_key(key))

    def is_replaced(self, key: EntryKey) -> bool:
        """Whether another entry came in place of this one."""
        group = self._group(key)
        return group is not None and key in _replaced(group, self._entries)

    # --- lists that callers must not change ---------------------------------------------------------------

    def meetings(self) -> Sequence[Meeting]:
        """Every meeting with a known start, by start."""
        return (self._lists or self._sort()).meetings

    def held_ends(self) -> Sequence[Ended]:
        """The held meetings by their end."""
        return (self._lists or self._sort()).held

    def pending(self) -> Sequence[Meeting]:
        """By start, the meetings booked of which nobody has said yet what they came to."""
        return (self._lists or self._sort()).pending

    def unkept(self) -> Sequence[Meeting]:
        """By start, the meetings missed or called off since the last one held."""
        return (self._lists or self._sort()).unkept

    def fails_until(self) -> datetime | None:
        """By when all meetings missed or called off so far have failed: what is told ahead fails only then."""
        return (self._lists or self._sort()).fails_until()

    def any_meeting(self) -> bool:
        """Whether there is a meeting that was not called off."""
        return (self._lists or self._sort()).stands

    def unreported(self) -> Sequence[Meeting]:
        """By start, the unconfirmed meetings since the last one of which somebody told the outcome."""
        return (self._lists or self._sort()).unreported

    def reported_at(self) -> datetime | None:
        """When anybody last told the outcome of a meeting, whichever; even of one whose start is not known."""
        told = (meeting.reported_at for meeting in self._meetings.whole().values())
        return max((at for at in told if at is not None), default=None)

    def contradicted(self) -> Sequence[Meeting]:
        """By start, the meetings whose outcome stands beside a cancellation."""
        return (self._lists or self._sort()).contradicted

    def corrections(self) -> tuple[int, ...]:
        """The versions of the corrections of outcomes that stand, in order."""
        entries = self._entries.whole().values()
        return tuple(sorted(entry.correction.version for entry in entries if entry.correction))

    def _sort(self) -> MeetingLists:
        self._lists = lists = MeetingLists.of(self._meetings.whole().values())
        return lists

    def differs_in_bookings_alone(self, other: Calendar) -> bool:
        """Whether, but for which meetings are pending, the lists are those of another calendar."""
        own, others = self._lists, other._lists
        return own is not None and others is not None and own.differs_in_bookings_alone(others)

    # --- changing -----------------------------------------------------------------------------------------

    def keep(self, entry: Entry) -> None:
        """Replace an entry's registers and work out anew what stands of its meeting."""
        if self._shared:
            self._part()
        key = entry.key
        self._entries[key] = entry
        group = self._group(key)
        if entry.replaces:
            joins = [(uid, key[1]) for uid in entry.replaces if uid != key[0]]
            if joins and (group is None or any(other not in group for other in joins)):
                group = self._join([key, *joins])
        if group is None:
            self._stands(standing(key, (entry,)))
        else:
            self._stands(standing(group[0], self._unreplaced(group)))

    def _part(self) -> None:
        """From here on no other calendar has its maps."""
        self._entries, self._meetings = self._entries.fork(), self._meetings.fork()
        if self._groups is not None:
            self._groups = self._groups.fork()
        self._shared = False

    def _group(self, key: EntryKey) -> tuple[EntryKey, ...] | None:
        """The keys of all entries that make one meeting with this one, where others do."""
        return None if self._groups is None else self._groups.get(key)

    def _stands(self, meeting: Meeting) -> None:
        lists, before = self._lists, self._meetings.get(meeting.key)
        self._meetings[meeting.key] = meeting
        self._lists = None if lists is None else lists.with_change(before, meeting)

    def _join(self, keys: list[EntryKey]) -> tuple[EntryKey, ...]:
        groups = self._groups
        if groups is None:
            groups = self._groups = GrowingMap()
        members = {member for key in keys for member in groups.get(key) or (key,)}
        group = tuple(sorted(members, key=key_order))
        for member in group:
            groups[member] = group
            self._meetings.discard(member)
        self._lists = None  # several meetings are one now
        return group

    def _unreplaced(self, group: tuple[EntryKey, ...]) -> tuple[Entry, ...]:
        """The entries of a meeting; of those that another came in place of, what was said of their time is gone."""
        replaced = _replaced(group, self._entries)
        return tuple(
            entry if key not in replaced else entry._replace(booking=None, cancellation=None)
            for key in group
            if (entry := self._entries.get(key)) is not None
        )


def _replaced(group: tuple[EntryKey, ...], entries: GrowingMap[EntryKey, Entry]) -> set[EntryKey]:
    """The keys that another came in place of; a link that is part of a cycle replaces nothing.

    That is one between two keys that lead to each other. All such are found in one walk: to look for a way back
    from each link would take the square of the time, and a calendar may give every change a new UID.
    """
    links = {
        key: [(uid, key[1]) for uid in sorted(entry.replaces)] if (entry := entries.get(key)) else []
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
