"""Lives of which everything falls due that a clock asks for, and what was decided of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from tests.consumers.clocked import ORIGIN, PAIRS, World, active, day, held
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.sealed import Sealed
from workflow.projections import agenda
from workflow.store.transaction import Transaction

Unit = Callable[[Transaction], Any]


def said(pair: UUID, make: Callable[[datetime, c.Actor], c.Command]) -> Unit:
    """Something that the mentee does, as it happens."""
    mentee = c.Actor(uuid5(pair, "mentee"), e.Role.MENTEE)
    return lambda tx: tx.decide(pair, make(tx.now, mentee), ORIGIN)


def booked(pair: UUID, number: float) -> Unit:
    """A meeting on a day is booked, on the second day."""
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
REMINDERS = (e.ReminderIssued, e.ReminderSuppressed)


def decided(world: World, pair: UUID) -> list[Any]:
    """What happened, without reminders and agendas, and without what numbers the events."""
    return [
        (fact.kind.name, fact.event.model_dump(exclude={"dues", "evidence"}, mode="json"))
        for fact in world.store.stream(pair)
        if not isinstance(fact.event, (*REMINDERS, e.AgendaRevised))
    ]


def dues(world: World, pair: UUID) -> dict[str, datetime]:
    """What falls due when, but for reminders."""
    with world.views.reading() as connection:
        found = agenda.listing(connection, relationship=pair)
    return {due.kind.value: due.due for due in found if not due.kind.value.startswith("remind_")}
