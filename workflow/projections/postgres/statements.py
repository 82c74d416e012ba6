"""What PostgreSQL is told to do with one generation of a projection."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Boolean, Float, Index, Integer

from workflow.projections.tables import GenerationTable

_TYPES: tuple[tuple[type[object], str], ...] = (
    (Boolean, "bool"),
    (Integer, "int8"),
    (Float, "float8"),
)
_TEXT, _BY_BYTES = "text", ' COLLATE "C"'
"""All else: instants and JSON too, as folds write and read them. It is compared by its bytes, as SQLite compares it."""


class Statements:
    """Written out here, and not compiled: a rebuild makes a new generation of every table."""

    __slots__ = (
        "arriving",
        "copy",
        "copy_arriving",
        "create",
        "delete",
        "index",
        "key_types",
        "merge",
        "select",
        "types",
        "unnest",
        "view",
        "with_key",
        "without_key",
    )

    def __init__(self, layout: GenerationTable) -> None:
        name, key, names = layout.name, ", ".join(layout.key), ", ".join(layout.columns)
        self.types = [_type(column.type) for column in layout.table.columns]
        self.key_types = self.types[: len(layout.key)]
        columns = ", ".join(
            f"{column.name} {kind}{_BY_BYTES if kind == _TEXT else ''}{'' if column.nullable else ' NOT NULL'}"
            for column, kind in zip(layout.table.columns, self.types, strict=True)
        )
        self.create = f"CREATE TABLE {name} ({columns}, CONSTRAINT {name}_pkey PRIMARY KEY ({key}))"
        self.without_key = f"ALTER TABLE {name} DROP CONSTRAINT {name}_pkey"
        self.with_key = f"ALTER TABLE {name} ADD CONSTRAINT {name}_pkey PRIMARY KEY ({key})"
        self.index = tuple(_index(layout, index) for index in layout.indexes)
        self.view = f"CREATE OR REPLACE VIEW {layout.view.name} AS {layout.select_shown}"
        self.select = f"SELECT {names} FROM {name} WHERE {layout.key[0]} = ANY(?) ORDER BY {key}"
        self.copy = f"COPY {name} ({names}) FROM STDIN (FORMAT BINARY)"
        changed = ", ".join(f"{one} = excluded.{one}" for one in layout.columns if one not in layout.key)
        unless = f"ON CONFLICT ({key}) DO UPDATE SET {changed}"
        arrays = ", ".join(f"%b::{kind}[]" for kind in self.types)
        self.unnest = f"INSERT INTO {name} ({names}) SELECT * FROM unnest({arrays}) {unless}"
        arriving = f"arriving_{layout.view.name}"
        self.arriving = (
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {arriving} (LIKE {name})",
            f"TRUNCATE {arriving}",
        )
        self.copy_arriving = f"COPY {arriving} ({names}) FROM STDIN (FORMAT BINARY)"
        self.merge = f"INSERT INTO {name} ({names}) SELECT {names} FROM {arriving} {unless}"
        keys = ", ".join(f"%b::{kind}[]" for kind in self.key_types)
        self.delete = f"DELETE FROM {name} WHERE ({key}) IN (SELECT * FROM unnest({keys}))"


@cache
def statements(layout: GenerationTable) -> Statements:
    """Those for a generation; written once."""
    return Statements(layout)


def _index(layout: GenerationTable, index: Index) -> str:
    """As SQLite has it, where an index of a table holds its key too: what a view leaves out is told by that."""
    columns = [column.name for column in index.columns]
    others = [name for name in layout.key if name not in columns] if "shown" in layout.view.info else []
    including = f" INCLUDE ({', '.join(others)})" if others else ""
    return f"CREATE INDEX IF NOT EXISTS {index.name} ON {layout.name} ({', '.join(columns)}){including}"


def _type(kind: object) -> str:
    return next((name for of, name in _TYPES if isinstance(kind, of)), _TEXT)
