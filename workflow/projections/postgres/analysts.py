"""The views that analysts read, with the types of PostgreSQL, and the role that may read them and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import cast

import psycopg
from psycopg import sql

from workflow.errors import Stopped
from workflow.projections.analytics.columns import Column, Kind
from workflow.projections.analytics.view import View
from workflow.store.cursor import Cursor
from workflow.store.postgres.cursor import PostgresCursor

SCHEMA = "analytics"
ROLE = "mentoring_analyst"

_TYPES = {
    Kind.INTEGER: "bigint",
    Kind.NUMBER: "double precision",
    Kind.BOOLEAN: "boolean",
    Kind.INSTANT: "timestamp with time zone",
}
"""What a column is; days and months are text, as everywhere."""

_TRIES, _AT_MOST_MS = 20, 250

_FUNCTIONS = (
    "julianday(text)",
    "round(double precision, integer)",
    "json_extract(text, text)",
    "json_each(text)",
)

NAMED = f"""
    SELECT name, statement FROM analysts_views
    WHERE definition = pg_get_viewdef(to_regclass('{SCHEMA}.' || name))
"""
"""Those that are there as they were made, with the statements that made them."""

_log = logging.getLogger(__name__)


def full_name(view: View) -> str:
    """What SQL calls it here."""
    return f"{SCHEMA}.{view.name}"


def statement(view: View) -> str:
    """The statement that makes a view.

    It is a barrier: rows that it leaves out are shown to no function that an analyst has put into a query.
    """
    columns = ",\n    ".join(map(_selected, view.columns))
    return (
        f"CREATE OR REPLACE VIEW {full_name(view)} WITH (security_barrier) AS\nSELECT\n    {columns}\n"
        f"{view.source.strip()}"
    )


def _selected(column: Column) -> str:
    value, kind = column.sql or column.name, _TYPES.get(column.kind)
    return f"{value} AS {column.name}" if kind is None else f"CAST({value} AS {kind}) AS {column.name}"


Transaction = Callable[[], AbstractContextManager[Cursor]]


def name_views(looking: Transaction, transaction: Transaction, views: Sequence[View]) -> None:
    """Have the views there, and none of an earlier version; what others made stays. Let the role read them."""
    with looking() as cursor:
        cursor.execute(NAMED)
        named = set(cursor.fetchall()) == {(view.name, statement(view)) for view in views}
        granted = _is_granted(cursor, views)
    if not named:
        _make(transaction, views)
    if not granted:
        _grant(transaction, views)


def _make(transaction: Transaction, views: Sequence[View]) -> None:
    """Somebody may be reading them: it is tried now and then, so that nobody waits behind us for long."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_AT_MOST_MS}ms'")
                make_views(cursor, views)
            return
        except psycopg.errors.LockNotAvailable:
            if not left:
                raise Stopped(
                    "queries that have gone on for long read the views in the schema analytics, which this version "
                    "makes anew: end them (pg_stat_activity shows them), and start again",
                    code="views_are_read",
                ) from None
            time.sleep(_AT_MOST_MS / 1000)
        except psycopg.errors.InsufficientPrivilege as error:
            raise Stopped(
                f"the user of the database may not make views in the schema analytics ({error.diag.message_primary}): "
                "grant it CREATE there, or give the schema to it",
                code="database_denied",
            ) from error


def drop_views(cursor: Cursor, but: Iterable[str] = ()) -> None:
    """Remove the views that were made here; refused where others have made some over them."""
    cursor.execute("SELECT name FROM analysts_views")
    for (name,) in cursor.fetchall():
        if name not in but:
            _drop(cursor, name)
            cursor.execute("DELETE FROM analysts_views WHERE name = ?", (name,))


