"""Where events lie in PostgreSQL: the library's table and classes, with the writer's needs seen to.

Positions are not drawn from a sequence, whose numbers become visible in any order and have holes after a rollback: a
row that every writer locks first counts them. Events are inserted as plain arrays or copied, not as a composite type.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import (
    ConnectionPool,
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresFactory,
)
from eventsourcing.utils import Environment, get_topic
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import PoolTimeout

from workflow.store.cursor import Cursor
from workflow.store.postgres import hints
from workflow.store.postgres.cursor import PostgresCursor
from workflow.store.postgres.last_commits import LastCommits
from workflow.store.postgres.migrations import migrate
from workflow.store.postgres.pool import Connections, OneConnection
from workflow.store.recorder import EventRow, Stand

SCHEMA = "mentoring"
_DSN = "MENTORING_DSN"
_EVENTS = "originator_id, originator_version, topic, state, notification_id"
_NO_STREAM = "0" * 32
"""Before all others: no stream has this id."""


class Datastore(PostgresDatastore):
    """The library's own connections, for its own methods; no service uses them, so none is opened before one is."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dbname="", host="", port="", user="", password="", schema=SCHEMA)
        self.pool = ConnectionPool(
            make_conninfo(dsn),
            connection_class=Connection[DictRow],
            kwargs={"row_factory": dict_row},
            min_size=1,
            max_size=20,
            open=False,
            configure=self.after_connect_func(),
        )

    def register_type_adapters(self) -> None:
        """There is no composite type."""


