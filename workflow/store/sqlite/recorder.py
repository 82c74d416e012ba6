"""Where events lie in SQLite: the library's table and classes, with the writer's needs seen to.

Three things differ from the library's recorder. Write transactions begin IMMEDIATE, so that they never fail
half-way for want of the lock. The table declares its row id, because positions must outlive a VACUUM. And
events are inserted many at a time, under positions drawn while the lock is held.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, PersistenceError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteFactory,
    SQLiteTransaction,
)
from eventsourcing.utils import Environment, get_topic

from workflow.errors import Stopped
from workflow.secret_files import own_database
from workflow.store.cursor import Cursor
from workflow.store.recorder import EventRow, Stand
from workflow.store.sqlite.cursor import SqliteCursor
from workflow.store.sqlite.schema import LATER_COLUMNS, TABLES

_PATIENCE = 10.0
"""Seconds for which a store that is closed waits for its readers."""

_PAGES_AHEAD = 16_000
"""Pages of 4 KiB in the write-ahead log before it goes into the file: batches change the same pages of indexes
again and again, and each then goes there once for many of them."""


class ImmediateTransaction(SQLiteTransaction):
    """A transaction that takes the write lock at once where it means to write."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        return cursor


class ImmediateConnection(SQLiteConnection):
    """A connection with such transactions."""

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """A transaction and its cursor."""
        with ImmediateTransaction(self, commit=commit) as cursor, cursor:
            yield cursor


class ImmediatePool(SQLiteConnectionPool):
    """A pool of such connections, each set to lose nothing that was committed.

    One that is in use is never closed: under a statement that another thread steps through, that takes the whole
    process with it. It closes by itself once nobody holds it any more.
    """

    def drain(self, seconds: float) -> None:
        """Wait until no connection is in use, so long at most."""
        with self._put_condition:
            self._put_condition.wait_for(lambda: not self._in_use, seconds)

    def close(self) -> None:
        """Close what is not in use, and let go of the rest. Garbage is closed so, too: it must not wait."""
        with self._put_condition:
            self._in_use.clear()
            super().close()

    def _create_connection(self) -> ImmediateConnection:
        connection = super()._create_connection()._sqlite_conn
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES_AHEAD}")
        return ImmediateConnection(connection, self.max_age)


class ImmediateDatastore(SQLiteDatastore):
    """A datastore with such a pool."""

    def __init__(self, db_name: str, *, lock_timeout: int = 10) -> None:
        super().__init__(db_name, lock_timeout=lock_timeout)
        self.pool = ImmediatePool(db_name=db_name, lock_timeout=lock_timeout)


