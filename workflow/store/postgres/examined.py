"""Looking at databases of PostgreSQL from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from itertools import count
from typing import Any, cast

import psycopg
from psycopg import Connection, ServerCursor, sql

from workflow.diagnosis import Finding, Grade, Shut, ok, trouble
from workflow.store.postgres.migrations import RUN_IT, newer
from workflow.store.postgres.pool import complete
from workflow.store.postgres.unreached import why

FAILURES = (psycopg.Error,)
_OLDEST = 160_000
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
_SAFE = frozenset({"on", "remote_write", "remote_apply"})
_AT_ONCE = 5_000


class LookedDatabase:
    """See ``workflow.store.examined.Looked``."""

    position = "notification_id"
    events = "notification_id, originator_id::text, originator_version, topic, state"

    def __init__(self, connection: Connection[tuple[Any, ...]], schema: str) -> None:
        self._connection = connection
        self._schema = schema
        self._numbers = count()

    def execute(self, statement: str, /) -> Iterable[Any]:
        """The rows that a query finds, some thousands at a time."""
        cursor = ServerCursor(self._connection, f"looking_{next(self._numbers)}")
        cursor.itersize = _AT_ONCE
        return cursor.execute(cast("Any", statement))

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        found = self._connection.execute("SELECT to_regclass(%s)", (f"{self._schema}.{table}",)).fetchone()
        return found is not None and found[0] is not None


@contextmanager
def look(dsn: str, schema: str) -> Iterator[LookedDatabase | None]:
    """A schema of a database; nothing can be changed by it."""
    with psycopg.connect(complete(dsn), autocommit=True) as connection:
        connection.execute("SELECT set_config('search_path', %s, false)", (schema,))
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield LookedDatabase(connection, schema)


def server(
    dsn: str, about: str, setting: str, schemas: Mapping[str, Traversable | None]
) -> Iterator[Finding]:
    """Whether a server answers, is new enough, and keeps what it says that it keeps; and of which version it is.

    ``setting`` is what names it. ``schemas`` are those that lie there, with the steps that make each, where those are
    not the store's own.
    """
    try:
        with psycopg.connect(complete(dsn), autocommit=True) as connection:
            version = connection.info.server_version
            said = {name: str(_shown(connection, name)) for name in ("server_version", *_DURABLE)}
            beyond = [_beyond(connection, schema, steps) for schema, steps in schemas.items()]
    except psycopg.OperationalError as error:
        said_so, todo = why(setting, error)
        yield Shut(about, Grade.TROUBLE, said_so, todo)
        return
    lax = [name for name in _DURABLE if said[name] not in _SAFE]
    if version < _OLDEST:
        yield trouble(about, f"PostgreSQL {said['server_version']} is older than 16", "upgrade it")
    elif lax:
        yield trouble(
            about,
            f"{', '.join(lax)} {'are' if lax[1:] else 'is'} off: what it says is stored can be lost with its machine",
            "turn it on in postgresql.conf",
        )
    else:
        yield ok(about, f"PostgreSQL {said['server_version']}, which syncs what it commits")
    for newer_one in filter(None, beyond):
        yield Shut(about, Grade.TROUBLE, newer_one, RUN_IT)


def _beyond(connection: Connection[Any], schema: str, steps: Traversable | None) -> str | None:
    """That a schema was made by a newer version; nothing where it is not there yet."""
    if not LookedDatabase(connection, schema).has("migrations"):
        return None
    query = sql.SQL("SELECT number FROM {}.migrations").format(sql.Identifier(schema))
    return newer(schema, [number for (number,) in connection.execute(query)], steps)


def _shown(connection: Connection[tuple[Any, ...]], name: str) -> object:
    row = connection.execute(cast("Any", f"SHOW {name}")).fetchone()
    return None if row is None else row[0]
