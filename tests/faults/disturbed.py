"""A run over databases that is disturbed, compared with one over files that nothing befalls."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from tests.end_to_end.outcome import outcome
from tests.end_to_end.places import Place
from tests.end_to_end.plan import Plan
from tests.end_to_end.service import PATIENCE, Up
from tests.faults.driving import Driver
from tests.seed import SEED
from workflow.consumers.transport.server import NatsServer

Disturbing = Callable[[Driver, Up], Coroutine[None, None, None]]


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