class EventRecorder(SQLiteApplicationRecorder):
    """Inserts and selects stored events."""

    shared = False

    def construct_create_table_statements(self) -> list[str]:
        """The events, and the tables that commit with them."""
        events = (
            f"CREATE TABLE IF NOT EXISTS {self.events_table_name} ("
            "rowid INTEGER PRIMARY KEY, originator_id TEXT NOT NULL, originator_version INTEGER NOT NULL, "
            "topic TEXT NOT NULL, state BLOB NOT NULL, UNIQUE (originator_id, originator_version))"
        )
        return [events, *TABLES]

    def _create_table(self, c: SQLiteCursor) -> None:
        super()._create_table(c)
        for table, column, kind in LATER_COLUMNS:
            c.execute("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", (table, column))
            if c.fetchone() is None:
                c.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")

    @contextmanager
    def snapshot(self) -> Iterator[Cursor]:
        """A transaction for reading: all that it reads is of one moment."""
        with self.datastore.transaction(commit=False) as cursor, closing(_plain(cursor)) as plain:
            yield plain

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A transaction for writing, which holds the lock from its start and commits at its end."""
        with self.datastore.transaction(commit=True) as cursor, closing(_plain(cursor)) as plain:
            yield plain

    def close(self) -> None:
        """Let go of every connection, once nobody reads by it."""
        pool = self.datastore.pool
        assert isinstance(pool, ImmediatePool)
        pool.drain(_PATIENCE)
        self.datastore.close()

    def lock(self, cursor: Cursor) -> Stand:
        """How the log stands: the transaction has had the lock from its start on."""
        return self.stand(cursor)

    def stand(self, cursor: Cursor) -> Stand:
        """How the log stands now."""
        return Stand(self.head(cursor), 0)

    def which(self, cursor: Cursor) -> str:  # noqa: ARG002 nobody puts another in the place of an open file
        """There is one."""
        return ""

    def head(self, cursor: Cursor) -> int:
        """The position of the last event; under the write lock the next one is free."""
        cursor.execute(self.select_max_notification_id_statement)
        return int(cursor.fetchone()[0] or 0)

    def insert_rows(self, cursor: Cursor, rows: Sequence[EventRow]) -> None:
        """Insert events under positions that the caller drew while holding the write lock."""
        cursor.insert(self.events_table_name, rows)

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any
    ) -> Sequence[int] | None:
        cursor = _plain(c)
        first = self.head(cursor) + 1
        self.insert_rows(
            cursor,
            [
                (position, _hex(s.originator_id), s.originator_version, s.topic, s.state)
                for position, s in enumerate(stored_events, first)
            ],
        )
        return list(range(first, first + len(stored_events)))

    def select_page(
        self, cursor: Cursor, after: int, limit: int, topics: Collection[str] | None = None
    ) -> list[EventRow]:
        """Events behind the position ``after``, in order; those of some stored names alone, where these are given."""
        among, names = ("TRUE", []) if topics is None else cursor.among("topic", list(topics))
        return _rows(cursor, f"rowid > ? AND {among} ORDER BY rowid LIMIT ?", after, *names, limit)

    def select_stream(
        self, cursor: Cursor, stream: UUID, after_version: int = 0, limit: int | None = None
    ) -> list[EventRow]:
        """The events of one stream behind ``after_version``, in order."""
        condition = "originator_id = ? AND originator_version > ? ORDER BY originator_version LIMIT ?"
        return _rows(cursor, condition, stream.hex, after_version, -1 if limit is None else limit)

    def select_streams(self, cursor: Cursor, streams: Sequence[UUID]) -> list[EventRow]:
        """All events of some streams, stream by stream, of each in order."""
        found: list[EventRow] = []
        for chunk in cursor.chunks([stream.hex for stream in streams]):
            among, values = cursor.among("originator_id", chunk)
            found += _rows(cursor, f"{among} ORDER BY originator_id, originator_version", *values)
        return found

    def select_by_streams(
        self,
        cursor: Cursor,
        behind: str,
        positions: tuple[int, int],
        limit: int,
        topics: Collection[str] | None,
    ) -> list[EventRow]:
        """Events of the streams behind one, stream by stream, of each in order.

        The index of streams has them in this order; the sign keeps the planner from going by position.
        """
        among, names = ("TRUE", []) if topics is None else cursor.among("topic", list(topics))
        condition = f"originator_id > ? AND +rowid > ? AND +rowid <= ? AND {among}"
        order = "ORDER BY originator_id, originator_version LIMIT ?"
        return _rows(cursor, f"{condition} {order}", behind, *positions, *names, limit)

    def last_version(self, cursor: Cursor, stream: str) -> int:
        """The version of the last event of a stream, given in hex; 0 where it has none."""
        cursor.execute(
            f"SELECT max(originator_version) FROM {self.events_table_name} WHERE originator_id = ?", (stream,)
        )
        return int(cursor.fetchone()[0] or 0)

    def changed_since(self, cursor: Cursor, after: int) -> list[tuple[str, str]]:
        """The streams that events behind a position are of, with their names."""
        cursor.execute(
            f"SELECT DISTINCT originator_id, topic FROM {self.events_table_name} WHERE rowid > ?", (after,)
        )
        return cursor.fetchall()


def _rows(cursor: Cursor, condition: str, *values: object) -> list[EventRow]:
    cursor.execute(
        f"SELECT rowid, originator_id, originator_version, topic, state FROM stored_events WHERE {condition}",
        values,
    )
    return cursor.fetchall()


class Factory(SQLiteFactory):
    """Makes the parts of an application over such a datastore."""

    application_recorder_class = EventRecorder

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self.datastore = ImmediateDatastore(self.env.get(self.SQLITE_DBNAME) or "")

    def application_recorder(self) -> ApplicationRecorder:
        """A recorder over the file, which is made where it is missing."""
        try:
            return super().application_recorder()
        except (PersistenceError, sqlite3.DatabaseError) as error:
            name = Path(self.datastore.pool.db_name).name
            raise Stopped(
                f"{name} cannot be read ({error}); restore it from its backup", code="store_damaged"
            ) from error


def _hex(originator_id: UUID | str) -> str:
    return originator_id.hex if isinstance(originator_id, UUID) else originator_id


def _plain(cursor: SQLiteCursor) -> SqliteCursor:
    """A cursor of the same connection that gives tuples: the library's rows with names cost as much as the query."""
    plain = cursor.sqlite_cursor.connection.cursor(SqliteCursor)
    plain.row_factory = None
    return plain


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """Facts in a file."""

    path: Path

    def environment(self) -> Mapping[str, str]:
        """What has the library make our recorder over the file."""
        own_database(self.path)
        return {"PERSISTENCE_MODULE": get_topic(Factory), "SQLITE_DBNAME": str(self.path)}
