"""Intake: from a JetStream backlog to committed SQLite, with validation, decision and receipts."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks import naive
from benchmarks.place import open_place
from benchmarks.reference import Standing, check, standing
from benchmarks.workload import Workload, beginnings
from workflow.consumers.meetings.batch import PART
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.transport.broker import make_broker
from workflow.demo.cast import START

# --- ours ------------------------------------------------------------------------------------------------


async def ours(url: str, folder: Path, work: Workload, expected: Standing) -> float:
    """Messages a second by the service's own intake, in a prepared folder."""
    with open_place(folder, work) as place:
        intake = Intake(make_broker(url), place.writer, place.resolver, uuid4)
        begin = time.perf_counter()
        await intake.start()
        while intake.status.position < len(work.messages):  # noqa: ASYNC110 nobody tells of it
            await asyncio.sleep(0.005)
        seconds = time.perf_counter() - begin
        await intake.stop()
    with open_place(folder, work) as place:
        check(place.standing(), expected, "ours")
        with place.store.ledger() as ledger:
            counts = ledger.receipts.counts()
    if sum(counts.values()) != len(work.messages):
        raise SystemExit(f"ours: {len(work.messages)} messages became {counts}")
    return len(work.messages) / seconds


# --- the documented way ----------------------------------------------------------------------------------


def prepare_naive(file: Path, work: Workload) -> Path:
    """A new file in which every pair has agreed, the documented way."""
    pairs = naive.Pairs(env={"SQLITE_DBNAME": str(file)})
    for one in work.pairs:
        pair = naive.Pair(one.relationship)
        for command in beginnings(one):
            pair.ask(command, START)
        pairs.save(pair)
    pairs.close()
    return file


async def documented(url: str, file: Path, work: Workload, expected: Standing) -> float:
    """Messages a second by the documented way, in a prepared file."""
    pairs = naive.Pairs(env={"SQLITE_DBNAME": str(file)})
    begin = time.perf_counter()
    await naive.take_in(url, pairs, work)
    seconds = time.perf_counter() - begin
    pairs.close()
    pairs = naive.Pairs(env={"SQLITE_DBNAME": str(file)})
    found: list[naive.Pair] = [pairs.repository.get(one.relationship) for one in work.pairs]
    check(standing(pair.state for pair in found), expected, "naive")
    events = sum(pair.state.version + 1 for pair in found)  # and one for each aggregate's own creation
    stored = pairs.recorder.max_notification_id()
    pairs.close()
    if stored != events:
        raise SystemExit(f"naive: {stored} events are stored instead of {events}")
    return len(work.messages) / seconds


# --- the limit -------------------------------------------------------------------------------------------


class Rows:
    """The event and receipt rows that intake left behind, to be inserted again and nothing else done."""

    def __init__(self, prepared: Path, finished: Path) -> None:
        with closing(sqlite3.connect(prepared / "events.db")) as before:
            (head,) = before.execute("SELECT max(rowid) FROM stored_events").fetchone()
        with closing(sqlite3.connect(finished / "events.db")) as after:
            self._events = after.execute("SELECT * FROM stored_events WHERE rowid > ?", (head,)).fetchall()
            self._receipts = after.execute("SELECT * FROM receipts").fetchall()
        self._batches = -(-len(self._receipts) // PART)

    def insert(self, folder: Path) -> float:
        """Messages a second, in batches of the same size into the same tables of an equal file."""
        connection = sqlite3.connect(folder / "events.db", isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cache_size = -65536")
            begin = time.perf_counter()
            for events, receipts in zip(
                _parts(self._events, self._batches), _parts(self._receipts, self._batches), strict=True
            ):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO stored_events VALUES (?,?,?,?,?)", events)
                connection.executemany("INSERT INTO receipts VALUES (?,?,?,?,?,?,?,?,?)", receipts)
                connection.execute("COMMIT")
            return len(self._receipts) / (time.perf_counter() - begin)


def _parts(rows: Sequence[Any], number: int) -> list[Sequence[Any]]:
    return [rows[len(rows) * n // number : len(rows) * (n + 1) // number] for n in range(number)]
