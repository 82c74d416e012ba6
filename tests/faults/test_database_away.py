"""PostgreSQL is killed, stopped and started again, or cut off, while a service takes messages in.

The service is never started anew: it says what is wrong, goes on by itself, and comes to what one comes to whose
facts lie in files and which nothing befalls. The seed is printed, and another is taken from ``TEST_SEED``.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from random import Random

import pytest
from psycopg.conninfo import make_conninfo

from tests.end_to_end.outcome import outcome
from tests.end_to_end.places import Place, beginning
from tests.end_to_end.plan import Plan, make
from tests.end_to_end.service import PATIENCE, Up
from tests.faults.driving import Driver
from tests.faults.recovery import Recoveries
from tests.postgres import PostgresServer
from tests.proxy import Proxy
from tests.seed import SEED
from tests.telling import Tell, untold
from workflow.consumers.transport.server import NatsServer

Disturbing = Callable[[Driver, Up], Coroutine[None, None, None]]


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that is killed, and so syncs what it commits."""
    with PostgresServer(int(os.environ.get("POSTGRES", "18")), durable=True) as server:
        yield server


async def compare(folder: Path, begins: Place, plan: Plan, disturbing: Disturbing) -> list[str]:
    """One run over databases that is disturbed, and one over files that is not; what was refused meanwhile."""
    disturbed, undisturbed = drivers = [
        Driver(place, plan, NatsServer(place.data.with_name(f"nats of {place.data.name}")))
        for place in (begins, Place(folder / "undisturbed"))
    ]
    refused: list[str] = []

    async def disturb() -> int:
        await disturbed.prepare()
        stored = await disturbed.take_all_in_while(partial(disturbing, disturbed), refused)
        await disturbed.move_the_clock()
        return stored

    async def leave_alone() -> None:
        await undisturbed.prepare()
        await undisturbed.take_all_in()
        await undisturbed.move_the_clock()

    async with AsyncExitStack() as stack:
        for driver in drivers:
            await driver.server.start()
            stack.push_async_callback(driver.server.stop)
        stored, _ = await asyncio.gather(disturb(), leave_alone())
    found, expected = await asyncio.gather(*(asyncio.to_thread(outcome, one.place) for one in drivers))
    told = [f"seed {SEED}", f"{stored} messages, {dict(found.counts)}", f"refused: {dict(Counter(refused))}"]
    print(*told, sep="\n")  # noqa: T201 pytest shows it where the test fails, or with -s
    found.balanced(stored)
    expected.balanced(stored)
    found.without_races(plan)
    found.same_as(expected)
    return refused


async def until_health(up: Up, so: Callable[[str, list[str]], bool]) -> None:
    """Wait until health says so. It always answers."""
    async with asyncio.timeout(PATIENCE):
        while True:
            told = (await up.http.get("/v1/health")).json()
            if so(told["status"], told["troubles"]):
                return
            await asyncio.sleep(0.05)


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
