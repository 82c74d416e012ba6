"""Holds what the projections keep in a folder against what its printed log says."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.oracle.answers import of_truth
from tests.oracle.figures import meetings_by_month, seconds_in_states
from tests.oracle.oracle import Told, recompute
from tests.oracle.rows import DEEDS

Row = dict[str, Any]


def check(data: Path, truth: Path | None = None) -> list[str]:
    """Every difference in a service's folder, whether it runs or not: none is what is hoped for.

    ``truth`` is the file that a demonstration wrote; it tells what the parties answered in their check-ins.
    """
    answers = None if truth is None else of_truth(json.loads(truth.read_text("utf-8")))
    return against(recompute(printed(data), answers), data / "views.db")


def printed(data: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """The lines of ``mentoring events tail --all --json``; ``settings`` name databases, where facts lie in those."""
    command = [
        str(Path(sys.executable).with_name("mentoring")),
        "events",
        "tail",
        "--all",
        "--json",
        "--data",
        str(data),
    ]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600, env=os.environ | settings)
    yield from told.stdout.decode().splitlines()


def against(told: Told, views: Path) -> list[str]:
    """What a log contradicts itself in, and where the rows of a file of views differ from it."""
    with closing(sqlite3.connect(views)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        rows = {row["id"]: dict(row) for row in connection.execute("SELECT * FROM relationships")}
        stays = _of(connection, "journey", "WHERE NOT withdrawn ORDER BY relationship, number")
        deeds = {name: _of(connection, name) for name in DEEDS}
        faults = [*told.faults, *_compare_sums(told, connection)]
    faults += [f"{id}: has a row and no events" for id in sorted(rows.keys() - told.lives.keys())]
    faults += [f"{id}: has events and no row" for id in sorted(told.lives.keys() - rows.keys())]
    for id in sorted(rows.keys() & told.lives.keys()):
        kept = _kept(rows[id], stays[id])
        life = told.lives[id]
        expected = {name: getattr(life, name) for name in kept if hasattr(life, name)}
        expected["reminders"] = len(life.reminders)
        for name, (of_row, of_life) in DEEDS.items():
            kept[f"{name}'s rows"] = sorted(map(of_row, deeds[name][id]), key=repr)
            expected[f"{name}'s rows"] = sorted(of_life(life), key=repr)
        for name, value in kept.items():
            if value != expected[name]:
                faults.append(f"{id}: {name} is kept as {value}, and told as {expected[name]}")
    return faults


def _of(connection: sqlite3.Connection, view: str, rest: str = "") -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in connection.execute(f"SELECT * FROM {view} {rest}"):
        found[row["relationship"]].append(dict(row))
    return found


def _kept(row: Row, stays: Iterable[Row]) -> Row:
    return {
        "state": row["state"],
        "opened_at": _instant(row["opened_at"]),
        "active_since": _instant(row["active_since"]),
        "term_ends_at": _instant(row["term_ends_at"]),
        "closed_at": _instant(row["closed_at"]),
        "suspected_since": _instant(row["suspected_since"]),
        "concerns": {
            (one["code"], one["subject"]): _instant(one["since"]) for one in json.loads(row["concerns"])
        },
        "stagnations": row["stagnations"],
        "reinvigorations": row["reinvigorations"],
        "reminders": row["reminders_issued"],
        "stays": [
            (
                stay["state"],
                _instant(stay["entered_at"]),
                _instant(stay["left_at"]),
                stay["move"],
                None if stay["declared"] is None else bool(stay["declared"]),
            )
            for stay in stays
        ],
    }


def _compare_sums(told: Told, connection: sqlite3.Connection) -> Iterator[str]:
    """The figures over all relationships: meetings by month of their start, and seconds in each state."""
    query = "SELECT substr(starts_at, 1, 7), status, count(*) FROM meetings WHERE starts_at IS NOT NULL GROUP BY 1, 2"
    kept = {(month, status): number for month, status, number in connection.execute(query)}
    if kept != (months := meetings_by_month(told.lives.values())):
        yield f"meetings by month are kept as {kept}, and told as {dict(months)}"
    spent = Counter[str]()
    query = "SELECT state, entered_at, left_at FROM journey WHERE NOT withdrawn AND left_at IS NOT NULL"
    for state, entered, left in connection.execute(query):  # here, for SQLite's days know no microseconds
        spent[state] += round(
            (datetime.fromisoformat(left) - datetime.fromisoformat(entered)).total_seconds()
        )
    if spent != (seconds := seconds_in_states(told.lives.values())):
        yield f"seconds in each state are kept as {spent}, and told as {dict(seconds)}"


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