class PostgresRecorder(PostgresApplicationRecorder):
    """Inserts and selects stored events, over a pool of connections that is ours."""

    shared = True

    def __init__(self, datastore: PostgresDatastore, connections: Connections) -> None:
        super().__init__(datastore)
        self.connections = connections
        self._commits = LastCommits(connections)

    def create_table(self) -> None:
        """Connect, and bring the schema to what this version knows."""
        self.connections.open()
        migrate(self.connections, SCHEMA)
        self.connections.learn_columns()
        self._commits.sweep()

    # --- as the store asks --------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[Cursor]:
        """A transaction for reading: all that it reads is of one moment."""
        with self.connections.snapshot() as cursor:
            yield cursor

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A transaction for writing, which commits at its end. Each statement sees what others have committed.

        Where the connection breaks off as it commits, it is asked whether it has; ``InDoubt`` where nobody says.
        """
        added, committing = False, None
        try:
            with self.connections.transaction() as cursor:
                yield cursor
                added, committing = cursor.added, cursor.numbered
        except psycopg.OperationalError:
            if committing is None or not self._commits.came_about(committing):
                raise
        if added:
            with suppress(psycopg.Error, PoolTimeout):  # all is stored; whoever follows looks without it, too
                hints.give(self.connections)

    def lock(self, cursor: Cursor) -> Stand:
        """Lock the end of the log; how it stands."""
        return self._commits.lock(cursor)

    def stand(self, cursor: Cursor) -> Stand:
        """How the log stands now."""
        cursor.execute("SELECT head, commits FROM log")
        return Stand(*cursor.fetchone())

    def which(self, cursor: Cursor) -> str:
        """Which database the log is in: one that is restored, or whose server has begun anew, is another."""
        return cast("OneConnection", cast("PostgresCursor", cursor).connection).which

    def head(self, cursor: Cursor) -> int:
        """The position of the last event; under the lock the next one is free."""
        cursor.execute("SELECT head FROM log")
        return int(cursor.fetchone()[0])

    def insert_rows(self, cursor: Cursor, rows: Sequence[EventRow]) -> None:
        """Insert events under positions behind the head, which moves to the last of them."""
        cursor.insert(
            self.events_table_name,
            [(stream, version, topic, state, position) for position, stream, version, topic, state in rows],
        )
        cursor.execute("UPDATE log SET head = ?", (rows[-1][0],))
        cast("PostgresCursor", cursor).added = True

    def select_page(
        self, cursor: Cursor, after: int, limit: int, topics: Collection[str] | None = None
    ) -> list[EventRow]:
        """Events behind the position ``after``, in order; those of some stored names alone, where these are given."""
        behind, order = "notification_id > ?", "ORDER BY notification_id LIMIT ?"
        if topics is None:
            return _rows(cursor, f"{behind} {order}", after, limit)
        return _rows(cursor, f"{behind} AND topic = ANY(?) {order}", after, list(topics), limit)

    def select_stream(
        self, cursor: Cursor, stream: UUID, after_version: int = 0, limit: int | None = None
    ) -> list[EventRow]:
        """The events of one stream behind ``after_version``, in order."""
        condition = "originator_id = ? AND originator_version > ? ORDER BY originator_version LIMIT ?"
        return _rows(cursor, condition, stream, after_version, limit)

    def select_streams(self, cursor: Cursor, streams: Sequence[UUID]) -> list[EventRow]:
        """All events of some streams, stream by stream, of each in order."""
        condition = "originator_id = ANY(?) ORDER BY originator_id, originator_version"
        return _rows(cursor, condition, list(streams))

    def select_by_streams(
        self,
        cursor: Cursor,
        behind: str,
        positions: tuple[int, int],
        limit: int,
        topics: Collection[str] | None,
    ) -> list[EventRow]:
        """Events of the streams behind one, stream by stream, of each in order.

        The key's index has them in this order: whatever the planner believes, all of them are not to be sorted for
        the sake of a page.
        """
        cursor.execute("SET LOCAL enable_sort = off")
        among, names = ("TRUE", []) if topics is None else ("topic = ANY(?)", [list(topics)])
        condition = f"originator_id > ? AND notification_id > ? AND notification_id <= ? AND {among}"
        order = "ORDER BY originator_id, originator_version LIMIT ?"
        return _rows(cursor, f"{condition} {order}", UUID(behind or _NO_STREAM), *positions, *names, limit)

    def last_version(self, cursor: Cursor, stream: str) -> int:
        """The version of the last event of a stream, given in hex; 0 where it has none."""
        cursor.execute(
            "SELECT max(originator_version) FROM stored_events WHERE originator_id = ?", (UUID(stream),)
        )
        return int(cursor.fetchone()[0] or 0)

    def changed_since(self, cursor: Cursor, after: int) -> list[tuple[str, str]]:
        """The streams that events behind a position are of, with their names."""
        own = cast("PostgresCursor", cursor)
        own.execute(
            "SELECT DISTINCT originator_id, topic FROM stored_events WHERE notification_id > ?",
            (after,),
            binary=True,
        )
        return cast("list[tuple[str, str]]", own.fetchall())

    def close(self) -> None:
        """Let go of every connection, once nobody uses it."""
        self.connections.close()
        self.datastore.close()

    # --- as the library asks ------------------------------------------------------------------------------

    def _insert_stored_events(self, curs: Any, stored_events: Sequence[StoredEvent], **_: Any) -> None:
        self._lock_table(curs)
        curs.execute(f"UPDATE {SCHEMA}.log SET head = head + %s RETURNING head", (len(stored_events),))
        first = curs.fetchone()["head"] - len(stored_events) + 1
        self._notify_channel(curs)
        rows = [
            (one.originator_id, one.originator_version, one.topic, one.state, position)
            for position, one in enumerate(stored_events, first)
        ]
        curs.execute(
            f"INSERT INTO {SCHEMA}.{self.events_table_name} ({_EVENTS}) SELECT * FROM unnest(%s::uuid[], %s::bigint[],"
            " %s::text[], %s::bytea[], %s::bigint[]) RETURNING notification_id",
            [list(column) for column in zip(*rows, strict=True)],
        )

    def _lock_table(self, curs: Any) -> None:
        """The row of the log is the lock."""


def _rows(cursor: Cursor, condition: str, *values: object) -> list[EventRow]:
    own = cast("PostgresCursor", cursor)
    own.execute(
        "SELECT notification_id, originator_id, originator_version, topic, state FROM stored_events"
        f" WHERE {condition}",
        values,
        binary=True,
    )
    return cast("list[EventRow]", own.fetchall())


class Factory(PostgresFactory):
    """Makes the parts of an application over such a datastore."""

    application_recorder_class = PostgresApplicationRecorder

    def __init__(self, env: Environment) -> None:
        self.env = env
        self._dsn = env.get(_DSN) or ""
        self.datastore = Datastore(self._dsn)

    def application_recorder(self) -> PostgresRecorder:
        """A recorder over the database, whose schema is made where it is missing."""
        recorder = PostgresRecorder(self.datastore, Connections(self._dsn, SCHEMA))
        recorder.create_table()
        return recorder


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """Facts in a database. Its name may hold a password, and is shown to nobody."""

    dsn: str = field(repr=False)

    def environment(self) -> Mapping[str, str]:
        """What has the library make our recorder over the database."""
        return {"PERSISTENCE_MODULE": get_topic(Factory), _DSN: self.dsn}
