"""The clock on the wall jumps back and forth: what is due is asked once, and the log's own time never goes back.

The seed is printed, and another is taken from ``TEST_SEED``.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.consumers.clocked import PAIRS, Movable, World, day
from tests.consumers.lives import LIVES, REMINDERS, decided, dues
from tests.seed import SEED
from workflow.aggregates import events as e

FROM, UNTIL = 21, 70
"""The days between which it jumps. All that people do lies before."""

EVERY = 2
"""Hours after which the clock is looked at."""


async def lived(folder: Path, jumps: Random | None, *, hours: int = 0) -> World:
    """These lives under a clock that is right, or that jumps as far as so many hours back or ahead now and then."""
    clock, off = Movable(), timedelta()
    world = World(Path(mkdtemp(dir=folder)), clock=clock)
    for hour in sorted({*range(0, 24 * UNTIL + 1, EVERY), *(24 * at for at in LIVES)}):
        if jumps is not None and hour > 24 * FROM and jumps.random() < 0.2:
            off = jumps.choice((0, 1)) * timedelta(hours=jumps.uniform(-hours, hours))
        clock.instant = min(day(hour / 24) + off, day(UNTIL))
        await world.driver.ask()
        for unit in LIVES.get(hour / 24, ()):
            world.do(unit)
    clock.instant = day(UNTIL)
    await world.driver.ask()
    await world.folded(world.writer.head)
    return world


def reminders(world: World, *kinds: type[e.Event]) -> Counter[tuple[Any, ...]]:
    """Those that were issued, or not, by what each is of."""
    return Counter(
        (fact.stream, fact.event.kind, fact.event.party, fact.event.about, fact.event.step)
        for fact in world.facts()
        if isinstance(fact.event, REMINDERS) and isinstance(fact.event, kinds)
    )


@pytest.mark.parametrize("hours", [11, 24 * 20], ids=["by hours", "by weeks"])
async def test_a_clock_that_jumps_asks_everything_once(tmp_path: Path, hours: int) -> None:
    print(f"seed {SEED}")  # noqa: T201 pytest shows it where the test fails
    steady = await lived(tmp_path, None)
    jumping = await lived(tmp_path, Random(SEED), hours=hours)
    for pair in PAIRS:
        assert decided(jumping, pair) == decided(steady, pair)
        assert dues(jumping, pair) == dues(steady, pair)
    issued = reminders(jumping, e.ReminderIssued)
    assert len(issued) > 20
    assert max(reminders(jumping, *REMINDERS).values()) == 1
    assert reminders(jumping, *REMINDERS).keys() >= reminders(steady, *REMINDERS).keys()
    if hours < 12:  # then none is asked more than a day late
        assert issued == reminders(steady, e.ReminderIssued)
    times = [fact.metadata.recorded_at for fact in jumping.facts()]
    assert all(one <= other for one, other in pairwise(times))
    for world in (steady, jumping):
        world.close()
