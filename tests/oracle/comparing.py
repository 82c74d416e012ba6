"""Holds what the projections keep in a folder against what its printed log says."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.oracle.oracle import Life, Told, recompute

Row = dict[str, Any]


def check(data: Path) -> list[str]:
    """Every difference in a service's folder, whether it runs or not: none is what is hoped for."""
    return against(recompute(printed(data)), data / "views.db")


def printed(data: Path) -> Iterator[str]:
    """The lines of ``mentoring events tail --all --json``."""
    command = [
        str(Path(sys.executable).with_name("mentoring")),
        "events",
        "tail",
        "--all",
        "--json",
        "--data",
        str(data),
    ]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600)
    yield from told.stdout.decode().splitlines()


def against(told: Told, views: Path) -> list[str]:
    """What a log contradicts itself in, and where the rows of a file of views differ from it."""
    with closing(sqlite3.connect(views)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        rows = {row["id"]: dict(row) for row in connection.execute("SELECT * FROM relationships")}
        stays: dict[str, list[Row]] = {id: [] for id in rows}
        for row in connection.execute(
            "SELECT * FROM journey WHERE NOT withdrawn ORDER BY relationship, number"
        ):
            stays.setdefault(row["relationship"], []).append(dict(row))
    faults = list(told.faults)
    faults += [f"{id}: has a row and no events" for id in sorted(rows.keys() - told.lives.keys())]
    faults += [f"{id}: has events and no row" for id in sorted(told.lives.keys() - rows.keys())]
    for id in sorted(rows.keys() & told.lives.keys()):
        faults += _compare(told.lives[id], rows[id], stays[id])
    return faults


def _compare(life: Life, row: Row, stays: Iterable[Row]) -> Iterator[str]:
    kept = {
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
    told = {name: getattr(life, name) for name in kept} | {"reminders": len(life.reminders)}
    for name, value in kept.items():
        if value != told[name]:
            yield f"{life.id}: {name} is kept as {value}, and told as {told[name]}"


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
