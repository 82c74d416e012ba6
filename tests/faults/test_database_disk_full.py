"""The disk is full under PostgreSQL: under what it keeps, or under its write-ahead log, which ends it.

Nothing is acknowledged that is not stored, health says what is wrong, and once there is room everything goes on by
itself; a server that has ended is started again. It comes to what one comes to that lies in files and that nothing
befalls. The seed is printed, and another is taken from ``TEST_SEED``.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from tests.ballast import fill
from tests.end_to_end.places import beginning
from tests.end_to_end.plan import Plan, make
from tests.end_to_end.service import Up
from tests.faults.disturbed import compare, until_health
from tests.faults.driving import Driver
from tests.patience import until
from tests.postgres import PostgresServer, unprivileged
from tests.seed import SEED
from tests.telling import Tell, untold

VERSION = int(os.environ.get("POSTGRES", "18"))


@contextmanager
def small(megabytes: int) -> Iterator[Path]:
    """A disk of its own, which is PostgreSQL's."""
    disk = Path(tempfile.mkdtemp(prefix="mentoring-disk-"))
    options = f"size={megabytes}m,mode=700,uid={unprivileged()}"
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        disk.rmdir()
        pytest.skip("no disk can be mounted here: that takes root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
        disk.rmdir()


@contextmanager
def on_small_disk(what: str, megabytes: int) -> Iterator[tuple[PostgresServer, Path]]:
    """A server of which only the facts, or only the log, lie on a small disk; and that disk."""
    with small(megabytes) as disk:
        data, wal = (disk / "data", None) if what == "facts" else (None, disk / "wal")
        more = {} if wal is None else {"wal_recycle": "off"}  # it must not live on what it has written once
        with PostgresServer(VERSION, durable=True, data=data, wal=wal, **more) as server:
            yield server, disk


async def filled(
    driver: Driver, up: Up, server: PostgresServer, disk: Path, times: int, tell: Tell = untold
) -> None:
    """The disk is full again and again, in the middle of a backlog, and then there is room."""
    random, some = Random(SEED), len(driver.plan.messages) // (2 * times)
    for number in range(times):
        taken = driver.plan.early + driver.published
        await driver.publish(some)
        await up.taken_in(taken + random.randint(1, some // 2))
        await asyncio.to_thread(fill, disk / "ballast")
        await driver.publish(some)
        if (disk / "wal").exists():
            await until(lambda: server.gone())
            await until_health(up, lambda status, troubles: "PostgreSQL does not answer" in str(troubles))
            (disk / "ballast").unlink()
            await asyncio.to_thread(server.start)
        else:
            await until_health(up, lambda status, troubles: "the disk is full: make room" in str(troubles))
            (disk / "ballast").unlink()
        await until_health(up, lambda status, _: status == "ok")
        tell(f"{number + 1} of {times} times full")


async def over_and_over(
    folder: Path, what: str, plan: Plan, megabytes: int, times: int, tell: Tell = untold
) -> None:
    with on_small_disk(what, megabytes) as (server, disk):
        begins = beginning(folder / "disturbed", server)
        refused = await compare(
            folder, begins, plan, lambda driver, up: filled(driver, up, server, disk, times, tell)
        )
    assert set(refused) <= {"not_stored", "database_unavailable"}


async def test_a_full_disk_is_told_and_got_over(tmp_path: Path) -> None:
    await over_and_over(tmp_path, "facts", make(SEED, quiet=2, busy=12, messages=1_200), 128, 1)


@pytest.mark.soak
@pytest.mark.parametrize("what", ["facts", "log"])
async def test_a_disk_that_is_full_again_and_again_is_got_over(tmp_path: Path, what: str, tell: Tell) -> None:
    plan = make(SEED, quiet=60, busy=240, messages=40_000)
    await over_and_over(tmp_path, what, plan, 1024, 10, tell)
