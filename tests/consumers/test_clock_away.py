"""A clock that was away comes to what one that never stopped comes to, but for reminders that nobody needs now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import UUID, uuid5

import pytest

from tests.consumers.test_clock import ORIGIN, PAIRS, Movable, World, active, day, held
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.sealed import Sealed
from workflow.projections import agenda
from workflow.store.transaction import Transaction

LEFT, BACK = 30, 70
"""The days between which the clock is away. Everything that people do lies before."""

Unit = Callable[[Transaction], Any]


def said(pair: UUID, make: Callable[[datetime, c.Actor], c.Command]) -> Unit:
    """Something that the mentee does, as it happens."""
    mentee = c.Actor(uuid5(pair, "mentee"), e.Role.MENTEE)
    return lambda tx: tx.decide(pair, make(tx.now, mentee), ORIGIN)


def booked(pair: UUID, number: float) -> Unit:
    report = c.ReportScheduled(
        at=day(2),
        uid=f"{pair}-{number}",
        source="portal",
        message=f"{pair}-{number}",
        starts_at=day(number),
        ends_at=day(number) + timedelta(hours=1),
    )
    return lambda tx: tx.decide(pair, report, ORIGIN)


def opened(pair: UUID) -> Unit:
    parties = tuple(
        e.Party(person=uuid5(pair, role.value), role=role) for role in (e.Role.MENTOR, e.Role.MENTEE)
    )
    opening = c.OpenRelationship(at=day(0), programme="default", zone="Europe/Helsinki", parties=parties)
    return lambda tx: tx.decide(pair, opening, ORIGIN)


def looked(at: datetime, actor: c.Actor) -> c.Command:
    measures = tuple(
        e.Measure(
            measure=uuid5(actor.person, name),
            what=Sealed(name, author=actor.person),
            who=actor.person,
            by_when=at + timedelta(days=9),
        )
        for name in ("call", "plan")
    )
    return c.HoldFreshLook(at=at, actor=actor, measures=measures)


def aimed(at: datetime, actor: c.Actor) -> c.Command:
    text = Sealed("lead", author=actor.person)
    return c.SetGoal(at=at, actor=actor, goal=uuid5(actor.person, "goal"), text=text)


def declared(at: datetime, actor: c.Actor) -> c.Command:
    return c.DeclareStagnation(at=at, actor=actor)


def paused(at: datetime, actor: c.Actor) -> c.Command:
    return c.Pause(at=at, actor=actor, ends_at=day(50))


SILENT, STUCK, UNREPORTED, RESTING, STAGNATING, AIMING, HELD_OFF = PAIRS
LIVES: dict[float, list[Unit]] = {
    0: [opened(STUCK), *(active(pair) for pair in PAIRS if pair != STUCK)],
    2: [booked(UNREPORTED, 32), booked(UNREPORTED, 36.5), booked(HELD_OFF, 66.3), said(AIMING, aimed)],
    5: [held(SILENT, 5), held(AIMING, 5), held(RESTING, 5.1)],
    10.25: [held(AIMING, 10), said(STAGNATING, declared)],
    12: [said(STAGNATING, looked)],
    20: [said(RESTING, paused)],
}


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


REMINDERS = (e.ReminderIssued, e.ReminderSuppressed)


def decided(world: World, pair: UUID) -> list[Any]:
    """What happened, without reminders and agendas, and without what numbers the events."""
    return [
        (fact.kind.name, fact.event.model_dump(exclude={"dues", "evidence"}, mode="json"))
        for fact in world.store.stream(pair)
        if not isinstance(fact.event, (*REMINDERS, e.AgendaRevised))
    ]


def dues(world: World, pair: UUID) -> dict[str, datetime]:
    with world.views.reading() as connection:
        found = agenda.listing(connection, relationship=pair)
    return {due.kind.value: due.due for due in found if not due.kind.value.startswith("remind_")}


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
