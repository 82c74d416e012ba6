"""Rebuild: all projections folded anew from the events, with everything in place to serve meanwhile."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import psycopg

from benchmarks import library
from benchmarks.engines import Measured
from benchmarks.place import open_store
from workflow.projections.aside.aside import Processes, processors
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import content
from workflow.projections.running.views import Views
from workflow.store.recorded import Recorded

ALONE = "relationships"
"""The projection that is rebuilt alone: the one that a dashboard asks most, which heeds most kinds of events."""


def fold(measured: Measured, folder: Path) -> None:
    """Fold once, so that there is something to rebuild."""
    with (
        open_store(measured.kept, folder) as store,
        closing(Views(measured.views(folder), PROJECTIONS)) as views,
    ):
        Runner(views, store.read, store.head).catch_up()


def ours(measured: Measured, folder: Path, names: Collection[str] | None = None) -> float:
    """Events a second by the service's own rebuild, of all projections or of some, up to the swap."""
    processes = Processes(processors())
    with (
        open_store(measured.kept, folder) as store,
        closing(Views(measured.views(folder), PROJECTIONS, processes=processes)) as views,
    ):
        runner = Runner(views, store.read, store.head, stored=store)
        begin = time.perf_counter()
        future = runner.rebuild(names)
        runner.catch_up()
        rebuilt = future.result(0)
        seconds = time.perf_counter() - begin
        if any(one.differences or one.failure for one in rebuilt):
            raise SystemExit(f"rebuild: {rebuilt}")
        return store.head() / seconds


def documented(measured: Measured, folder: Path, scratch: Path, events: int) -> float:
    """Events a second by the event sourcing library's own runner with the same folds: for the last so many of them.

    ``scratch`` is where there are no rows yet.
    """
    with (
        open_store(measured.kept, folder) as store,
        closing(Views(measured.views(scratch), PROJECTIONS)) as views,
    ):
        head = store.head()
        events = min(events, head)
        before = head - events

        def earlier(after: int, limit: int) -> Sequence[Recorded]:
            return store.read(after, min(limit, before - after)) if after < before else ()

        Runner(views, earlier, lambda: before).catch_up()
    begin = time.perf_counter()
    library.fold(measured, folder, scratch, before, head)
    seconds = time.perf_counter() - begin
    if content(measured.views(scratch), PROJECTIONS) != content(measured.views(folder), PROJECTIONS):
        raise SystemExit("rebuild: the library's runner came to other rows")
    return events / seconds


def read(measured: Measured, folder: Path) -> float:
    """Events a second where all are but read, at once, and nothing is made of them."""
    if measured.name == "postgres":
        with psycopg.connect(measured.dsn(measured.kept.names(folder)[0])) as connection:
            begin = time.perf_counter()
            return _read_database(connection) / (time.perf_counter() - begin)
    with closing(sqlite3.connect(folder / "events.db")) as file:
        begin = time.perf_counter()
        return _read_file(file) / (time.perf_counter() - begin)


def _tables(measured: Measured, folder: Path) -> dict[str, str]:
    """The table that serves, of each projection."""
    with closing(Views(measured.views(folder), PROJECTIONS)) as live:
        return {generation.name: generation.layout.name for generation in live.generations}


def limit(measured: Measured, folder: Path, scratch: Path) -> float:
    """Events a second where they are but read, and the rows that they come to but inserted, all at once.

    ``scratch`` is where there are no rows yet.
    """
    tables, into = _tables(measured, folder), _tables(measured, scratch)
    if measured.name == "postgres":
        facts, there = (measured.dsn(measured.kept.names(one)[0]) for one in (folder, scratch))
        return _limit_of_databases(facts, there, tables, into)
    with closing(sqlite3.connect(folder / "views.db")) as live:
        found = {name: live.execute(f"SELECT * FROM {table}").fetchall() for name, table in tables.items()}
    with (
        closing(sqlite3.connect(folder / "events.db")) as events,
        closing(sqlite3.connect(scratch / "views.db")) as target,
    ):
        begin = time.perf_counter()
        number = _read_file(events)
        for name, written in found.items():
            if written:
                marks = ",".join("?" * len(written[0]))
                target.executemany(f"INSERT INTO {into[name]} VALUES ({marks})", written)
        target.commit()
        return number / (time.perf_counter() - begin)


def _limit_of_databases(facts: str, scratch: str, tables: dict[str, str], into: dict[str, str]) -> float:
    copies: dict[str, bytes] = {}
    with psycopg.connect(facts) as live:
        for name, table in tables.items():
            with live.cursor().copy(_sql(f"COPY projections.{table} TO STDOUT (FORMAT BINARY)")) as copy:
                copies[name] = b"".join(bytes(some) for some in copy)
    with psycopg.connect(facts) as events, psycopg.connect(scratch) as target:
        begin = time.perf_counter()
        number = _read_database(events)
        for name, rows in copies.items():
            with target.cursor().copy(
                _sql(f"COPY projections.{into[name]} FROM STDIN (FORMAT BINARY)")
            ) as copy:
                copy.write(rows)
        target.commit()
        return number / (time.perf_counter() - begin)


def _read_file(events: sqlite3.Connection) -> int:
    return len(events.execute("SELECT rowid, * FROM stored_events ORDER BY rowid").fetchall())


def _read_database(events: psycopg.Connection[Any]) -> int:
    reading = events.cursor(binary=True)
    return len(reading.execute("SELECT * FROM mentoring.stored_events ORDER BY notification_id").fetchall())


def _sql(statement: str) -> Any:
    return cast("Any", statement)
