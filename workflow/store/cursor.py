"""What a unit of work says SQL through, whichever database is behind it.

Statements are written once for both: ``?`` marks a value, and only such SQL is used as SQLite and PostgreSQL both
understand. What they do not share is a method here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """Runs statements in one transaction."""

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        ...

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> object:
        """Run a statement."""
        ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement for each of some rows, which may be many."""
        ...

    def fetchone(self) -> Any:
        """The next row of what the last statement found; None where there is no more."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that the last statement found."""
        ...

    def insert(self, table: str, rows: Sequence[Sequence[Any]], *, missing: bool = False) -> None:
        """Insert whole rows, all of a table's columns in their order; only those that are ``missing``, where said."""
        ...

    def among(self, column: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """SQL that says that a column has one of some values, and its values. Many are to be asked in ``chunks``."""
        ...

    def chunks(self, values: Sequence[Any]) -> Iterable[Sequence[Any]]:
        """As many values together as one statement takes."""
        ...
