"""A store, its projections and a clock over one folder, with pairs in it: for tests of the clock and of delivery."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from tests.patience import PATIENCE
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.policy import Policy
from workflow.clocks import SimulatedClock
from workflow.consumers.clock.driver import ClockDriver
from workflow.projections import agenda
from workflow.projections.agenda import Due
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.recorded import Origin, Recorded
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
PAIRS = [UUID(int=number + 1) for number in range(7)]
ORIGIN = Origin(correlation_id="test")


def day(number: float) -> datetime:
    """So many days after the start."""
    return START + timedelta(days=number)


class Movable:
    """A real clock as far as the driver can tell: it is not for the driver to move."""

    def __init__(self) -> None:
        self.instant = START

    def now(self) -> datetime:
        return self.instant


class World:
    """A store, its projections and a clock, over one folder."""

    def __init__(self, folder: Path, *, page: int = 500, clock: Any = None) -> None:
        self.keys = KeyStore(KeyFile(folder / "keys.db"), b"k" * 32)
        self.store = EventStore(SqliteFile(folder / "events.db"), self.keys)
        with self.store.ledger() as ledger:
            instant = ledger.simulated_instant()
        self.clock = clock or SimulatedClock(instant or START)
        self.writer = Writer(self.store, self.clock)
        self.views = Views(folder / "views.db", PROJECTIONS, durable=False)
        self.runner = Runner(self.views, self.store.read, self.store.head)
        self.writer.on_commit(lambda _: self.runner.wake())
        self.writer.start()
        self.runner.start()
        self.do(lambda tx: tx.open_programme("default", "Europe/Helsinki", Policy(), ORIGIN))
        self.driver = ClockDriver(
            self.writer, self.clock, agenda=self.due, folded=self.folded, page=page, poll_seconds=0.01
        )

    def do(self, unit: Any) -> int:
        return self.writer.submit(unit).result(PATIENCE).position

    def due(self, until: datetime, limit: int, without: Collection[UUID] = ()) -> Sequence[Due]:
        with self.views.reading() as connection:
            return agenda.due_until(connection, until, limit, without)

    async def folded(self, position: int) -> int:
        return await self.runner.reached(position, ["agenda"], timeout_seconds=30)

    def facts(self) -> list[Recorded]:
        return self.store.read(0, 100_000)

    def close(self) -> None:
        self.writer.stop()
        self.runner.stop()
        self.views.close()
        self.store.close()
        self.keys.close()


def active(pair: UUID, at: datetime = START) -> Any:
    """A unit that makes a relationship active."""
    mentor, mentee = uuid5(pair, "mentor"), uuid5(pair, "mentee")
    parties = (e.Party(person=mentor, role=e.Role.MENTOR), e.Party(person=mentee, role=e.Role.MENTEE))
    actors = c.Actor(mentor, e.Role.MENTOR), c.Actor(mentee, e.Role.MENTEE)
    commands: list[c.Command] = [
        c.OpenRelationship(at=at, programme="default", zone="Europe/Helsinki", parties=parties),
        *(c.ConfirmCommitment(at=at, actor=actor) for actor in actors),
        c.DraftAgreement(at=at, actor=actors[0]),
        *(c.SignAgreement(at=at, actor=actor, version=1) for actor in actors),
    ]

    def unit(tx: Transaction) -> None:
        for command in commands:
            tx.decide(pair, command, ORIGIN)

    return unit


def held(pair: UUID, number: float) -> Any:
    """A unit that reports a meeting held on a day."""
    report = c.ReportHeld(
        at=day(number) + timedelta(hours=1),
        uid=f"{pair}-{number}",
        source="portal",
        message=f"{pair}-{number}",
        starts_at=day(number),
        ends_at=day(number) + timedelta(hours=1),
    )
    return lambda tx: tx.decide(pair, report, ORIGIN).stale
