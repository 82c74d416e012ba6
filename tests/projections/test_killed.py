"""A process that is killed between any two writes loses no row and folds none twice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.projections.facts import fold
from tests.projections.killed import log
from tests.projections.stored import Stored
from tests.view_places import Fresh, read, rows_in
from workflow import failpoints
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import verify
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import ViewFile


class Killed(BaseException):
    """As a kill: nobody catches it, and nothing is cleaned up."""


def dying(views: Views, last: int) -> None:
    """Have the process die before its transaction after so many."""
    done = count(1)

    def dying_at(begin: Any) -> Any:
        @contextmanager
        def entered() -> Iterator[Any]:
            if next(done) > last:
                raise Killed
            with begin() as cursor:
                yield cursor

        return entered

    for name in ("transaction", "swapping"):
        setattr(views._storage, name, dying_at(getattr(views._storage, name)))


def test_killed_between_any_two_transactions_the_next_process_goes_on(fresh: Fresh) -> None:
    calm, facts = fresh(), log()
    fold(facts, calm).close()
    for last in count():
        kept = fresh()
        fold(facts, kept).close()
        views = Views(kept, PROJECTIONS, durable=False)
        dying(views, last)
        runner = Runner(views, facts.read, facts.head, page=20)
        runner.rebuild()
        try:
            runner.catch_up()
        except Killed:
            views.close()
        else:
            views.close()
            break
        views = fold(facts, kept)
        assert not views.shadows, "what was begun is ended"
        assert rows_in(kept) == rows_in(calm), last
        tables = read(kept, TABLES if isinstance(kept, ViewFile) else TABLES_OF_A_DATABASE)
        assert len(tables) == len(PROJECTIONS), "nothing is left over"
        views.close()
    assert last > 4


TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '*_[0-9]'"
TABLES_OF_A_DATABASE = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'projections' AND tablename ~ '_[0-9]$'"
)

ROOT = Path(__file__).parents[2]


def run(kept: Kept, kill: str = "") -> int:
    named = kept.path if isinstance(kept, ViewFile) else kept.dsn if isinstance(kept, ViewDatabase) else ""
    command = [sys.executable, "-m", "tests.projections.killed", str(named)]
    environment = os.environ | {failpoints.VARIABLE: kill}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=120).returncode


def test_killed_before_and_after_writes_it_comes_to_the_same_rows(fresh: Fresh) -> None:
    calm, killed = fresh(), fresh()
    fold(log(), calm).close()
    for kill in ("projection.before:2", "projection.after:2"):
        assert run(killed, kill) == -9, f"{kill} was never reached"
    assert run(killed) == 0
    assert rows_in(killed) == rows_in(calm)
    assert verify(killed, PROJECTIONS, Stored(log())).equal
