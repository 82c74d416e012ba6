"""Two processes that each believe themselves the only one at a work: nothing is done twice, nothing is left out.

That they do is kept from them by leases, on which nothing rests. So there are none here; or the one that has the lease
is stopped until another has it, and goes on in the middle of what it was about. The seed is printed, and another is
taken from ``TEST_SEED``.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.end_to_end.plan import Plan
from tests.end_to_end.service import PATIENCE, Request
from tests.faults.beside import compare, settled
from tests.faults.driving import Driver
from tests.faults.present import present
from tests.faults.recovery import Recoveries
from tests.postgres import PostgresServer
from tests.roles.processes import Serving
from tests.seed import SEED
from tests.telling import Tell, untold

_HOLDER = """
    SELECT application_name, pid FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND application_name LIKE 'intake%' AND datname = current_database()
"""


class Doors:
    """What is asked of processes that all answer, one after the other."""

    def __init__(self, *processes: Serving) -> None:
        self._processes = processes
        self._asked = 0

    async def ask(self, request: Request) -> Any:
        """Ask the next one, again where it cannot at present."""
        headers = {"Mentoring-Actor": request.actor, "Idempotency-Key": request.key or ""}
        async with asyncio.timeout(PATIENCE):
            while True:
                self._asked += 1
                door = self._processes[self._asked % len(self._processes)]
                answer = await door.http.request(
                    request.method, request.path, json=request.body, headers=headers
                )
                if answer.is_success:
                    return answer.json()
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.1)

    async def read(self, path: str) -> Any:
        """What one of them answers, whether all is well or not."""
        self._asked += 1
        return (await self._processes[self._asked % len(self._processes)].http.get(path)).json()

    async def taken_in(self, number: int, tell: Tell = untold) -> None:
        """Wait until so many messages are accounted for. It may take its time while it gets on."""
        reached = 0
        async with asyncio.timeout(PATIENCE) as limit:
            while (received := (await self.read("/v1/intake"))["received"]) < number:
                if received > reached:
                    reached = received
                    limit.reschedule(asyncio.get_running_loop().time() + PATIENCE)
                    tell(f"{received} of {number} messages")
                await asyncio.sleep(0.02)

    async def carry_out(self, driver: Driver, tell: Tell = untold) -> None:
        """All that is left of a plan."""
        async with asyncio.TaskGroup() as group:
            group.create_task(driver.publish(len(driver.plan.messages)))
            for step in driver.plan.steps:
                await self.ask(step)
        await self.taken_in(len(driver.plan.messages), tell)
        await settled(driver.place, self.read)


async def without_leases(folder: Path, postgres: PostgresServer, plan: Plan, tell: Tell = untold) -> None:
    """Two processes do everything, each as if there were no other."""

    async def at_work(shared: Mapping[str, str], driver: Driver) -> list[str]:
        everything = ("api", "intake", "project", "clock", "deliver")
        both = [Serving(shared, *everything, command=("tests.faults.unleased", "serve")) for _ in range(2)]
        async with AsyncExitStack() as stack:
            await asyncio.gather(*map(stack.enter_async_context, both))
            doors = Doors(*both)
            for request in plan.before:
                assert isinstance(request, Request)
                await doors.ask(request)
            await doors.carry_out(driver, tell)
            assert await asyncio.gather(*(one.end(signal.SIGTERM) for one in both)) == [0, 0]
        return []

    await compare(folder, postgres, plan, at_work, f"seed {SEED}")


async def test_two_without_leases_do_nothing_twice(tmp_path: Path, postgres: PostgresServer) -> None:
    await without_leases(tmp_path, postgres, present(SEED, busy=8, messages=1_000, reminded=9))


@pytest.mark.soak
async def test_two_without_leases_do_nothing_twice_for_long(
    tmp_path: Path, postgres: PostgresServer, tell: Tell
) -> None:
    await without_leases(tmp_path, postgres, present(SEED, busy=240, messages=60_000, reminded=300), tell)


# --- stopped, and late ---------------------------------------------------------------------------------------


def holder(dsn: str) -> tuple[str, int] | None:
    """Which process has the lease of intake, and the session of the database that it has it by."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(_HOLDER).fetchone()


async def held_by_another(dsn: str, than: str | None) -> tuple[str, int]:
    """Wait until it has the lease."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await asyncio.to_thread(holder, dsn)
            if found is not None and found[0] != than:
                return found
            await asyncio.sleep(0.05)


def let_go(dsn: str, session: int) -> None:
    """What the server does by itself with a lease whose holder has said nothing for eight seconds."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", (session,))


async def come_late(
    folder: Path, postgres: PostgresServer, plan: Plan, times: int, *, waits: bool, tell: Tell = untold
) -> None:
    """The one that takes messages in is stopped in the middle of a backlog until another does, and then goes on.

    Where the test ``waits``, the server finds out by itself that it hangs.
    """
    random, recoveries = Random(SEED), Recoveries()
    some = len(plan.messages) // (times + 1)

    async def one_is_late(doors: Doors, driver: Driver, intakes: Mapping[str, Serving], dsn: str) -> str:
        before, (name, session) = driver.published, await held_by_another(dsn, None)
        await driver.publish(some)
        await doors.taken_in(before + random.randrange(some // 2))
        late = intakes[name]
        late.pause()
        reached = (await doors.read("/v1/intake"))["received"]
        with recoveries.timed():
            if not waits:
                await asyncio.to_thread(let_go, dsn, session)
            follower, _ = await held_by_another(dsn, name)
        late.resume()
        await doors.taken_in(before + some)
        return f"{name} hung at {reached - before} of {some} messages, and {follower} went on"

    async def at_work(shared: Mapping[str, str], driver: Driver) -> list[str]:
        dsn = shared["MENTORING_DATABASE"]
        intakes = {
            name: Serving(
                {**shared, "MENTORING_DATABASE": make_conninfo(dsn, application_name=name)}, "intake"
            )
            for name in ("intake a", "intake b")
        }
        rest = Serving(shared, "api", "project", "clock", "deliver")
        async with AsyncExitStack() as stack:
            await asyncio.gather(*map(stack.enter_async_context, (rest, *intakes.values())))
            doors = Doors(rest)
            for request in plan.before:
                assert isinstance(request, Request)
                await doors.ask(request)
            told = []
            for number in range(times):
                told.append(await one_is_late(doors, driver, intakes, dsn))
                tell(f"{number + 1} of {times} times late")
            await doors.carry_out(driver)
            ended = await asyncio.gather(*(one.end(signal.SIGTERM) for one in (rest, *intakes.values())))
            assert ended == [0, 0, 0]
        return [*told, f"where one hung, another {recoveries}"]

    await compare(folder, postgres, plan, at_work, f"seed {SEED}")


async def test_one_that_comes_late_counts_nothing_twice(tmp_path: Path, postgres: PostgresServer) -> None:
    plan = present(SEED, busy=8, messages=1_800, reminded=9)
    await come_late(tmp_path, postgres, plan, 2, waits=False)


@pytest.mark.soak
async def test_one_that_comes_late_again_and_again_counts_nothing_twice(
    tmp_path: Path, postgres: PostgresServer, tell: Tell
) -> None:
    plan = present(SEED, busy=240, messages=90_000, reminded=300)
    await come_late(tmp_path, postgres, plan, 20, waits=True, tell=tell)
