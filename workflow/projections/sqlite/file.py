"""The file that projections are kept in: the only place that writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event

from workflow.projections.analytics.view import View
from workflow.projections.rows.generations import Folded
from workflow.projections.rows.storage import Comparing, Kept
from workflow.projections.sqlite.beside import Moment, comparing, moment
from workflow.projections.sqlite.naming import are_named, name_views
from workflow.projections.sqlite.statements import statements
from workflow.projections.tables import GenerationTable, Values, compact
from workflow.secret_files import own_database
from workflow.store.cursor import Cursor
from workflow.store.sqlite.cursor import SqliteCursor

_GENERATIONS = """
CREATE TABLE IF NOT EXISTS projections (
    name TEXT NOT NULL, generation INTEGER NOT NULL, live INTEGER NOT NULL, position INTEGER NOT NULL,
    state TEXT NOT NULL, cause TEXT, failed_at INTEGER, shape TEXT NOT NULL, paused_by TEXT,
    streams_until INTEGER, streams_after TEXT,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID
"""
_LATER_COLUMNS = (("paused_by", "TEXT"), ("streams_until", "INTEGER"), ("streams_after", "TEXT"))
"""Those that files of an earlier version lack."""


@dataclass(frozen=True, slots=True)
class ViewFile:
    """A file for projections."""

    path: Path

    def open(self, *, durable: bool = True) -> FileStorage:
        """Open it, made where it is missing."""
        return FileStorage(self.path, durable=durable)

    def moment(self, cancelled: Callable[[], bool] | None = None) -> AbstractContextManager[Moment]:
        """Look at it from outside; no file is made."""
        return moment(self.path, cancelled)

    def comparing(self, scratch_in: Path | None) -> AbstractContextManager[Comparing]:
        """Its rows, beside a scratch file."""
        return comparing(self.path, scratch_in, ViewFile)


def at(kept: Path | Kept) -> Kept:
    """Where projections are kept: a bare path is that of a file."""
    return ViewFile(kept) if isinstance(kept, Path) else kept


class FileStorage:
    """See ``workflow.projections.rows.storage.Storage``. Readers see one moment for as long as they like."""

    failures = (sqlite3.Error,)
    no_row = (
        ArithmeticError,
        TypeError,
        ValueError,
        sqlite3.DataError,
        sqlite3.IntegrityError,
        sqlite3.InterfaceError,
        sqlite3.ProgrammingError,
    )
    same = "IS"

    def __init__(self, path: Path, *, durable: bool) -> None:
        own_database(path)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA busy_timeout = 10000")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        self._connection.execute("PRAGMA cache_size = -65536")
        self._cursor = self._connection.cursor(SqliteCursor)
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _only_read)
        event.listen(self._engine, "begin", _begin)
        with self.transaction() as cursor:
            cursor.execute(_GENERATIONS)
            cursor.execute("PRAGMA table_info(projections)")
            there = {row[1] for row in cursor.fetchall()}
            for column, kind in _LATER_COLUMNS:
                if column not in there:
                    cursor.execute(f"ALTER TABLE projections ADD COLUMN {column} {kind}")

    def looking(self) -> AbstractContextManager[Cursor]:
        """A transaction that takes no lock unless it writes."""
        return self._between("BEGIN")

    def transaction(self) -> AbstractContextManager[Cursor]:
        """A transaction that has the file's write lock from its beginning."""
        return self._between("BEGIN IMMEDIATE")

    @contextmanager
    def _between(self, begin: str) -> Iterator[Cursor]:
        self._connection.execute(begin)
        try:
            yield self._cursor
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk has ended it already
                self._connection.execute("ROLLBACK")
            raise

    def swapping(self) -> AbstractContextManager[Cursor]:
        """The same: who reads goes on reading what there was."""
        return self.transaction()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries."""
        with self._engine.begin() as connection:
            yield connection

    def load(self, layout: GenerationTable, relationships: Collection[str]) -> Iterable[Values]:
        """The rows of these relationships."""
        return self._connection.execute(statements(layout).select, (compact(relationships),))

    def create(self, cursor: Cursor, layout: GenerationTable) -> None:
        """Make a generation's table."""
        for statement in statements(layout).create:
            cursor.execute(statement)

    def finish(self, cursor: Cursor, layout: GenerationTable) -> None:
        """Make its indexes."""
        for statement in statements(layout).index:
            cursor.execute(statement)

    def write(self, cursor: Cursor, folded: Folded) -> None:
        """Write rows one by one: it is in this process that they go into the file."""
        told = statements(folded.generation.layout)
        cursor.executemany(told.delete, folded.removals)
        cursor.executemany(told.upsert, folded.upserts)

    def point(self, cursor: Cursor, layouts: Sequence[GenerationTable], named: Sequence[View] | None) -> None:  # noqa: ARG002 a view is looked up when it is read
        """Let views show these generations; those over them follow by themselves."""
        for layout in layouts:
            for statement in statements(layout).view:
                cursor.execute(statement)

    def tables(self, cursor: Cursor) -> Collection[str]:
        """All tables."""
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in cursor.fetchall()}

    def drop(self, cursor: Cursor, tables: Collection[str]) -> None:
        """Remove tables: whoever is reading them goes on doing so."""
        for table in tables:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")

    def name_views(self, views: Sequence[View]) -> None:
        """Have the analysts' views there."""
        with self.looking() as cursor:
            named = are_named(cursor, views)
        if not named:
            with self.transaction() as cursor:
                name_views(cursor, views)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
        with suppress(sqlite3.ProgrammingError):  # closed already
            self._cursor.close()  # else its last statement keeps the file, with its write-ahead log, open
        self._connection.close()


def _only_read(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 SQLAlchemy's signature
    connection.isolation_level = None  # else a transaction would begin at the first write, which never comes
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA query_only = ON")


def _begin(connection: Connection) -> Any:
    connection.exec_driver_sql("BEGIN")
