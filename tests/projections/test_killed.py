"""A process that is killed between any two writes loses no row and folds none twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.projections.facts import fold
from tests.projections.killed import log
from tests.view_places import Fresh, rows_in
from workflow import failpoints
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.sqlite.file import ViewFile
from workflow.projections.storage import Kept
from workflow.projections.verify import verify

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
    assert verify(killed, PROJECTIONS, log().read).equal
