"""How projections keep their rows: a table in generations, and a view of a fixed name over the current one.

A rebuild fills the next generation while the present one serves; then the view is pointed at it. Tables are
never renamed, because a view follows the table that it was made for. The statements for it are each database's own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from hashlib import sha256
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import JSON, Dialect, Index, MetaData, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import String, TypeDecorator

from workflow.store.instants import stored

Row = dict[str, Any]
"""One row, by column, in the form in which it is stored; only JSON columns hold Python values.

Folds put the members of these in the order of their names.
"""

VIEWS = MetaData()
"""The views that queries read; each projection's file adds its own."""

Values = tuple[Any, ...]
"""One row as it is stored, in the order of its columns."""

NOT_CANONICAL = {"canonical": False}
"""Marks a column that depends on when or how we learned of something, not on what happened."""

READ_LATE = {**NOT_CANONICAL, "late": True}
"""Marks a JSON column that a fold is given as text, to read where it has to: it touches few of the rows.

The projection's ``keep`` makes text of it again.
"""


def shown(condition: str) -> dict[str, str]:
    """Marks a table of which the view shows some rows only: the others are what the fold has to remember."""
    return {"shown": condition}


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, kept as text that SQL can compare."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """What is stored."""
        return None if value is None else stored(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """What a query gives."""
        return None if value is None else datetime.fromisoformat(value)


class _JsonText(TypeDecorator[Any]):
    """JSON that is kept as text, for the sake of its one form."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """What a query gives."""
        return None if value is None else json.loads(value)


JSON_TEXT = JSON().with_variant(_JsonText(), "postgresql")
"""What a column of JSON is: text in either database."""


class GenerationTable:
    """One generation of a projection's table."""

    __slots__ = ("_in_order", "_json", "columns", "identity", "key", "name", "table", "view")

    def __init__(self, view: Table, number: int) -> None:
        self.view = view
        table = view.to_metadata(MetaData(), name=f"{view.name}_{number}")
        for index in table.indexes:
            index.name = quoted_name(f"{index.name}_{number}", quote=None)
        self.table = table
        self.name = table.name
        self.columns = [column.name for column in table.columns]
        self.key = [column.name for column in table.primary_key]
        json_columns = [column for column in table.columns if isinstance(column.type, JSON)]
        self._json = [column.name for column in json_columns if not column.info.get("late")]
        self._in_order: Callable[[Row], tuple[Any, ...]] = itemgetter(*self.columns)
        self.identity: Callable[[Sequence[Any]], tuple[Any, ...]] = itemgetter(slice(len(self.key)))
        """The primary key of a row as it is stored: the first of its columns."""

    @property
    def indexes(self) -> list[Index]:
        """Those that serve queries, in one order."""
        return sorted(self.table.indexes, key=lambda index: str(index.name))

    @property
    def select_shown(self) -> str:
        """What its view selects."""
        return f"SELECT {', '.join(self.columns)} FROM {self.name}{_condition(self.view)}"  # noqa: S608 our own names

    def row(self, values: Sequence[Any]) -> Row:
        """What was read, by column."""
        row = dict(zip(self.columns, values, strict=True))
        for name in self._json:
            row[name] = json.loads(row[name])
        return row

    def values(self, row: Row) -> Values:
        """What is written, in the order of the columns."""
        if self._json:
            row = {**row, **{name: ordered(row[name]) for name in self._json}}
        return self._in_order(row)


@cache
def generation_table(view: Table, number: int) -> GenerationTable:
    """A generation of a view; made once."""
    return GenerationTable(view, number)


def compact(value: Any) -> str:
    """JSON text in one form only, so that equal values are equal text."""
    return _encode(value)


def ordered(value: Any) -> str:
    """The same of a value whose members are in the order of their names: sorting them takes five times as long."""
    return to_json(value).decode()


def numbers(counted: Iterable[Sequence[Any]], kinds: type[StrEnum]) -> dict[str, int]:
    """What was counted by kind, with every kind named."""
    found = {row[0]: row[1] for row in counted}
    return {kind.value: found.get(kind.value, 0) for kind in kinds}


def shape(view: Table) -> str:
    """A fingerprint of a table's columns and indexes: rows of another shape have to be folded anew.

    It is the same wherever the rows are kept, and taken of how SQLite is told to make them.
    """
    layout = generation_table(view, 0)
    text = "\n".join((create_table(layout), *create_indexes(layout))) + _condition(view)
    return sha256(text.encode()).hexdigest()[:16]


def create_table(layout: GenerationTable) -> str:
    """The statement that has SQLite make it."""
    return _sql(CreateTable(layout.table))


def create_indexes(layout: GenerationTable) -> list[str]:
    """The statements that have it make the indexes."""
    return [_sql(CreateIndex(index)) for index in layout.indexes]


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def _condition(view: Table) -> str:
    return f" WHERE {view.info['shown']}" if "shown" in view.info else ""


def _sql(statement: Any) -> str:
    return str(statement.compile(dialect=_SQLITE)).strip()


_SQLITE: Dialect = sqlite.dialect(paramstyle="qmark")
