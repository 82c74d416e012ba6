"""Whose text is to be destroyed, and was. What was asked commits with the event that says so.

The rows stay when it is done: where the keys are restored from an older copy, they tell which must not live.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from workflow.store.cursor import Cursor
from workflow.store.sealing import scope_of


class Destruction(NamedTuple):
    """What ``person`` wrote in ``relationship``; with ``identities`` also by what others know them."""

    relationship: UUID
    person: UUID
    identities: bool

    @property
    def scopes(self) -> tuple[str, ...]:
        """The keys that have to go."""
        author = scope_of(self.relationship, "author", str(self.person))
        own = (scope_of(self.relationship, "person", str(self.person)),) if self.identities else ()
        return (author, *own)


class Destructions:
    """The destructions as one unit of work sees and changes them."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def ask(self, destruction: Destruction) -> None:
        """It is to be done; more may be asked of what was done before."""
        relationship, person, identities = destruction
        self._cursor.execute(
            "INSERT INTO destructions VALUES (?, ?, ?, 0) ON CONFLICT (relationship, person)"
            " DO UPDATE SET done = 0,"
            " identities = CASE WHEN excluded.identities = 1 THEN 1 ELSE destructions.identities END",
            (relationship.bytes, person.bytes, int(identities)),
        )

    def finish(self, destruction: Destruction) -> bool:
        """It is done; False where it was already, or where more was asked for meanwhile."""
        relationship, person, identities = destruction
        self._cursor.execute(
            "UPDATE destructions SET done = 1"
            " WHERE relationship = ? AND person = ? AND identities = ? AND done = 0",
            (relationship.bytes, person.bytes, int(identities)),
        )
        return self._cursor.rowcount == 1

    def asked(self, limit: int) -> list[Destruction]:
        """What is still to be done."""
        return self._found("done = 0 LIMIT ?", limit)

    def done(self) -> list[Destruction]:
        """What was done, ever."""
        return self._found("done = 1")

    def forgotten(self, person: UUID) -> bool:
        """Whether by what others know ``person`` was asked to be destroyed."""
        return bool(self._found("person = ? AND identities = 1 LIMIT 1", person.bytes))

    def _found(self, condition: str, *values: object) -> list[Destruction]:
        self._cursor.execute(
            f"SELECT relationship, person, identities FROM destructions WHERE {condition}", values
        )
        return [
            Destruction(UUID(bytes=relationship), UUID(bytes=person), bool(identities))
            for relationship, person, identities in self._cursor.fetchall()
        ]
