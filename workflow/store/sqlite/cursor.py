"""A cursor of SQLite, with what the store asks for beyond SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

_MOST = 500
"""Values that one statement is given together."""


class SqliteCursor(sqlite3.Cursor):
    """See ``workflow.store.cursor``."""

    def insert(self, table: str, rows: Sequence[Sequence[Any]], *, missing: bool = False) -> None:
        """Insert whole rows; only those that are ``missing``, where said."""
        if rows:
            unless = " ON CONFLICT DO NOTHING" if missing else ""
            marks = ",".join("?" * len(rows[0]))
            self.executemany(f"INSERT INTO {table} VALUES ({marks}){unless}", rows)

    def among(self, column: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """SQL that says that a column has one of some values, and its values."""
        return f"{column} IN ({','.join('?' * len(values))})", list(values)

    def chunks(self, values: Sequence[Any]) -> Iterable[Sequence[Any]]:
        """As many values together as one statement takes."""
        return (values[start : start + _MOST] for start in range(0, len(values), _MOST))
