"""Rebuild: all projections folded anew from the events, with everything in place to serve meanwhile."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.place import open_store
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.runner import Runner
from workflow.projections.views import Views
from workflow.store.recorded import Recorded


def fold(folder: Path) -> None:
    """Fold once, so that there is something to rebuild."""
    with open_store(folder) as store, closing(Views(folder / "views.db", PROJECTIONS)) as views:
        Runner(views, store.read, store.head).catch_up()


def ours(folder: Path) -> float:
    """Events a second by the service's own rebuild, up to the swap."""
    with open_store(folder) as store, closing(Views(folder / "views.db", PROJECTIONS)) as views:
        runner = Runner(views, store.read, store.head)
        begin = time.perf_counter()
        future = runner.rebuild()
        runner.catch_up()
        rebuilt = future.result(0)
        seconds = time.perf_counter() - begin
        if any(one.differences or one.failure for one in rebuilt):
            raise SystemExit(f"rebuild: {rebuilt}")
        return store.head() / seconds


def one_by_one(folder: Path, events: int) -> float:
    """Events a second by the same folds with a transaction for every event: for the last so many of them, or all."""
    file = folder / "one-by-one.db"
    with open_store(folder) as store, closing(Views(file, PROJECTIONS)) as views:
        head = store.head()
        events = min(events, head)
        before = head - events

        def earlier(after: int, limit: int) -> Sequence[Recorded]:
            return store.read(after, min(limit, before - after)) if after < before else ()

        Runner(views, earlier, lambda: before).catch_up()
        begin = time.perf_counter()
        page = store.read(before, events)

        def read(after: int, limit: int) -> Sequence[Recorded]:
            return page[after - before : after - before + limit]

        Runner(views, read, lambda: head, page=1).catch_up()
        seconds = time.perf_counter() - begin
        if min(generation.position for generation in views.generations) != head:
            raise SystemExit("rebuild: one by one did not come to its end")
    _remove(file)
    return events / seconds


def limit(folder: Path) -> float:
    """Events a second where they are but read, and the rows that they come to but inserted, all at once."""
    file = folder / "limit.db"
    with closing(Views(folder / "views.db", PROJECTIONS)) as live:
        rows = {generation.layout.table.name: generation.name for generation in live.generations}
    with closing(sqlite3.connect(folder / "views.db")) as live_file:
        found = {name: live_file.execute(f"SELECT * FROM {table}").fetchall() for table, name in rows.items()}
    with closing(Views(file, PROJECTIONS)) as views:
        into = {generation.name: generation.layout for generation in views.generations}
    with closing(sqlite3.connect(folder / "events.db")) as events, closing(sqlite3.connect(file)) as target:
        begin = time.perf_counter()
        number = len(events.execute("SELECT rowid, * FROM stored_events ORDER BY rowid").fetchall())
        for name, written in found.items():
            marks = ",".join("?" * len(into[name].columns))
            target.executemany(f"INSERT INTO {into[name].table.name} VALUES ({marks})", written)
        target.commit()
        seconds = time.perf_counter() - begin
    _remove(file)
    return number / seconds


def _remove(file: Path) -> None:
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()
