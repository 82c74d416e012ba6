"""A clock that was away comes to what one that never stopped comes to, but for reminders that nobody needs now."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.consumers.clocked import PAIRS, Movable, World, day
from tests.consumers.lives import LIVES, REMINDERS, decided, dues
from workflow.aggregates import events as e

LEFT, BACK = 30, 70
"""The days between which the clock is away. Everything that people do lies before."""


async def lived(folder: Path, *, away: bool, page: int = 500) -> World:
    """All these lives, with the clock asked every hour; or not while it is away, and once when it is back."""
    clock = Movable()
    world = World(Path(mkdtemp(dir=folder)), clock=clock, page=page)
    for hour in range(24 * BACK + 1):
        clock.instant = day(hour / 24)
        if not away or not 24 * LEFT < hour < 24 * BACK:
            await world.driver.ask()
        for unit in LIVES.get(hour / 24, ()):
            world.do(unit)
    return world


@pytest.mark.parametrize("page", [2, 500])
async def test_a_clock_that_was_away_decides_what_one_does_that_never_stopped(
    tmp_path: Path, page: int
) -> None:
    always = await lived(tmp_path, away=False)
    away = await lived(tmp_path, away=True, page=page)
    await away.folded(away.writer.head)
    await always.folded(always.writer.head)
    for pair in PAIRS:
        assert decided(away, pair) == decided(always, pair)
        assert dues(away, pair) == dues(always, pair)
    happened = {fact.event.code for fact in away.facts() if isinstance(fact.event, e.ConcernRaised)} | {
        fact.kind for fact in away.facts()
    }
    assert happened >= {
        e.ConcernCode.SILENCE,
        e.ConcernCode.STUCK,
        e.ConcernCode.NO_SUPPORT_CONTACT,
        e.ConcernCode.NOBODY_REPORTS,
        e.ConcernCode.NO_DIRECTION,
        e.ConcernCode.MEASURES_OVERDUE,
        e.StagnationEntered,
        e.SuspicionCleared,
        e.Resumed,
    }
    away.close()
    always.close()


async def test_what_it_missed_is_no_longer_sent_unless_it_is_but_a_day_late(tmp_path: Path) -> None:
    world = await lived(tmp_path, away=True)
    found = [fact.event for fact in world.facts() if isinstance(fact.event, REMINDERS)]
    missed = [one for one in found if day(LEFT) < one.occurred_at < day(BACK - 1)]
    assert len(missed) > 20
    assert all(
        isinstance(one, e.ReminderSuppressed) and one.reason is e.SuppressionReason.TOO_LATE for one in missed
    )
    in_time = [one for one in found if one.occurred_at >= day(BACK - 1)]
    assert any(isinstance(one, e.ReminderIssued) for one in in_time)
    assert not [one for one in in_time if getattr(one, "reason", None) is e.SuppressionReason.TOO_LATE]
    world.close()
