"""Intake: from a JetStream backlog to committed facts, with validation, decision and receipts."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import psycopg

from benchmarks import naive
from benchmarks.engines import Measured
from benchmarks.place import open_place
from benchmarks.reference import Standing, check, standing
from benchmarks.workload import Workload, beginnings
from workflow.consumers.meetings.batch import PART
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.transport.broker import make_broker
from workflow.demo.cast import START
from workflow.store.receipts import Disposition

_DISPOSITIONS = [one.value for one in Disposition]

# --- ours ------------------------------------------------------------------------------------------------


async def ours(measured: Measured, url: str, folder: Path, work: Workload, expected: Standing) -> float:
    """Messages a second by the service's own intake, in a prepared folder."""
    if measured.processes == 1:
        seconds = await _in_this_process(measured, url, folder, work)
    else:
        seconds = await _in_processes(measured, url, folder, work)
    with open_place(measured.kept, folder, work) as place:
        check(place.standing(), expected, "ours")
        with place.store.ledger() as ledger:
            counts = ledger.receipts.counts()
    if sum(counts.values()) != len(work.messages):
        raise SystemExit(f"ours: {len(work.messages)} messages became {counts}")
    return len(work.messages) / seconds


async def _in_this_process(measured: Measured, url: str, folder: Path, work: Workload) -> float:
    with open_place(measured.kept, folder, work) as place:
        intake = Intake(make_broker(url), place.writer, place.resolver, uuid4)
        begin = time.perf_counter()
        await intake.start()
        while intake.status.position < len(work.messages):  # noqa: ASYNC110 nobody tells of it
            await asyncio.sleep(0.005)
        seconds = time.perf_counter() - begin
        await intake.stop()
    return seconds


async def _in_processes(measured: Measured, url: str, folder: Path, work: Workload) -> float:
    """Each has a partition. They are at work from one and the same moment on, and all is counted in the database."""
    facts, keys = (measured.dsn(name) for name in measured.kept.names(folder))
    told = {"folder": str(folder), "facts": facts, "keys": keys, "url": url, "now": work.now.isoformat()}
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.taking_in"),
            json.dumps({**told, "number": number, "of": measured.processes}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for number in range(measured.processes)
    ]
    for process in processes:
        assert process.stdout is not None
        await process.stdout.readline()
    async with await psycopg.AsyncConnection.connect(facts, autocommit=True) as connection:
        begin = time.perf_counter()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
        while await _counted(connection) < len(work.messages):  # noqa: ASYNC110 nobody tells of it
            await asyncio.sleep(0.01)
        seconds = time.perf_counter() - begin
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        await process.communicate()
    return seconds


async def _counted(connection: psycopg.AsyncConnection[Any]) -> int:
    found = await connection.execute(
        "SELECT coalesce(sum(number), 0) FROM mentoring.counts WHERE name = ANY(%s)", (_DISPOSITIONS,)
    )
    row = await found.fetchone()
    assert row is not None
    return int(row[0])


# --- the documented way ----------------------------------------------------------------------------------


def prepare_naive(env: Mapping[str, str], work: Workload) -> None:
    """A new store in which every pair has agreed, the documented way."""
    pairs = naive.Pairs(env=dict(env))
    for one in work.pairs:
        pair = naive.Pair(one.relationship)
        for command in beginnings(one):
            pair.ask(command, START)
        pairs.save(pair)
    pairs.close()


async def documented(url: str, env: Mapping[str, str], work: Workload, expected: Standing) -> float:
    """Messages a second by the documented way, in a prepared store."""
    pairs = naive.Pairs(env=dict(env))
    begin = time.perf_counter()
    await naive.take_in(url, pairs, work)
    seconds = time.perf_counter() - begin
    pairs.close()
    pairs = naive.Pairs(env=dict(env))
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
    """The event and receipt rows that intake left behind in files, to be inserted again and nothing else done."""

    def __init__(self, prepared: Path, finished: Path) -> None:
        with closing(sqlite3.connect(prepared / "events.db")) as before:
            (head,) = before.execute("SELECT max(rowid) FROM stored_events").fetchone()
        with closing(sqlite3.connect(finished / "events.db")) as after:
            self._events = after.execute("SELECT * FROM stored_events WHERE rowid > ?", (head,)).fetchall()
            self._receipts = after.execute("SELECT * FROM receipts").fetchall()

    def insert(self, folder: Path) -> float:
        """Messages a second, in batches of the same size into the same tables of an equal file."""
        connection = sqlite3.connect(folder / "events.db", isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cache_size = -65536")
            begin = time.perf_counter()
            for events, receipts in _together(self._events, self._receipts):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO stored_events VALUES (?,?,?,?,?)", events)
                connection.executemany("INSERT INTO receipts VALUES (?,?,?,?,?,?,?,?,?)", receipts)
                connection.execute("COMMIT")
            return len(self._receipts) / (time.perf_counter() - begin)


class DatabaseRows:
    """The same of databases: copied in binary form, the fastest that there is, under the lock that writers take."""

    def __init__(self, prepared: str, finished: str) -> None:
        with psycopg.connect(prepared) as before:
            row = before.execute("SELECT head FROM mentoring.log").fetchone()
            assert row is not None
        with psycopg.connect(finished) as after:
            self._events = after.execute(
                "SELECT * FROM mentoring.stored_events WHERE notification_id > %s ORDER BY notification_id",
                row,
            ).fetchall()
            self._receipts = after.execute(
                "SELECT * FROM mentoring.receipts ORDER BY upstream, seq"
            ).fetchall()

    def insert(self, dsn: str) -> float:
        """Messages a second, in batches of the same size into the same tables of an equal database."""
        kinds = {
            "stored_events": ["uuid", "int8", "text", "bytea", "int8"],
            "receipts": ["int8", "int8", "bytea", "bytea", "text", "int2", "text", "text", "bytea"],
        }
        with psycopg.connect(dsn, autocommit=True) as connection:
            begin = time.perf_counter()
            for rows in _together(self._events, self._receipts):
                with connection.transaction():
                    connection.execute("UPDATE mentoring.log SET commits = commits + 1")
                    for (table, columns), some in zip(kinds.items(), rows, strict=True):
                        statement = f"COPY mentoring.{table} FROM STDIN (FORMAT BINARY)"
                        with connection.cursor().copy(cast("Any", statement)) as copy:
                            copy.set_types(columns)
                            for row in some:
                                copy.write_row(row)
            return len(self._receipts) / (time.perf_counter() - begin)


def _together(
    events: Sequence[Any], receipts: Sequence[Any]
) -> Iterator[tuple[Sequence[Any], Sequence[Any]]]:
    number = -(-len(receipts) // PART)
    return zip(_parts(events, number), _parts(receipts, number), strict=True)


def _parts(rows: Sequence[Any], number: int) -> list[Sequence[Any]]:
    return [rows[len(rows) * n // number : len(rows) * (n + 1) // number] for n in range(number)]
