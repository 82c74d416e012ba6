"""Killed while what waited is worked off page by page: nothing that should be applied waits on for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.consumers import draining
from tests.consumers.draining import MESSAGES, PAGE, PAIR
from tests.consumers.world import UPSTREAM, World
from tests.patience import PATIENCE
from workflow.failpoints import VARIABLE

BEFORE_OPENING = 3
"""Commits of a first run up to the opening's: the programme, the messages, and a look at what is open."""


def run(folder: Path, kill: str = "") -> int:
    command = [sys.executable, "-m", draining.__name__, str(folder)]
    return subprocess.run(
        command, env={**os.environ, VARIABLE: kill}, check=False, timeout=PATIENCE
    ).returncode


def found(folder: Path) -> dict[str, Any]:
    """What came of it; the facts without what is random by design."""
    world = World(folder)
    with world.store.ledger() as ledger:
        left = bool(ledger.drains), len(ledger.waiting), len(ledger.parked)
    told = [(one.version, one.event.name, one.metadata.causation_id) for one in world.store.stream(PAIR)][1:]
    came = world.dispositions(UPSTREAM)
    world.close()
    return {"told": told, "came": came, "left": left}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("calm")
    assert run(folder) == 0
    return found(folder)


def test_page_by_page_everything_is_decided(calm: dict[str, Any]) -> None:
    assert MESSAGES > 3 * PAGE
    assert calm["left"] == (False, 0, 0)
    assert len(calm["came"]) == MESSAGES
    assert set(calm["came"].values()) <= {"applied", "stale"}


@pytest.mark.parametrize("place", ["drain.before", "drain.after", "commit.before", "commit.after"])
def test_killed_between_pages_the_next_start_goes_on(
    tmp_path: Path, calm: dict[str, Any], place: str
) -> None:
    """The opening's own page, the one after it, and a later one."""
    for nth in (1, 2, 3) if place.startswith("drain") else (BEFORE_OPENING + 2, 3, 4):
        assert run(tmp_path, f"{place}:{nth}") == -signal.SIGKILL, f"{place}:{nth} was never reached"
    assert run(tmp_path) == 0
    assert found(tmp_path) == calm
