"""Who is who and what belongs to which relationship: the look-ups that intake decides by.

Identities are known only by a keyed hash (see ``identities``); persons and relationships by their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from workflow.store.cursor import Cursor
from workflow.store.instants import to_micros
from workflow.store.prefetched import Memberships, Prefetched

_NO_RECURRENCE = -(2**62)
"""Stands for *no recurrence id* in a primary key, where NULLs would all differ."""


def _recurrence(recurrence_id: datetime | None) -> int:
    return _NO_RECURRENCE if recurrence_id is None else to_micros(recurrence_id)


class Directory:
    """The directory as one unit of work sees and changes it."""

    def __init__(self, cursor: Cursor, memberships: Memberships | None = None) -> None:
        self._cursor = cursor
        self._memberships = memberships or Memberships()
        self._prefetched: Prefetched | None = None
        self._bindings: list[tuple[str, int, bytes]] = []

    def prefetch(self, identities: Iterable[bytes], entries: Iterable[tuple[str, datetime | None]]) -> None:
        """A batch is about to ask for these identity hashes and calendar entries: look them up together."""
        asked = ((uid, _recurrence(recurrence_id)) for uid, recurrence_id in entries)
        self.flush()
        self._prefetched = Prefetched(self._cursor, identities, asked, self._memberships)

    def still_valid(self) -> bool:
        """Whether what was answered of calendar entries is so now, others having committed meanwhile.

        Who belongs where is not asked again: it changes with events alone, which whoever asks this looks at.
        """
        return self._prefetched is None or self._prefetched.still_valid(self._cursor)

    def foreseen(self) -> set[UUID]:
        """The relationships that what was looked up together may belong to."""
        prefetched = self._prefetched
        if prefetched is None:
            return set()
        of_people = {one.relationship for memberships in prefetched.people.values() for one in memberships}
        return of_people.union(*prefetched.holders.values())

    def flush(self) -> None:
        """Write the bindings that were gathered, at the end of the unit of work at the latest."""
        if self._bindings:
            self._cursor.insert("uids", self._bindings, missing=True)
            self._bindings = []

    def _look_again(self) -> None:
        """Who belongs where is about to change: nothing is known beforehand, and what may yet be undone is not kept."""
        self.flush()
        self._prefetched = None
        self._memberships.clear()
        self._memberships = Memberships()

    # --- people -------------------------------------------------------------------------------------------

    def person_of(self, identity: bytes) -> UUID | None:
        """The person known by this identity hash."""
        self._cursor.execute("SELECT person FROM identities WHERE hash = ?", (identity,))
        row = self._cursor.fetchone()
        return None if row is None else UUID(bytes=row[0])

    def person_in(self, relationship: UUID, identity: bytes) -> UUID | None:
        """The party of ``relationship``, also one that has left it, known by this identity hash."""
        if self._prefetched is not None and identity in self._prefetched.people:
            return self._prefetched.person_in(relationship, identity)
        self._cursor.execute(
            "SELECT i.person FROM identities i JOIN memberships m ON m.person = i.person"
            " WHERE i.hash = ? AND m.relationship = ?",
            (identity, relationship.bytes),
        )
        row = self._cursor.fetchone()
        return None if row is None else UUID(bytes=row[0])

    def identities_of(self, person: UUID) -> list[bytes]:
        """The identity hashes that lead to ``person``."""
        self._cursor.execute("SELECT hash FROM identities WHERE person = ? ORDER BY hash", (person.bytes,))
        return [row[0] for row in self._cursor.fetchall()]

    def met(self, person: UUID) -> bool:
        """Whether anything is known of ``person``: an identity, or a relationship that they are of."""
        self._cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM memberships WHERE person = ?)"
            " OR EXISTS (SELECT 1 FROM identities WHERE person = ?)",
            (person.bytes, person.bytes),
        )
        return bool(self._cursor.fetchone()[0])

    def identify(self, person: UUID, identities: Iterable[bytes]) -> None:
        """From now on ``person`` is known by these identity hashes, as long as nobody else is."""
        self._look_again()
        self._cursor.insert("identities", [(hash_, person.bytes) for hash_ in identities], missing=True)

    def unidentify(self, person: UUID, identity: bytes) -> None:
        """This identity hash no longer leads to ``person``."""
        self._look_again()
        self._cursor.execute("DELETE FROM identities WHERE hash = ? AND person = ?", (identity, person.bytes))

    def forget(self, person: UUID) -> None:
        """No identity leads to ``person`` any more."""
        self._look_again()
        self._cursor.execute("DELETE FROM identities WHERE person = ?", (person.bytes,))

    # --- relationships ------------------------------------------------------------------------------------

    def enrol(self, relationship: UUID, opened_at: datetime, persons: Iterable[UUID]) -> None:
        """A relationship was opened at ``opened_at`` among ``persons``."""
        self._look_again()
        self._cursor.insert("relationships", [(relationship.bytes, to_micros(opened_at), None)], missing=True)
        self._cursor.insert(
            "memberships", [(person.bytes, relationship.bytes) for person in persons], missing=True
        )

    def leave(self, relationship: UUID, person: UUID, at: datetime) -> None:
        """``person`` left at ``at``; meetings that start then or later, and name them, are not this pair's."""
        self._look_again()
        self._cursor.insert("departures", [(person.bytes, relationship.bytes, to_micros(at))], missing=True)

    def close(self, relationship: UUID, at: datetime) -> None:
        """The relationship ended at ``at``; meetings that start then or later are not its own."""
        self._look_again()
        self._cursor.execute(
            "UPDATE relationships SET closed_at = ? WHERE relationship = ?",
            (to_micros(at), relationship.bytes),
        )

    def page(self, after: bytes, limit: int, *, still_open: bool) -> list[UUID]:
        """Relationships by id, from the one behind ``after`` on; those alone that are ``still_open``, or all."""
        self._cursor.execute(
            "SELECT relationship FROM relationships WHERE relationship > ?"
            f"{' AND closed_at IS NULL' if still_open else ''} ORDER BY relationship LIMIT ?",
            (after, limit),
        )
        return [UUID(bytes=row[0]) for row in self._cursor.fetchall()]

    def knows(self, relationship: UUID) -> bool:
        """Whether a relationship of this id was ever opened."""
        self._cursor.execute("SELECT 1 FROM relationships WHERE relationship = ?", (relationship.bytes,))
        return self._cursor.fetchone() is not None

    def relationships_of(self, identities: Sequence[bytes], at: datetime | None) -> list[UUID]:
        """The relationships open at ``at`` (None: at any time) that have all of ``identities`` then."""
        prefetched = self._prefetched
        if prefetched is not None and all(name in prefetched.people for name in identities):
            return prefetched.relationships_of(identities, None if at is None else to_micros(at))
        among, wanted = self._cursor.among("i.hash", identities)
        window = ""
        if at is not None:
            window = (
                " AND r.opened_at <= ? AND (r.closed_at IS NULL OR r.closed_at > ?)"
                " AND (d.left_at IS NULL OR d.left_at > ?)"
            )
            wanted += [to_micros(at)] * 3
        self._cursor.execute(
            "SELECT m.relationship FROM identities i"
            " JOIN memberships m ON m.person = i.person"
            " JOIN relationships r ON r.relationship = m.relationship"
            " LEFT JOIN departures d ON d.person = m.person AND d.relationship = m.relationship"
            f" WHERE {among}{window}"
            " GROUP BY m.relationship HAVING count(*) = ?",
            [*wanted, len(set(identities))],
        )
        return [UUID(bytes=row[0]) for row in self._cursor.fetchall()]

    def opened_later(self, identities: Sequence[bytes], at: datetime) -> bool:
        """Whether a relationship that has all of ``identities`` was opened after ``at``."""
        having = [relationship.bytes for relationship in self.relationships_of(identities, None)]
        among, values = self._cursor.among("relationship", having)
        self._cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM relationships WHERE opened_at > ? AND {among})",
            [to_micros(at), *values],
        )
        return bool(self._cursor.fetchone()[0])

    # --- meetings -----------------------------------------------------------------------------------------

    def bind(self, uid: str, recurrence_id: datetime | None, relationship: UUID) -> bool:
        """This calendar entry belongs to ``relationship``; True where that is news."""
        recurrence = _recurrence(recurrence_id)
        holders = None if self._prefetched is None else self._prefetched.holders.get((uid, recurrence))
        if holders is not None:
            if relationship in holders:
                return False
            holders.append(relationship)
            self._bindings.append((uid, recurrence, relationship.bytes))
            return True
        self._cursor.execute(
            "INSERT INTO uids VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (uid, recurrence, relationship.bytes)
        )
        return self._cursor.rowcount == 1

    def bound(self, uid: str, recurrence_id: datetime | None) -> list[UUID]:
        """The relationships that this calendar entry belongs to."""
        entry = uid, _recurrence(recurrence_id)
        holders = None if self._prefetched is None else self._prefetched.holders.get(entry)
        if holders is not None:
            return list(holders)
        self._cursor.execute("SELECT relationship FROM uids WHERE uid = ? AND recurrence = ?", entry)
        return [UUID(bytes=row[0]) for row in self._cursor.fetchall()]

    def holding(self, uid: str, recurrence_id: datetime | None, identities: Sequence[bytes]) -> list[UUID]:
        """The relationships that this calendar entry belongs to and that have all of ``identities``."""
        return [
            relationship
            for relationship in self.bound(uid, recurrence_id)
            if all(self.person_in(relationship, identity) is not None for identity in identities)
        ]
