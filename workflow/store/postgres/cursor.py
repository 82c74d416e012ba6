"""A cursor of PostgreSQL that takes the statements which the store writes for both databases."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Self

from psycopg import Cursor, postgres
from psycopg.adapt import Dumper
from psycopg.pq import Format

_FEW = 8
"""Rows up to which an ordinary statement costs less than a bulk one."""

Column = tuple[str, str]
"""The name and the type of a column."""


class Together(list[Any]):
    """Byte strings, or texts, that a statement is given as one array."""


class TogetherDumper(Dumper):
    """Writes them as PostgreSQL reads them fastest, at a tenth of what arrays cost otherwise.

    A dimension, whether there are NULLs, the type of the values, their number, from which one on they count; then
    the length of each and its bytes.
    """

    format = Format.BINARY
    oid = 0  # the statement tells

    def dump(self, obj: Any) -> bytes:
        """The array."""
        text = isinstance(obj[0], str)
        kind, values = (_TEXT, [value.encode() for value in obj]) if text else (_BYTEA, obj)
        parts = [_HEAD(1, 0, kind, len(values), 1)]
        for value in values:
            parts += (_LENGTH(len(value)), value)
        return b"".join(parts)


_HEAD, _LENGTH = struct.Struct(">5i").pack, struct.Struct(">i").pack
_TEXT, _BYTEA = postgres.types["text"].oid, postgres.types["bytea"].oid


def _together(values: Iterable[Any]) -> list[Any]:
    listed = list(values)
    return Together(listed) if set(map(type, listed)) in ({bytes}, {str}) else listed


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
            values = [_together(column) for column in zip(*rows, strict=True)]
            self.execute(f"INSERT INTO {table} SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING", values)
        else:
            names = ",".join(name for name, _ in columns)
            with self.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types([kind for _, kind in columns])
                for row in rows:
                    copy.write_row(row)

    def among(self, column: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """SQL that says that a column has one of some values, and its values."""
        return f"{column} = ANY(?)", [_together(values)]

    def chunks(self, values: Sequence[Any]) -> Iterable[Sequence[Any]]:
        """All of them: one statement takes as many as there are."""
        return (values,) if values else ()


@lru_cache(1024)
def _marked(statement: str) -> str:
    return statement.replace("?", "%s")
