"""A log that is many times as long: the same lives again under other ids, side by side.

What a rebuild costs once, whatever there is to be rebuilt, is to count no more than it does in a service's own log.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from benchmarks.engines import Measured


def longer(measured: Measured, finished: Path, folder: Path, times: int) -> Path:
    """A copy of a folder, and of what goes by it, whose log tells all that ``finished`` tells so many times."""
    measured.fresh(finished, folder)
    if measured.name == "postgres":
        with psycopg.connect(measured.dsn(measured.kept.names(folder)[0]), autocommit=True) as database:
            database.execute("SET search_path = mentoring")
            database.execute("DROP SCHEMA IF EXISTS analytics, projections CASCADE")
            ids = "overlay(originator_id::text placing lpad(to_hex(number), 4, '0') from 33)::uuid"
            for statement in _statements("notification_id", ids, times):
                database.execute(statement.encode())
            database.execute("UPDATE log SET head = (SELECT count(*) FROM stored_events)")
            database.execute("VACUUM FULL ANALYZE stored_events")
            database.execute("CHECKPOINT")
        return folder
    for views in folder.glob("views.db*"):
        views.unlink()
    with closing(sqlite3.connect(folder / "events.db")) as file, file:
        for statement in _statements(
            "rowid", "substr(originator_id, 1, 28) || printf('%04x', number)", times
        ):
            file.execute(statement)
    return folder


def _statements(position: str, ids: str, times: int) -> tuple[str, ...]:
    """The last letters of an id tell which time it is; one after the other, every time tells its next event."""
    others = "originator_version, topic, state"
    return (
        f"CREATE TEMPORARY TABLE once AS SELECT {position} AS place, originator_id, {others} FROM stored_events",
        "DELETE FROM stored_events",
        f"CREATE TEMPORARY TABLE again AS {_numbers(times)}",
        f"INSERT INTO stored_events ({position}, originator_id, {others}) {_select(ids, others, times)}",
    )


def _select(ids: str, others: str, times: int) -> str:
    return f"SELECT (place - 1) * {times} + number + 1, {ids}, {others} FROM once, again ORDER BY 1"


def _numbers(times: int) -> str:
    return " UNION ALL ".join(f"SELECT {number} AS number" for number in range(times))
