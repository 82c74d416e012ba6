"""Connections for reading projections: by the service's queries, and by whoever looks at them from outside."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, OperationalError

from workflow.store.postgres.cursor import PostgresCursor
from workflow.store.postgres.pool import complete
from workflow.store.postgres.unreached import FACTS_SETTING, unreached

SCHEMA = "projections"


def connect(dsn: str) -> Connection[tuple[Any, ...]]:
    """A connection in which names mean those of the projections' schema; every statement commits by itself."""
    try:
        connection = Connection[tuple[Any, ...]].connect(
            complete(dsn), autocommit=True, cursor_factory=PostgresCursor
        )
    except OperationalError as error:
        raise unreached(FACTS_SETTING, error) from None
    connection.execute(
        "SELECT set_config('search_path', ?, false), set_config('timezone', 'UTC', false)", (SCHEMA,)
    )
    return connection


MOMENT = "BEGIN ISOLATION LEVEL REPEATABLE READ"
BESIDE_NO_SWAP = "LOCK TABLE projections IN ACCESS SHARE MODE"
"""Said first in a transaction in which all that is read is to be of one moment.

Rows that were folded anew after that moment are not seen by it. So no view is pointed at them while it lasts.
"""
