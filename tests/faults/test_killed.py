"""The service is killed where it hurts, over and over, and comes to what an undisturbed one comes to.

Facts lie in files, or in databases. While it takes messages in, relationships are opened by HTTP and the simulated
clock moves over what is due of pairs that met before; the broker is killed too. Then the clock moves over what is due
of all. Each life goes on with what the last one left. The seed is printed, and another is taken from ``TEST_SEED``.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import pytest

from tests.end_to_end.outcome import outcome
from tests.end_to_end.places import Place, beginning
from tests.end_to_end.plan import Plan, make
from tests.faults.driving import ASKED_FOR, Driver
from tests.postgres import PostgresServer
from tests.seed import SEED
from tests.telling import Tell, untold
from workflow.consumers.transport.server import NatsServer
from workflow.failpoints import NAMES

HIT_AT = {"decide": (1, 60), "append": (1, 1), "commit": (5, 6), "reminder": (1, 3)}
"""At which passing, at least and at most, a place is deadly; others at the first or the second."""

LONG_HIT_AT = HIT_AT | {"decide": (1, 3_000), "append": (1, 4), "commit": (5, 9), "ack": (1, 4)}
"""The same in the long form, in which a life takes in some thousand messages."""

LATER = (
    "decide.before",
    "append.after",
    "commit.before",
    "commit.after",
    "projection.after",
    "reminder.before",
)
"""Where it is killed too, in the long form, once all is taken in and the clock moves over what that made due."""

LATER_AT = (1, 3)
"""At which passing, at least and at most."""

BATCH = 1_000
"""The most that intake takes in at once."""

DECIDED_OF = 4
"""Of so many messages one at least is decided: half of those whom they are about are not known of yet."""


@pytest.fixture(params=["files", "database"])
def postgresql(request: pytest.FixtureRequest) -> PostgresServer | None:
    """The server that the run's facts are to lie in; None where they lie in files."""
    return None if request.param == "files" else request.getfixturevalue("postgres")


async def lives(
    begins: Place,
    places: list[str],
    later: Sequence[str],
    plan: Plan,
    *,
    broker_kills: int,
    hit_at: Mapping[str, tuple[int, int]] = HIT_AT,
    spread: bool = False,
    tell: Tell = untold,
) -> Counter[str]:
    """One run with a death at each of ``places`` and, with all taken in, of ``later``, beside one without, from one
    beginning; the dispositions. ``spread``: each life finds its share of the messages that are left.
    """
    random = Random(SEED)
    folder = begins.data.parent
    begun = Driver(begins, plan, NatsServer(folder / "nats"))
    await begun.server.start()
    await begun.prepare()
    await begun.server.stop()
    drivers = []
    for name in ("killed", "undisturbed"):
        await asyncio.to_thread(shutil.copytree, folder / "nats", folder / name / "nats")
        place = await asyncio.to_thread(begins.copy, folder / name / "data")
        drivers.append(Driver(place, plan, NatsServer(folder / name / "nats")))
    killed, undisturbed = drivers

    async def disturbed() -> int:
        for number, place in enumerate(places, 1):
            least, most = hit_at.get(place.partition(".")[0], (1, 2))
            nth = random.randint(least, most)
            through = nth if place.startswith(("ack", "projection")) else 1
            backlog = 200 if place.startswith(ASKED_FOR) else (through + 1) * BATCH
            if place.startswith("decide"):
                backlog = max(backlog, DECIDED_OF * nth)
            if spread:
                taken_in = killed.kills[-1].recorded if killed.kills else plan.early
                left = plan.early + len(plan.messages) - taken_in
                backlog = max(backlog, left // (len(places) - number + 1))
            await killed.live(f"{place}:{nth}", backlog=backlog, requests=len(plan.steps) // len(places) // 2)
            tell(
                f"{number} of {len(places)} kills, {killed.kills[-1].recorded} of {len(plan.messages)} messages"
            )
        stored = await killed.take_all_in(broker_kills)
        await killed.move_the_clock(*(f"{place}:{random.randint(*LATER_AT)}" for place in later))
        return stored

    async def left_alone() -> None:
        await undisturbed.take_all_in()
        await undisturbed.move_the_clock()

    for driver in drivers:
        await driver.server.start()
    try:
        stored, _ = await asyncio.gather(disturbed(), left_alone())
    finally:
        for driver in drivers:
            await driver.server.stop()
    found, expected = await asyncio.gather(*(asyncio.to_thread(outcome, one.place) for one in drivers))
    told = [f"seed {SEED}", *map(str, killed.kills), *killed.killed_later]
    told.append(f"{stored} messages, {dict(found.counts)}")
    print("", *told, sep="\n")  # noqa: T201 pytest shows it where the test fails, or with -s
    found.balanced(stored)
    expected.balanced(stored)
    found.without_races(plan)
    found.same_as(expected)
    assert [kill.place.partition(":")[0] for kill in killed.kills] == places
    assert sum(kill.again for kill in killed.kills) > len(places) / 2
    return found.counts


async def test_killed_a_few_times_it_comes_to_the_same(
    tmp_path: Path, postgresql: PostgresServer | None
) -> None:
    places = ["decide.after", "commit.before", "commit.after", "ack.before"]
    Random(SEED).shuffle(places)
    places.append("reminder.after")
    plan = make(SEED, quiet=12, busy=24, messages=3_000)
    kills = 1 if postgresql is None else 0  # where facts lie says nothing of the broker
    counts = await lives(
        beginning(tmp_path / "data", postgresql),
        places,
        ("append.after", "reminder.before"),
        plan,
        broker_kills=kills,
    )
    assert {"applied", "stale", "duplicate", "parked"} <= counts.keys()


@pytest.mark.soak
async def test_killed_a_hundred_times_it_comes_to_the_same(
    tmp_path: Path, postgresql: PostgresServer | None, tell: Tell
) -> None:
    places = Random(SEED).sample(sorted(NAMES) * 6, 100)
    plan = make(SEED, quiet=240, busy=480, messages=200_000)
    counts = await lives(
        beginning(tmp_path / "data", postgresql),
        places,
        LATER * 2,
        plan,
        broker_kills=5,
        hit_at=LONG_HIT_AT,
        spread=True,
        tell=tell,
    )
    assert {"applied", "stale", "duplicate", "parked"} <= counts.keys()
