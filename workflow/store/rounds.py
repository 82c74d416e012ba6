"""What a programme asks of all of its relationships, gone through page by page.

A round begins in the transaction of what it follows from, and each page moves it in its own, so that a crash
anywhere leaves exactly those to be asked who were not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from workflow.store.cursor import Cursor


class Purpose(StrEnum):
    """What the relationships are asked."""

    CLOSE = "close"
    """To end, because the programme has."""
    REDATE = "redate"
    """To follow the policy that the programme has adopted."""


class Round(NamedTuple):
    """How far one round has come. ``found`` is how many its present pass has found still to ask.

    ``correlation_id`` and ``person`` are those of whoever asked for it; nobody did where settings say it.
    """

    programme: str
    purpose: Purpose
    after: bytes
    found: int
    correlation_id: str
    person: UUID | None


class Rounds:
    """The rounds under way, as one unit of work sees and changes them."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def begin(self, programme: str, purpose: Purpose, correlation_id: str, person: UUID | None) -> None:
        """Ask all relationships of ``programme``, from the first one on, also where a round was under way."""
        self._cursor.execute(
            "INSERT INTO rounds VALUES (?, ?, ?, 0, ?, ?) ON CONFLICT (programme, purpose) DO UPDATE SET"
            " after = excluded.after, found = 0, correlation_id = excluded.correlation_id, person = excluded.person",
            (programme, purpose.value, b"", correlation_id, None if person is None else person.bytes),
        )

    def move(self, round: Round, after: UUID | None, found: int) -> None:
        """This pass goes on behind ``after``; without one another pass begins."""
        self._cursor.execute(
            "UPDATE rounds SET after = ?, found = ? WHERE programme = ? AND purpose = ?",
            (b"" if after is None else after.bytes, found, round.programme, round.purpose.value),
        )

    def end(self, round: Round) -> None:
        """All were asked."""
        self._cursor.execute(
            "DELETE FROM rounds WHERE programme = ? AND purpose = ?", (round.programme, round.purpose.value)
        )

    def under_way(self, programme: str | None = None) -> list[Round]:
        """The rounds that are not at their end, of one programme or of all."""
        of_one = "" if programme is None else " WHERE programme = ?"
        self._cursor.execute(
            "SELECT programme, purpose, after, found, correlation_id, person FROM rounds"
            f"{of_one} ORDER BY programme, purpose",
            () if programme is None else (programme,),
        )
        return [
            Round(name, Purpose(purpose), after, found, by, None if person is None else UUID(bytes=person))
            for name, purpose, after, found, by, person in self._cursor.fetchall()
        ]
