"""The tables and views of generations in PostgreSQL: those that serve, and temporary ones."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import cast

import psycopg
from sqlalchemy import Connection

from workflow.errors import Stopped
from workflow.projections.analytics.view import View
from workflow.projections.postgres.analysts import drop_views, make_views
from workflow.projections.postgres.connecting import SCHEMA
from workflow.projections.postgres.rows import write
from workflow.projections.postgres.statements import statements
from workflow.projections.rows.generations import Folded
from workflow.projections.tables import GenerationTable, Values
from workflow.store.cursor import Cursor
from workflow.store.postgres.cursor import PostgresCursor

SHORTLY = "SET LOCAL lock_timeout = '50ms'"
"""Whoever comes after us waits behind us, for as long as we wait for a lock that keeps readers out."""


class Tables:
    """What is done with the tables of generations, through a cursor."""

    failures = (psycopg.Error,)
    no_row = (
        ArithmeticError,
        TypeError,
        ValueError,
        struct.error,
        psycopg.DataError,
        psycopg.IntegrityError,
        psycopg.errors.CardinalityViolation,
    )
    same = "IS NOT DISTINCT FROM"

    def create(self, cursor: Cursor, layout: GenerationTable) -> None:
        """Make a generation's table; nobody reads one of this name that is left over."""
        cursor.execute(f"DROP TABLE IF EXISTS {layout.name}")
        cursor.execute(statements(layout).create)

    def finish(self, cursor: Cursor, layout: GenerationTable) -> None:
        """Make its indexes, and have the planner know its rows before anybody asks for them.

        What it knows by a fifth of the rows that it looks at otherwise will do, until it looks by itself.
        """
        for statement in statements(layout).index:
            cursor.execute(statement)
        cursor.execute("SET LOCAL default_statistics_target = 20")
        cursor.execute(f"ANALYZE {layout.name}")

    def write(self, cursor: Cursor, folded: Folded) -> None:
        """Write rows in bulk."""
        write(cast("PostgresCursor", cursor), folded)

    def point(self, cursor: Cursor, layouts: Sequence[GenerationTable], named: Sequence[View] | None) -> None:
        """Let views show these generations.

        One whose columns are others is made anew, and with it the analysts' views, which read the old one. Views that
        others have made over it are not touched: they stop it, and are named.
        """
        anew = False
        for layout in layouts:
            cursor.execute("SAVEPOINT pointing")
            try:
                cursor.execute(statements(layout).view)
            except psycopg.errors.InvalidTableDefinition:
                cursor.execute("ROLLBACK TO pointing")
                if not anew:
                    drop_views(cursor)
                    anew = True
                _drop_view(cursor, layout.view.name)
                cursor.execute(statements(layout).view)
            cursor.execute("RELEASE pointing")
        if anew and named is not None:
            make_views(cursor, named)

    def tables(self, cursor: Cursor) -> Collection[str]:
        """All tables."""
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = ?", (SCHEMA,))
        return {name for (name,) in cursor.fetchall()}

    def drop(self, cursor: Cursor, tables: Collection[str]) -> None:
        """Remove tables; not those that a query is still reading, nor those that somebody made a view over."""
        cursor.execute(SHORTLY)
        for table in tables:
            cursor.execute("SAVEPOINT dropping")
            try:
                cursor.execute(f"DROP TABLE IF EXISTS {table}")
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DependentObjectsStillExist):
                cursor.execute("ROLLBACK TO dropping")
            cursor.execute("RELEASE dropping")


class Within(Tables):
    """Temporary tables, in a transaction that somebody else has begun and gives up in the end."""

    def __init__(self, cursor: PostgresCursor) -> None:
        self._cursor = cursor

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A part of that transaction."""
        yield self._cursor

    def looking(self) -> AbstractContextManager[Cursor]:
        """The same."""
        return self.transaction()

    def swapping(self) -> AbstractContextManager[Cursor]:
        """The same: nobody else sees these tables."""
        return self.transaction()

    def reading(self) -> AbstractContextManager[Connection]:
        """Nobody asks anything of them."""
        raise NotImplementedError

    def finish(self, cursor: Cursor, layout: GenerationTable) -> None:
        """Nor is anything found in them by an index."""

    def point(self, cursor: Cursor, layouts: Sequence[GenerationTable], named: Sequence[View] | None) -> None:
        """Nor by a view."""

    def load(self, layout: GenerationTable, relationships: Collection[str]) -> Iterable[Values]:
        """The rows of these relationships."""
        return self._cursor.execute(statements(layout).select, (list(relationships),)).fetchall()

    def tables(self, cursor: Cursor) -> Collection[str]:  # noqa: ARG002 as above
        """None is left over: they go with the transaction."""
        return ()

    def name_views(self, views: Sequence[View]) -> None:
        """No analyst reads them."""

    def close(self) -> None:
        """They go with the transaction."""


def _drop_view(cursor: Cursor, name: str) -> None:
    try:
        cursor.execute(f"DROP VIEW IF EXISTS {name}")
    except psycopg.errors.DependentObjectsStillExist as error:
        raise Stopped(
            f"others have made views over {SCHEMA}.{name}, whose columns are to change "
            f"({(error.diag.message_detail or '').splitlines()[0]}): drop these, and make them anew over the schema "
            "analytics",
            code="views_rest_on_it",
        ) from error
