"""What a batch will ask the directory, asked at once: a thousand small questions cost more than two large ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from workflow.aggregates.events import (
    Closed,
    Destroyed,
    DestructionRequested,
    IdentityAdded,
    IdentityRemoved,
    PartyLeft,
    RelationshipOpened,
)
from workflow.store.cursor import Cursor

CalendarEntry = tuple[str, int]
"""A calendar UID and the recurrence as it is kept."""

MEMBERS_CHANGE = frozenset(
    kind.name
    for kind in (
        RelationshipOpened,
        IdentityAdded,
        IdentityRemoved,
        PartyLeft,
        Closed,
        DestructionRequested,
        Destroyed,
    )
)
"""The names of the events that come with a change of who is known by what, or of which relationship."""


class Membership(NamedTuple):
    """Somebody's part in one relationship: when that was opened, and closed or left by them, in microseconds."""

    person: UUID
    relationship: UUID
    opened_at: int
    closed_at: int | None
    left_at: int | None

    def open_at(self, instant: int | None) -> bool:
        """Whether the relationship was open then, and they were of it (None: at any time)."""
        return instant is None or (
            self.opened_at <= instant
            and (self.closed_at is None or instant < self.closed_at)
            and (self.left_at is None or instant < self.left_at)
        )


class Memberships:
    """Who is of which relationships, kept by the writer from one batch to the next, by identity hash.

    Whatever may have changed any of it forgets all of it: that is seldom, beside what asks.
    """

    def __init__(self, most: int = 50_000) -> None:
        self._most = most
        self._known: dict[bytes, list[Membership]] = {}

    def clear(self) -> None:
        """Nothing here can be relied upon."""
        self._known.clear()

    def of(self, cursor: Cursor, identities: Iterable[bytes]) -> dict[bytes, list[Membership]]:
        """The memberships of these identities; none where nobody is known by one."""
        asked = dict.fromkeys(identities)
        unknown = [identity for identity in asked if identity not in self._known]
        if len(self._known) + len(unknown) > self._most:
            self._known.clear()
            unknown = list(asked)
        self._look_up(cursor, unknown)
        return {identity: self._known[identity] for identity in asked}

    def _look_up(self, cursor: Cursor, identities: list[bytes]) -> None:
        found: dict[bytes, list[Membership]] = {identity: [] for identity in identities}
        relationships: dict[bytes, UUID] = {}
        for chunk in cursor.chunks(identities):
            among, values = cursor.among("i.hash", chunk)
            cursor.execute(
                "SELECT i.hash, i.person, m.relationship, r.opened_at, r.closed_at, d.left_at"
                " FROM identities i"
                " JOIN memberships m ON m.person = i.person"
                " JOIN relationships r ON r.relationship = m.relationship"
                " LEFT JOIN departures d ON d.person = m.person AND d.relationship = m.relationship"
                f" WHERE {among}",
                values,
            )
            for hash_, person, relationship, *instants in cursor.fetchall():
                known = relationships.get(relationship) or UUID(bytes=relationship)
                relationships[relationship] = known
                found[hash_].append(Membership(UUID(bytes=person), known, *instants))
        self._known.update(found)


class Prefetched:
    """Answers known beforehand, good for as long as nobody changes who belongs where."""

    def __init__(
        self,
        cursor: Cursor,
        identities: Iterable[bytes],
        entries: Iterable[CalendarEntry],
        memberships: Memberships,
    ) -> None:
        self.people = memberships.of(cursor, identities)
        self.holders = _holders(cursor, entries)
        self._found = {entry: tuple(holders) for entry, holders in self.holders.items() if holders}

    def still_valid(self, cursor: Cursor) -> bool:
        """Whether the calendar entries still belong to those to whom they did."""
        now = _holders(cursor, self.holders)
        return {entry: tuple(holders) for entry, holders in now.items() if holders} == self._found

    def person_in(self, relationship: UUID, identity: bytes) -> UUID | None:
        """The party of ``relationship`` known by this identity, which was prefetched."""
        for membership in self.people[identity]:
            if membership.relationship == relationship:
                return membership.person
        return None

    def relationships_of(self, identities: Sequence[bytes], at: int | None) -> list[UUID]:
        """The relationships open at ``at`` (None: at any time) that have all of these prefetched ``identities``."""
        first, *others = identities
        found = self._open_at(first, at)
        for identity in others:
            found = [one for one in self._open_at(identity, at) if one in found]
        return sorted(found)

    def _open_at(self, identity: bytes, at: int | None) -> list[UUID]:
        return [membership.relationship for membership in self.people[identity] if membership.open_at(at)]


def _holders(cursor: Cursor, entries: Iterable[CalendarEntry]) -> dict[CalendarEntry, list[UUID]]:
    """Which relationships each of some calendar entries belongs to."""
    holders: dict[CalendarEntry, list[UUID]] = {entry: [] for entry in entries}
    for names in cursor.chunks(list({uid for uid, _ in holders})):
        among, values = cursor.among("uid", names)
        cursor.execute(
            f"SELECT uid, recurrence, relationship FROM uids WHERE {among} ORDER BY relationship", values
        )
        for uid, recurrence, relationship in cursor.fetchall():
            if (uid, recurrence) in holders:
                holders[uid, recurrence].append(UUID(bytes=relationship))
    return holders
