from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import PostgresServer
from tests.telling import Tell

TESTS = Path(__file__).parent
LONG = ("faults", "oracle", "demo", "end_to_end", "cli", "roles", "consumers", "cluster", "browser")
"""Folders of tests that start services: the longest files first."""

CORES = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
MEMORY = "/dev/shm"
ROOM = 1024**3

# What a verb prints is as wide as the terminal, unless a test says how wide. Neither whoever runs the tests nor
# readline, which pytest loads and which sets these for the processes that it starts, is to say so instead.
# Here, and not once pytest is configured: a console keeps the width that it is made with, as it is imported.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)
    os.unsetenv(name)  # readline sets them where Python does not see it

# Whoever has Python keep nothing that it compiled says so of the run that they start. Of the hundreds of processes that
# tests start each would compile all of our modules anew, which takes it as long as a sixth of its start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# No test asserts how long something takes, and no example has to be found in time.
settings.register_profile(
    "untimed",
    settings(),
    deadline=None,
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.too_slow],
)
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Take from the tests what their surroundings would have them wait for, or not hear.

    A thousand folders are made, and each commit in them is synced: on a disk that others keep busy this takes
    longer than everything else. Nothing is tested that memory keeps less well than a disk: processes are
    killed, and machines are not. Whoever sets TMPDIR, as `make soak` does, has the folders there.

    Whoever runs the tests in the background may have them ignore Ctrl-C, and with them all that they start.
    """
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ["TMPDIR"] = MEMORY
        tempfile.tempdir = None  # else it is the one that was found before
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int | None:
    """Half as many again as there are cores: a test waits much of its time for processes, and for what they write."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return max(1, CORES * 3 // 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no process is left alone with it."""

    def turn(item: pytest.Item) -> int:
        folder = item.path.relative_to(TESTS).parts[0]
        return LONG.index(folder) if folder in LONG else len(LONG)

    items.sort(key=turn)


def _has_room(folder: str) -> bool:
    return os.access(folder, os.W_OK | os.X_OK) and shutil.disk_usage(folder).free >= ROOM


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started when a test first asks for one; ``POSTGRES`` names another version of it."""
    with PostgresServer(int(os.environ.get("POSTGRES", "18"))) as server:
        yield server


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Iterator[Tell]:
    """Says how far a long form is, to whoever waits for it."""
    begun, told = time.monotonic(), False

    def say(text: str) -> None:
        nonlocal told
        told = True
        with capsys.disabled():
            print(f"\r{time.monotonic() - begun:5.0f} s: {text}", end=" ", flush=True)  # noqa: T201

    yield say
    if told:
        with capsys.disabled():
            print()  # noqa: T201


@pytest.fixture
def tell_next(tell: Tell) -> Callable[[int], object]:
    """Says so of each of a number of examples."""
    numbers = count(1)
    return lambda of: tell(f"{next(numbers)} of {of}")
