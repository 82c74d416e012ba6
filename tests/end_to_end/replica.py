"""One service without doors: the store, the intake unit, the clock and the projections, on a folder."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

from tests.patience import PATIENCE
from workflow.aggregates import commands as c
from workflow.aggregates.events import Closed, Party, Role
from workflow.aggregates.policy import Policy
from workflow.clocks import SimulatedClock
from workflow.consumers.clock.driver import ClockDriver
from workflow.consumers.meetings.account import receive, take_in
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.waiting import drain_closed, drain_opened, expire, go_on
from workflow.projections import agenda
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.canonical import documents
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.projections.tables import generation_table
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.keys import KeyStore
from workflow.store.recorded import Origin
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer
from workflow.web.reads import event_out

T = TypeVar("T")
Message = dict[str, Any]

ORIGIN = Origin(correlation_id="test")
UPSTREAM = "test/0"
MASTER_KEY = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people and the relationship that they are to have."""

    relationship: UUID
    mentor: str
    mentee: str
    mentor_person: UUID
    mentee_person: UUID


class Replica:
    """The parts between the broker and the rows, as the service puts them together."""

    def __init__(self, folder: Path, start: datetime, policy: Policy | None = None) -> None:
        self.folder = folder
        self.clock = SimulatedClock(start)
        self.keys = KeyStore(KeyFile(folder / "keys.db"), MASTER_KEY)
        self.store = EventStore(SqliteFile(folder / "events.db"), self.keys)
        self.writer = Writer(self.store, self.clock)
        self.resolver = Resolver(Identities(MASTER_KEY))
        self.views = Views(folder / "views.db", PROJECTIONS, durable=False)
        self.runner = Runner(self.views, self.store.read, self.store.head)
        self.ids: list[str] = []
        self.writer.start()
        self.do(lambda tx: tx.open_programme("default", "Europe/Helsinki", policy or Policy(), ORIGIN))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.stop()
        self.views.close()
        self.store.close()
        self.keys.close()

    def do(self, unit: Callable[[Transaction], T]) -> T:
        return self.submit(unit).result(PATIENCE)

    def submit(self, unit: Callable[[Transaction], T]) -> Future[T]:
        told: Future[T] = Future()
        told.set_result(self.writer.submit(unit).result(PATIENCE).value)
        return told

    @property
    def taken(self) -> int:
        """How many messages were taken in."""
        return len(self.ids)

    # --- what happens to it -------------------------------------------------------------------------------

    def open(self, pair: Pair) -> None:
        people = (pair.mentor_person, pair.mentee_person)
        identities = (pair.mentor, pair.mentee)

        def unit(tx: Transaction) -> None:
            command = c.OpenRelationship(
                at=tx.now,
                actor=c.Actor(uuid4(), Role.COORDINATOR),
                programme="default",
                zone="Europe/Helsinki",
                parties=tuple(
                    Party(person=person, role=role)
                    for person, role in zip(people, (Role.MENTOR, Role.MENTEE), strict=True)
                ),
            )
            tx.decide(pair.relationship, command, ORIGIN)
            for person, identity in zip(people, identities, strict=True):
                tx.directory.identify(person, self.resolver.hashes([identity]))
            tx.directory.enrol(pair.relationship, tx.now, people)
            drain_opened(tx, self.resolver, pair.relationship, people)

        self.do(unit)

    def ask(self, pair: Pair, make: Callable[[datetime, c.Actor], c.Command], role: Role) -> None:
        """A command of one of the pair, as it happens."""
        person = pair.mentor_person if role is Role.MENTOR else pair.mentee_person

        def unit(tx: Transaction) -> None:
            decision = tx.decide(pair.relationship, make(tx.now, c.Actor(person, role)), ORIGIN)
            for event in decision.events:
                if isinstance(event, Closed):
                    tx.directory.close(pair.relationship, event.occurred_at)
                    drain_closed(tx, self.resolver, (pair.mentor_person, pair.mentee_person))

        self.do(unit)

    def take(self, messages: Sequence[Message]) -> None:
        """Take a batch in, as if it had come from the stream."""
        if not messages:
            return
        after = self.taken
        self.ids += [message["id"] for message in messages]
        sequences = range(after + 1, self.taken + 1)
        batch = receive(
            sequences, (json.dumps(message).encode() for message in messages), [None] * len(messages)
        )
        self.do(lambda tx: take_in(tx, self.resolver, UPSTREAM, after, batch))

    def go_on(self) -> bool:
        """Work off a page of what waited; whether there is more."""
        return self.do(lambda tx: go_on(tx, self.resolver))

    def pass_time(self, to: datetime) -> None:
        """Move the clock, asking everything due on the way, and end the wait of what waits too long."""
        while self.go_on():
            pass
        asyncio.run(self._pass_time(to))
        while self.do(lambda tx: expire(tx, self.resolver)):
            pass

    async def _pass_time(self, to: datetime) -> None:
        async def folded(position: int) -> None:
            self.runner.catch_up()

        def due(until: datetime, limit: int, without: Collection[UUID]) -> Sequence[agenda.Due]:
            with self.views.reading() as connection:
                return agenda.due_until(connection, until, limit, without)

        await ClockDriver(self.writer, self.clock, agenda=due, folded=folded).advance(to)

    # --- what came of it ----------------------------------------------------------------------------------

    def documents(self) -> list[str]:
        """What the projections hold, without what depends on when we learned of things."""
        self.runner.catch_up()
        return canonical_documents(self.folder / "views.db")

    def counts(self) -> dict[str, int]:
        """What became of the messages."""
        with self.store.ledger() as ledger:
            return {kind.value: number for kind, number in ledger.receipts.counts().items()}

    def became(self) -> dict[str, str]:
        """What became of each message: settled, or why it waits or is parked. Duplicates have a first one."""
        with self.store.ledger() as ledger:
            receipts = ledger.receipts.page(UPSTREAM, 0, 10_000)
        return {
            self.ids[one.seq - 1]: "settled" if one.reason is None else f"{one.disposition}: {one.reason}"
            for one in receipts
            if one.first
        }

    def printed(self) -> Iterable[str]:
        """The log as ``mentoring events tail --all --json`` prints it."""
        after = 0
        while page := self.store.read(after, 1000):
            yield from (event_out(recorded).model_dump_json() for recorded in page)
            after = page[-1].position


def canonical_documents(views: Path) -> list[str]:
    """The canonical content of a file of views, one text a relationship."""
    with closing(sqlite3.connect(views, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        live = dict(connection.execute("SELECT name, generation FROM projections WHERE live = 1").fetchall())
        tables = {
            one.name: (one, generation_table(one.table, live[one.name]), one.table.name)
            for one in PROJECTIONS
        }
        return sorted(documents(connection, tables))