def make_views(cursor: Cursor, views: Sequence[View]) -> None:
    """Make the views, those that are there by new columns at their end if that is all that has changed."""
    drop_views(cursor, {view.name for view in views})
    for view in views:
        cursor.execute("SAVEPOINT naming")
        try:
            cursor.execute(statement(view))
        except (psycopg.errors.InvalidTableDefinition, psycopg.errors.WrongObjectType):
            cursor.execute("ROLLBACK TO naming")
            _drop(cursor, view.name)
            cursor.execute(statement(view))
        cursor.execute("RELEASE naming")
        _explain(cursor, view)
        cursor.execute(
            "INSERT INTO analysts_views VALUES (?, ?, pg_get_viewdef(?::regclass)) ON CONFLICT (name) DO UPDATE"
            " SET statement = excluded.statement, definition = excluded.definition",
            (view.name, statement(view), full_name(view)),
        )
    _grant_in(cursor, views)


def _drop(cursor: Cursor, name: str) -> None:
    try:
        cursor.execute(f"DROP VIEW IF EXISTS {SCHEMA}.{name}")
    except psycopg.errors.DependentObjectsStillExist as error:
        detail = (error.diag.message_detail or "").splitlines()
        raise Stopped(
            f"others have made views over {SCHEMA}.{name}, which this version makes anew "
            f"({detail[0] if detail else name}): drop them, start again, and make them anew",
            code="views_rest_on_it",
        ) from error


def _explain(cursor: Cursor, view: View) -> None:
    """What it means, for whoever asks the database itself."""
    own, name = cast("PostgresCursor", cursor), sql.SQL(full_name(view))
    own.execute(sql.SQL("COMMENT ON VIEW {} IS {}").format(name, sql.Literal(view.meaning)))
    for column in view.columns:
        meaning = sql.Literal(column.meaning + (f" ({column.unit})" if column.unit else ""))
        own.execute(
            sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(name, sql.Identifier(column.name), meaning)
        )


# --- the role


def _grant(transaction: Transaction, views: Sequence[View]) -> None:
    """Make the role where it is missing and may be made, and grant what it has not."""
    with transaction() as cursor:
        if _has_role(cursor) or _make_role(cursor):
            _grant_in(cursor, views)
            return
    _log.warning(
        "the role %s is missing, and the user of the database may not make it: an administrator makes it by "
        "`CREATE ROLE %s NOLOGIN`, and the next start lets it read the schema analytics",
        ROLE,
        ROLE,
    )


def _grant_in(cursor: Cursor, views: Sequence[View]) -> None:
    if _has_role(cursor) and not _is_granted(cursor, views):
        cursor.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {ROLE}")
        cursor.execute(f"GRANT SELECT ON {', '.join(map(full_name, views))} TO {ROLE}")
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {', '.join(_FUNCTIONS)} TO {ROLE}")


def _is_granted(cursor: Cursor, views: Sequence[View]) -> bool:
    """Whether the role is there and may read them all; one that is missing may be read by nobody."""
    if not _has_role(cursor):
        return False
    cursor.execute(
        "SELECT has_schema_privilege(?, ?, 'USAGE') AND (SELECT bool_and(coalesce(has_table_privilege(?,"
        " to_regclass(one), 'SELECT'), false)) FROM unnest(?::text[]) AS one)",
        (ROLE, SCHEMA, ROLE, [full_name(view) for view in views]),
    )
    return bool(cursor.fetchone()[0])


def _has_role(cursor: Cursor) -> bool:
    cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = ?)", (ROLE,))
    return bool(cursor.fetchone()[0])


def _make_role(cursor: Cursor) -> bool:
    cursor.execute("SAVEPOINT role")
    try:
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
    except psycopg.errors.InsufficientPrivilege:
        cursor.execute("ROLLBACK TO role")
        return False
    except (
        psycopg.errors.DuplicateObject,
        psycopg.errors.UniqueViolation,
    ):  # another service made it just now
        cursor.execute("ROLLBACK TO role")
    cursor.execute("RELEASE role")
    return True
