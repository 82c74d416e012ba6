"""The process is killed while the clock runs; what comes of it is what an undisturbed run comes to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.consumers import reminders as reminding
from tests.consumers.clocked import PAIRS, World
from tests.patience import PATIENCE
from workflow.aggregates.events import ReminderIssued
from workflow.failpoints import VARIABLE
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.verify import content


def run(folder: Path, failpoints: str = "") -> int:
    command = [sys.executable, "-m", reminding.__name__, str(folder)]
    return subprocess.run(
        command, env={**os.environ, VARIABLE: failpoints}, check=False, timeout=PATIENCE
    ).returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder) == 0
    return folder


@pytest.mark.parametrize("place", ["reminder", "projection", "commit"])
def test_killed_before_and_after_it_does_everything_once(
    tmp_path: Path, undisturbed: Path, place: str
) -> None:
    failpoints = (f"{place}.before:2", f"{place}.after:2")
    ends = [run(tmp_path, failpoint) for failpoint in failpoints]
    assert ends == [-signal.SIGKILL] * len(failpoints)
    assert run(tmp_path) == 0
    world, other = World(tmp_path), World(undisturbed)
    facts = [(fact.stream, fact.version, fact.event) for fact in world.facts()]
    assert facts == [(fact.stream, fact.version, fact.event) for fact in other.facts()]
    reminded = [
        (stream, event.kind, event.party, event.about, event.step)
        for stream, _, event in facts
        if isinstance(event, ReminderIssued)
    ]
    assert len(reminded) == len(set(reminded)) > 0, "each is sent once"
    assert {stream for stream, *_ in reminded} == set(PAIRS)
    world.close()
    other.close()
    assert content(tmp_path / "views.db", PROJECTIONS) == content(undisturbed / "views.db", PROJECTIONS)
