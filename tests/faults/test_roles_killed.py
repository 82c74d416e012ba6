"""Roles in processes of their own, two of each: one is killed where it hurts, and the one that stands by goes on.

It comes to what one process comes to whose facts lie in files and which nothing befalls. The clock is the one on the
wall. The seed is printed, and another is taken from ``TEST_SEED``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import pytest

from tests.end_to_end.plan import Plan
from tests.end_to_end.service import Request
from tests.faults.beside import compare, settled
from tests.faults.crew import Crew
from tests.faults.driving import Driver
from tests.faults.present import present
from tests.postgres import PostgresServer
from tests.seed import SEED
from tests.telling import Tell, untold
from workflow.failpoints import NAMES

_STARTING = 2
"""Commits that every process makes as it starts, whether it will stand by or not."""

AT = {"decide": (2, 40), "append": (2, 3), "commit": (_STARTING + 2, _STARTING + 3)}
"""At which passing, at least and at most, a place is deadly; others at the first."""

_FEW: Mapping[str, Sequence[str]] = {
    "api": [],
    "intake": ["commit.after", "ack.before"],
    "project": ["projection.before"],
    "clock": ["reminder.after"],
    "deliver": ["delivery.before"],
}

_WRITES = ("append", "commit", "decide")
_PASSES = {
    "api": (*_WRITES, "drain", "keys"),
    "intake": (*_WRITES, "ack"),
    "project": ("projection",),
    "clock": (*_WRITES, "reminder"),
    "deliver": ("commit", "delivery"),
}
_ALL = {role: [name for name in sorted(NAMES) if name.startswith(places)] for role, places in _PASSES.items()}


def deadly(places: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The places in an order, and at passings, drawn from the seed."""
    random = Random(SEED)
    return {
        role: [
            f"{name}:{random.randint(*AT.get(name.partition('.')[0], (1, 1)))}"
            for name in random.sample(list(names), len(names))
        ]
        for role, names in places.items()
    }


async def killed(crew: Crew, driver: Driver, lot: int, tell: Tell) -> None:
    """The whole plan, a lot after the other for as long as somebody is still to die."""
    plan, left = driver.plan, list(driver.plan.steps)
    await crew.ask_all(step for step in plan.before if isinstance(step, Request))
    while not crew.all_dead:
        assert driver.published < len(plan.messages), f"not all died that were to: {crew.kills}"
        await crew.relieved()
        await driver.publish(lot)
        for _ in range(min(len(left), 6)):
            await crew.ask(left.pop(0))
        await crew.read("/v1/intake", lambda told: told["received"] >= driver.published)
        tell(f"{len(crew.kills)} have died, {driver.published} of {len(plan.messages)} messages")
    await driver.publish(len(plan.messages))
    await crew.ask_all(left)
    await crew.read("/v1/intake", lambda told: told["received"] >= len(plan.messages))


async def die_in_turn(
    folder: Path,
    postgres: PostgresServer,
    plan: Plan,
    places: Mapping[str, Sequence[str]],
    *together: str,
    lot: int,
    tell: Tell = untold,
) -> None:
    async def at_work(shared: Mapping[str, str], driver: Driver) -> list[str]:
        async with Crew(shared, deadly(places), *together) as crew:
            await killed(crew, driver, lot, tell)
            await settled(driver.place, crew.read)
            await crew.end()
        assert len(crew.kills) == sum(map(len, places.values()))
        return crew.kills

    await compare(folder, postgres, plan, at_work, f"seed {SEED}")


async def test_of_each_role_the_one_that_stands_by_goes_on(tmp_path: Path, postgres: PostgresServer) -> None:
    plan = present(SEED, busy=8, messages=800, reminded=16)
    await die_in_turn(tmp_path, postgres, plan, _FEW, "project", "clock", "deliver", lot=50)


@pytest.mark.soak
async def test_of_each_role_one_after_the_other_dies_everywhere(
    tmp_path: Path, postgres: PostgresServer, tell: Tell
) -> None:
    plan = present(SEED, busy=240, messages=40_000, reminded=600)
    places = {role: names * 3 for role, names in _ALL.items()}
    await die_in_turn(tmp_path, postgres, plan, places, lot=500, tell=tell)
