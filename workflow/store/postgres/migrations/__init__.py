"""The schemas of PostgreSQL, step by step: what is stored is never changed by another way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable

import psycopg
from psycopg import sql

from workflow.errors import Stopped
from workflow.store.postgres.pool import Connections

_NAME = re.compile(r"(\d{4})_[a-z_]+\.sql")
_LOCK = 0x6D656E74
"""The advisory lock that whoever migrates holds: two services that start at once do it one after the other."""


RUN_IT = "run that version"
"""What to do with a schema that is of a newer one."""


def migrate(connections: Connections, schema: str, steps: Traversable | None = None) -> None:
    """Bring ``schema`` to what this version knows, in one transaction.

    ``Stopped`` where it is of a newer version, or where the database does not let it be made.
    """
    known = _known(schema, steps)
    with connections.transaction() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        try:
            cursor.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS migrations"
                " (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
            )
            cursor.execute("SELECT number FROM migrations")
            applied = {number for (number,) in cursor.fetchall()}
            if said := newer(schema, applied, steps):
                raise Stopped(f"{said}: {RUN_IT}", code="schema_newer")
            for number in sorted(known.keys() - applied):
                cursor.execute(sql.SQL(known[number].read_text("utf-8")))
                cursor.execute("INSERT INTO migrations VALUES (?, ?)", (number, known[number].name))
        except psycopg.errors.InsufficientPrivilege as error:
            raise Stopped(
                f"the user of the database may not make or change the schema {schema} "
                f"({error.diag.message_primary}): grant it CREATE on the database",
                code="database_denied",
            ) from error


def newer(schema: str, applied: Iterable[int], steps: Traversable | None = None) -> str | None:
    """That a schema was made by a newer version, where some of the steps that made it are not known to this one."""
    known = _known(schema, steps)
    beyond = set(applied) - known.keys()
    if not beyond:
        return None
    step = f"step {max(beyond)}, and this one knows up to {max(known)}"
    return f"the schema {schema} was made by a newer version ({step})"


def _known(schema: str, steps: Traversable | None) -> dict[int, Traversable]:
    folder = files(__name__) / schema if steps is None else steps
    return {int(found[1]): step for step in folder.iterdir() if (found := _NAME.fullmatch(step.name))}
