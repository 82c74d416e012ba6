"""``python -m benchmarks.by_day``: what it costs to ask how a programme stood on each day of a year.

Rows of so many relationships are made up and written; then the sum of changes that the service takes is timed
beside the other way of asking, where every day of a calendar is held against every stay.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from workflow.projections import programme_by_day
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.views import Views
from workflow.projections.tables import Row
from workflow.store.instants import stored

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_STATES = ("onboarding", "agreement", "active", "stagnation", "active", "closure")

_CALENDAR = """
WITH RECURSIVE days(day) AS (
    SELECT '2026-01-01' UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < '2026-12-31'
)
SELECT day, state, count(*) FROM days
JOIN journey ON entered_at < date(day, '+1 day') AND (left_at IS NULL OR left_at >= date(day, '+1 day'))
WHERE NOT withdrawn GROUP BY day, state
"""


def _rows(number: int, drawn: random.Random) -> Iterator[tuple[str, Row]]:
    """One relationship: six stays, ten meetings, two episodes of a concern, five reminders."""
    id = str(UUID(int=number + 1))
    opened = _FIRST + timedelta(days=drawn.uniform(0, 180))
    at = [stored(opened + timedelta(days=month * 20)) for month in range(13)]
    yield (
        "relationships",
        {"id": id, "programme": "default", "state": "closure", "opened_at": at[0], "closed_at": at[5]},
    )
    for stay, state in enumerate(_STATES):
        left_at = at[stay + 1] if stay < 5 else None
        own = {
            "state": state,
            "moved_at": at[stay],
            "entered_at": at[stay],
            "left_at": left_at,
            "withdrawn": 0,
        }
        yield "journey", {"relationship": id, "number": stay + 1, **own}
    for meeting in range(10):
        own = {"uid": str(meeting), "recurrence_id": "", "subject": str(meeting), "status": "held"}
        yield (
            "meetings",
            {"relationship": id, **own, "starts_at": at[meeting], "entries": 1, "registers": "{}"},
        )
    for episode in range(2):
        own = {"number": episode, "code": "silence", "since": at[episode], "cleared_at": at[episode + 1]}
        yield "episodes", {"relationship": id, **own}
    for reminder in range(5):
        own = {"number": reminder, "kind": "meeting", "audience": "mentee", "about": at[reminder], "step": 1}
        yield "reminders", {"relationship": id, **own, "issued_at": at[reminder]}


def _fill(views: Views, path: Path, relationships: int) -> None:
    layouts = {generation.name: generation.layout for generation in views.generations}
    drawn = random.Random(7)
    written: dict[str, list[tuple[Any, ...]]] = {}
    for number in range(relationships):
        for name, row in _rows(number, drawn):
            defaults = dict.fromkeys(layouts[name].columns, None if name != "relationships" else 0)
            values = tuple((defaults | row)[column] for column in layouts[name].columns)
            written.setdefault(name, []).append(values)
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, rows in written.items():
            marks = ",".join("?" * len(layouts[name].columns))
            connection.executemany(f"INSERT INTO {layouts[name].table.name} VALUES ({marks})", rows)


def _timed(ask: Callable[[], object], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        begin = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - begin)
    return median(seconds) * 1_000


def main() -> None:
    """Print medians in milliseconds."""
    parser = argparse.ArgumentParser(prog="benchmarks.by_day", description=__doc__)
    parser.add_argument("--relationships", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="mentoring-bench-") as folder:
        path = Path(folder) / "views.db"
        with closing(Views(path, PROJECTIONS)) as views:
            _fill(views, path, asked.relationships)
            with views.reading() as connection:
                year = date(2026, 1, 1), date(2026, 12, 31)
                cases = {
                    "all figures of a year": lambda: programme_by_day.by_day(connection, *year),
                    "a calendar held against every stay": lambda: connection.exec_driver_sql(
                        _CALENDAR
                    ).fetchall(),
                }
                for case, ask in cases.items():
                    print(f"{case}: {_timed(ask, asked.rounds):.0f} ms")


if __name__ == "__main__":
    main()
