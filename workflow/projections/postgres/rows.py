"""Rows of projections on their way into PostgreSQL: as few statements as there can be, and in binary form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workflow.projections.postgres.statements import Statements, statements
from workflow.projections.rows.generations import Folded
from workflow.projections.tables import Values
from workflow.store.postgres.cursor import PostgresCursor

_MANY = 1_000
"""Rows from which on copying them beside the table and merging them from there costs less than arrays do: of 20,000
by four tenths, of 100 it costs half as much again."""


def write(cursor: PostgresCursor, folded: Folded) -> None:
    """Write the rows of one generation. One at its beginning is empty, and they are copied straight into it."""
    told = statements(folded.generation.layout)
    if folded.removals:
        cursor.execute(told.delete, _columns(folded.removals))
    rows = folded.upserts
    if not rows:
        return
    if not folded.generation.position and folded.generation.begun_by_streams:
        _copy(cursor, told.copy, told.types, rows)  # of streams that have none yet, behind the others
    elif not folded.generation.position:
        _copy_first(cursor, folded, told)
    elif len(rows) < _MANY:
        cursor.execute(told.unnest, _columns(rows))
    else:
        for statement in told.arriving:
            cursor.execute(statement)
        _copy(cursor, told.copy_arriving, told.types, rows)
        cursor.execute(told.merge)


def _copy_first(cursor: PostgresCursor, folded: Folded, told: Statements) -> None:
    """Where nobody reads them yet, and there are many, the key's index is made of them all at once: a third faster."""
    at_once = not folded.generation.live and len(folded.upserts) >= _MANY
    if at_once:
        cursor.execute(told.without_key)
    _copy(cursor, told.copy, told.types, folded.upserts)
    if at_once:
        cursor.execute(told.with_key)


def _copy(cursor: PostgresCursor, statement: str, types: Sequence[str], rows: Iterable[Values]) -> None:
    with cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _columns(rows: Iterable[Values]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
