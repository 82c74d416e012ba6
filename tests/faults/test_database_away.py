"""PostgreSQL is killed, stopped and started again, or cut off, while a service takes messages in.

The service is never started anew: it says what is wrong, goes on by itself, and comes to what one comes to whose
facts lie in files and which nothing befalls. The seed is printed, and another is taken from ``TEST_SEED``.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from psycopg.conninfo import make_conninfo

from tests.end_to_end.places import Place, beginning
from tests.end_to_end.plan import Plan, make
from tests.end_to_end.service import Up
from tests.faults.disturbed import compare, until_health
from tests.faults.driving import Driver
from tests.faults.recovery import Recoveries
from tests.postgres import PostgresServer
from tests.proxy import Proxy
from tests.seed import SEED
from tests.telling import Tell, untold


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that is killed, and so syncs what it commits."""
    with PostgresServer(int(os.environ.get("POSTGRES", "18")), durable=True) as server:
        yield server


async def killed_and_started(
    driver: Driver, server: PostgresServer, kills: int, up: Up, tell: Tell = untold
) -> None:
    """The server ends again and again in the middle of a backlog, by SIGKILL and by SIGINT in turn."""
    random, some = Random(SEED), len(driver.plan.messages) // kills
    recoveries = Recoveries()
    for number in range(kills):
        taken = driver.plan.early + driver.published
        await driver.publish(some)
        await up.taken_in(taken + random.randint(1, some // 2))
        await asyncio.to_thread(server.kill, signal.SIGINT if number % 2 else signal.SIGKILL)
        await until_health(up, lambda status, troubles: status != "ok" and "PostgreSQL" in str(troubles))
        await asyncio.to_thread(server.start)
        with recoveries.timed():
            await until_health(up, lambda status, _: status == "ok")
        tell(f"{number + 1} of {kills} ends of the server")
    print(f"the server answers again: {recoveries}")  # noqa: T201 pytest shows it where the test fails, or with -s


async def test_a_server_that_is_killed_a_few_times_is_waited_for(
    tmp_path: Path, server: PostgresServer
) -> None:
    plan = make(SEED, quiet=6, busy=12, messages=2_000)
    await compare(
        tmp_path,
        beginning(tmp_path / "disturbed", server),
        plan,
        lambda driver, up: killed_and_started(driver, server, 2, up),
    )


@pytest.mark.soak
async def test_a_server_that_is_killed_over_and_over_is_waited_for(
    tmp_path: Path, server: PostgresServer, tell: Tell
) -> None:
    plan = make(SEED, quiet=60, busy=240, messages=60_000)
    await compare(
        tmp_path,
        beginning(tmp_path / "disturbed", server),
        plan,
        lambda driver, up: killed_and_started(driver, server, 40, up, tell),
    )


async def cut_off(folder: Path, server: PostgresServer, plan: Plan, cuts: int, tell: Tell = untold) -> None:
    """Every connection breaks off after some bytes at random, in whatever is being said, until so many did."""
    random, cutting = Random(SEED), False

    def lasts() -> int | None:
        return int(2 ** random.uniform(13, 20)) if cutting else None

    async def disturbing(driver: Driver, up: Up) -> None:
        nonlocal cutting
        cutting = True
        await proxy.cut_all()
        some = max(1, len(plan.messages) // cuts)
        while proxy.cuts < cuts:
            await driver.publish(some)
            await asyncio.sleep(0.05)
            tell(f"{proxy.cuts} of {cuts} cuts, {driver.published} of {len(plan.messages)} messages")
        cutting = False
        await proxy.cut_all()
        await until_health(up, lambda status, _: status == "ok")

    proxy = Proxy(server.port, lasts)
    await proxy.start()
    try:
        there = beginning(folder / "disturbed", server)
        through = (make_conninfo(dsn, port=proxy.port) for dsn in (there.facts, there.keys))
        await compare(folder, Place(there.data, server, *through), plan, disturbing)
        print(f"{proxy.cuts} connections cut")  # noqa: T201
    finally:
        await proxy.stop()


async def test_connections_that_are_cut_half_way_change_nothing(
    tmp_path: Path, server: PostgresServer
) -> None:
    await cut_off(tmp_path, server, make(SEED, quiet=6, busy=12, messages=2_000), cuts=40)


@pytest.mark.soak
async def test_connections_that_are_cut_over_and_over_change_nothing(
    tmp_path: Path, server: PostgresServer, tell: Tell
) -> None:
    plan = make(SEED, quiet=60, busy=240, messages=130_000)  # so many that they last as long as the cuts
    await cut_off(tmp_path, server, plan, 1_000, tell)
