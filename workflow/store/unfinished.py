"""A log that is being brought in, while not all of it is here.

It commits with the pages and goes with the last one. As long as it is there nobody may add to the log: it would be
about lives that are told by half.
"""

from __future__ import annotations

from typing import NamedTuple

from workflow.errors import Stopped
from workflow.store.cursor import Cursor

TODO = "run the same `mentoring events import` again: it goes on where it was"


class Unfinished(NamedTuple):
    """The log ends at ``until``. Of what is here, ``closed`` identities stayed so for want of their keys."""

    until: int
    closed: int


class Imports:
    """The import under way, as one unit of work sees and changes it."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def unfinished(self) -> Unfinished | None:
        """The one of which not all is here; None where there is none."""
        self._cursor.execute("SELECT until, closed FROM imports")
        row = self._cursor.fetchone()
        return None if row is None else Unfinished(*row)

    def note(self, unfinished: Unfinished) -> None:
        """Not all of it is here yet."""
        self._cursor.execute(
            "INSERT INTO imports VALUES (1, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET until = excluded.until, closed = excluded.closed",
            unfinished,
        )

    def finish(self) -> None:
        """All of it is here."""
        self._cursor.execute("DELETE FROM imports")


def said(head: int, until: int) -> str:
    """How far it has come, in words."""
    return f"the log here is being imported, up to event {head} of {until}"


def refusal(head: int, unfinished: Unfinished) -> Stopped:
    """Why nothing is added to it, and what to do."""
    return Stopped(f"{said(head, unfinished.until)}; {TODO}", code="import_unfinished")
