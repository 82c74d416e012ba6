"""A store with people in it, a resolver, and words for messages: what the tests of intake share."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.kept import FILES, Engine
from tests.patience import PATIENCE
from workflow.aggregates.commands import Actor, Close, OpenRelationship
from workflow.aggregates.events import ClosureManner, ClosureReason, Party, RelationshipOpened, Role
from workflow.aggregates.policy import Policy
from workflow.clocks import SimulatedClock
from workflow.consumers.meetings.account import receive, take_in
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.waiting import drain_closed, drain_opened, expire, go_on
from workflow.consumers.transport.broker import make_broker
from workflow.errors import Stopped
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.receipts import Disposition
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORIGIN = Origin("test")
UPSTREAM = "test/0"
ADA, BOB = "email:ada@example.org", "ext:portal:4711"


def at(day: float) -> str:
    """An instant so many days after the start, as messages write it."""
    return (START + timedelta(days=day)).isoformat()


def event(kind: str, id: str, *, source: str = "/calendar", time: float = 0.0, **data: Any) -> dict[str, Any]:
    """A CloudEvent of one of the meeting types, about Ada and Bob unless it says otherwise."""
    if "parties" not in data and "relationship_id" not in data:
        data["parties"] = [ADA, BOB]
    return {
        "specversion": "1.0",
        "type": f"mentoring.meeting.{kind}.v1",
        "source": source,
        "id": id,
        "time": at(time),
        "data": {"uid": "m1"} | data,
    }


def scheduled(id: str, day: float = 10, **data: Any) -> dict[str, Any]:
    """A meeting of one hour was booked."""
    return event("scheduled", id, starts_at=at(day), ends_at=at(day + 1 / 24), **data)


def held(id: str, day: float = 0.5, **data: Any) -> dict[str, Any]:
    """A meeting of one hour took place."""
    return event("held", id, starts_at=at(day), ends_at=at(day + 1 / 24), **data)


def body(message: Mapping[str, Any] | bytes) -> bytes:
    """A message as it travels."""
    return message if isinstance(message, bytes) else json.dumps(message).encode()


@dataclass
class World:
    """Everything that intake needs, in a folder."""

    folder: Path
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(START))
    sequence: int = 0
    engine: Engine = FILES
    upstream: str = UPSTREAM

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        master = load_master_key(self.folder / "master.key")
        self.keys = KeyStore(self.engine.keys(self.folder), master)
        self.store = EventStore(self.engine.facts(self.folder), self.keys)
        self.writer = Writer(self.store, self.clock)
        self.resolver = Resolver(Identities(master))
        self.writer.start()
        self.do(lambda tx: tx.open_programme("default", "Europe/Helsinki", Policy(), ORIGIN))

    def close(self) -> None:
        self.writer.stop()
        self.store.close()
        self.keys.close()

    def do(self, unit: Any) -> Any:
        return self.writer.submit(unit).result(PATIENCE).value

    def open(self, *identities: str, id: UUID | None = None) -> UUID:
        """Bring a mentor and a mentee together; the identities are dealt to them in turn."""
        relationship, mentor, mentee = id or uuid4(), uuid4(), uuid4()

        def unit(tx: Transaction) -> None:
            people = (mentor, mentee)
            parties = (Party(person=mentor, role=Role.MENTOR), Party(person=mentee, role=Role.MENTEE))
            command = OpenRelationship(
                at=tx.now,
                actor=Actor(mentor, Role.COORDINATOR),
                programme="default",
                zone="Europe/Helsinki",
                parties=parties,
            )
            tx.decide(relationship, command, ORIGIN)
            for index, identity in enumerate(identities):
                tx.directory.identify(people[index % 2], self.resolver.hashes([identity]))
            tx.directory.enrol(relationship, tx.now, people)
            drain_opened(tx, self.resolver, relationship, people)

        self.do(unit)
        return relationship

    def also(self, *identities: str, programme: str = "default") -> UUID:
        """One more relationship, of people who are known already."""
        relationship = uuid4()

        def unit(tx: Transaction) -> None:
            people = [tx.directory.person_of(hashed) for hashed in self.resolver.hashes(identities)]
            known = [person for person in people if person is not None]
            roles = [Role.MENTOR, *[Role.MENTEE] * len(known)]
            command = OpenRelationship(
                at=tx.now,
                actor=Actor(known[0], Role.COORDINATOR),
                programme=programme,
                zone="Europe/Helsinki",
                parties=tuple(Party(person=one, role=role) for one, role in zip(known, roles, strict=False)),
            )
            tx.decide(relationship, command, ORIGIN)
            tx.directory.enrol(relationship, tx.now, known)
            drain_opened(tx, self.resolver, relationship, known)

        self.do(unit)
        return relationship

    def opened(self, relationship: UUID) -> RelationshipOpened:
        """How a relationship began."""
        event = self.store.stream(relationship)[0].event
        assert isinstance(event, RelationshipOpened)
        return event

    def close_one(self, relationship: UUID) -> None:
        """Close a relationship at the clock's instant."""

        def unit(tx: Transaction) -> None:
            people = [party.person for party in self.opened(relationship).parties]
            command = Close(
                at=tx.now,
                actor=Actor(people[0], Role.MENTOR),
                manner=ClosureManner.ADMINISTRATIVE,
                reason=ClosureReason.MISMATCH,
            )
            tx.decide(relationship, command, ORIGIN)
            tx.directory.close(relationship, tx.now)
            drain_closed(tx, self.resolver, people)

        self.do(unit)

    def expire(self) -> int:
        """End the wait of what has waited too long; how many."""
        ended: int = self.do(lambda tx: expire(tx, self.resolver))
        return ended

    def go_on(self) -> bool:
        """Work off one more page of what waited; whether there is more."""
        more: bool = self.do(lambda tx: go_on(tx, self.resolver))
        return more

    def take(self, *messages: Mapping[str, Any] | bytes) -> list[Disposition]:
        """Take messages in without a broker, as one batch; what became of each."""
        sequences = range(self.sequence + 1, self.sequence + len(messages) + 1)
        batch = receive(sequences, map(body, messages), [None] * len(messages))
        after, self.sequence = self.sequence, self.sequence + len(messages)
        unit = partial(take_in, resolver=self.resolver, upstream=self.upstream, after=after, batch=batch)
        self.writer.submit(unit, beside=True).result(PATIENCE)
        return [self.disposition(sequence) for sequence in sequences]

    def disposition(self, sequence: int, upstream: str | None = None) -> Disposition:
        with self.store.ledger() as ledger:
            receipt = ledger.receipts.seen(upstream or self.upstream, sequence)
            assert receipt is not None
            return receipt.disposition

    def reason(self, sequence: int) -> str | None:
        """Why a message waits or is parked, as its receipt tells."""
        with self.store.ledger() as ledger:
            receipt = ledger.receipts.seen(UPSTREAM, sequence)
            assert receipt is not None
            return receipt.reason

    def dispositions(self, upstream: str) -> dict[int, Disposition]:
        with self.store.ledger() as ledger:
            return {r.seq: r.disposition for r in ledger.receipts.page(upstream, 0, 1_000_000)}

    def reasons(self) -> list[str]:
        with self.store.ledger() as ledger:
            return [kept.reason for kept in ledger.parked.page(0, 10_000)]

    def reasons_by_sequence(self) -> dict[int, str]:
        with self.store.ledger() as ledger:
            return {kept.seq: kept.reason for kept in ledger.parked.page(0, 10_000)}

    def counts(self) -> Counter[str]:
        with self.store.ledger() as ledger:
            return Counter({d.value: n for d, n in ledger.receipts.counts().items() if n})

    def count(self, name: str) -> int:
        with self.store.ledger() as ledger:
            return ledger.receipts.counted(name)

    def names(self, relationship: UUID) -> list[str]:
        """The events of a relationship by their names, without what they all begin and end with."""
        return [
            recorded.event.name.split(".")[1]
            for recorded in self.store.stream(relationship)
            if ".meeting_" in recorded.event.name
        ]

    # --- with a broker ------------------------------------------------------------------------------------

    def intake(self, url: str, *, token: str | None = None, **options: Any) -> Intake:
        return Intake(make_broker(url, token=token), self.writer, self.resolver, uuid4, **options)


async def reached(intake: Intake, position: int, *, seconds: float = PATIENCE) -> None:
    """Wait until intake has taken in the stream up to ``position``."""
    async with asyncio.timeout(seconds):
        while intake.status.position < position:
            assert intake.status.cause is None, intake.status.cause
            await asyncio.sleep(0.01)


async def refusal(intake: Intake) -> Stopped:
    """Why intake does not begin."""
    try:
        with pytest.raises(Stopped) as stopped:
            await intake.start()
    finally:
        await intake.stop()
    return stopped.value


def bodies(messages: Iterable[Mapping[str, Any] | bytes]) -> Sequence[bytes]:
    return [body(message) for message in messages]
