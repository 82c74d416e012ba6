"""A cursor of PostgreSQL that takes the statements which the store writes for both databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Self

from psycopg import Cursor

_FEW = 8
"""Rows up to which an ordinary statement costs less than a bulk one."""

Column = tuple[str, str]
"""The name and the type of a column."""


class PostgresCursor(Cursor[tuple[Any, ...]]):
    """See ``workflow.store.cursor``. ``columns`` are those of all tables, known once for a pool."""

    columns: dict[str, list[Column]]
    added = False
    """Whether events were inserted by it."""
    numbered: int | None = None
    """The number of what its transaction commits, once that has one."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run a statement whose values are marked by ``?``."""
        return super().execute(_marked(query) if isinstance(query, str) else query, params or None, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """Run a statement for each of some rows."""
        super().executemany(_marked(query) if isinstance(query, str) else query, params_seq, **options)

    def insert(self, table: str, rows: Sequence[Sequence[Any]], *, missing: bool = False) -> None:
        """Insert whole rows; only those that are ``missing``, where said.

        Many are copied in binary form, which costs a third of what the next best way does.
        """
        if not rows:
            return
        columns = self.columns[table]
        if len(rows) <= _FEW:
            marks = ",".join("?" * len(columns))
            unless = " ON CONFLICT DO NOTHING" if missing else ""
            self.executemany(f"INSERT INTO {table} VALUES ({marks}){unless}", rows)
        elif missing:
            arrays = ",".join(f"%b::{kind}[]" for _, kind in columns)
            values = [list(column) for column in zip(*rows, strict=True)]
            self.execute(f"INSERT INTO {table} SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING", values)
        else:
            names = ",".join(name for name, _ in columns)
            with self.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types([kind for _, kind in columns])
                for row in rows:
                    copy.write_row(row)

    def among(self, column: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """SQL that says that a column has one of some values, and its values."""
        return f"{column} = ANY(?)", [list(values)]

    def chunks(self, values: Sequence[Any]) -> Iterable[Sequence[Any]]:
        """All of them: one statement takes as many as there are."""
        return (values,) if values else ()


@lru_cache(1024)
def _marked(statement: str) -> str:
    return statement.replace("?", "%s")
