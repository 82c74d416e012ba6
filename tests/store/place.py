"""A store in a folder of its own, with a programme and a clock that the test moves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

from tests.kept import FILES, Engine
from workflow.aggregates.commands import Actor, HoldFreshLook, OpenRelationship, ReportScheduled
from workflow.aggregates.events import FreshLookHeld, Measure, Party, Provenance, Role
from workflow.aggregates.policy import Policy
from workflow.aggregates.sealed import Sealed
from workflow.clocks import SimulatedClock
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.recorded import Origin, Recorded
from workflow.store.sqlite.keys import KeyFile
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer, Written

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORIGIN = Origin("test")
SECRET = "we talk about the burnout of spring"
IDENTITY = "email:ada.secret@example.org"


@dataclass
class Place:
    """A folder with everything that the store needs."""

    folder: Path
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(START))
    engine: Engine = FILES

    def __post_init__(self) -> None:
        self.master = load_master_key(self.folder / "master.key")
        self.keys = KeyStore(self.engine.keys(self.folder), self.master)
        self.store = EventStore(self.engine.facts(self.folder), self.keys)
        self.writer = Writer(self.store, self.clock)

    def start(self) -> Place:
        self.writer.start()
        self.do(lambda t: t.open_programme("default", "Europe/Helsinki", Policy(), ORIGIN))
        return self

    def do(self, unit: Any, *, urgent: bool = False) -> Written[Any]:
        return self.writer.submit(unit, urgent=urgent).result(60)

    def close(self) -> None:
        self.writer.stop()
        self.store.close()
        self.keys.close()

    def bytes_on_disk(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.engine.on_disk(self.folder))

    def again(self) -> Place:
        """Another one over the same facts, with a clock of its own."""
        return Place(self.folder, engine=self.engine)


def opening(mentor: UUID, mentee: UUID, *, identity: str | None = None) -> OpenRelationship:
    sealed = () if identity is None else (Sealed(identity, author=mentor, personal=True),)
    return OpenRelationship(
        at=START,
        actor=Actor(mentor, Role.COORDINATOR),
        programme="default",
        zone="Europe/Helsinki",
        parties=(
            Party(person=mentor, role=Role.MENTOR, identities=sealed),
            Party(person=mentee, role=Role.MENTEE),
        ),
    )


def open_one(transaction: Transaction, *, identity: str | None = None) -> UUID:
    id = transaction.new_id()
    transaction.decide(id, opening(uuid4(), uuid4(), identity=identity), ORIGIN)
    return id


def booking(uid: str, day: int = 10, *, sequence: int = 0) -> ReportScheduled:
    starts = START + timedelta(days=day)
    return ReportScheduled(
        at=START,
        uid=uid,
        source="calendar",
        message=f"{uid}/{sequence}",
        sequence=sequence,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
    )


def fresh_look(author: UUID, *, perspective: str = SECRET, what: str = SECRET) -> HoldFreshLook:
    return HoldFreshLook(
        at=START,
        actor=Actor(author, Role.MENTOR),
        perspective=Sealed(perspective, author=author),
        measures=tuple(
            Measure(measure=uuid4(), what=Sealed(what, author=author), who=author, by_when=START)
            for _ in range(2)
        ),
    )


def stagnating(place: Place) -> tuple[UUID, UUID]:
    """A relationship that holds sealed text of one author."""
    author = uuid4()
    id = place.do(lambda t: open_one(t, identity=IDENTITY)).value

    def look(transaction: Transaction) -> None:
        state = transaction.relationship(id)
        assert state is not None
        event = FreshLookHeld(
            occurred_at=transaction.now,
            provenance=Provenance.SELF_REPORTED,
            perspective=Sealed(SECRET, author=author),
            measures=(
                Measure(
                    measure=uuid4(), what=Sealed(SECRET, author=author), who=author, by_when=transaction.now
                ),
            ),
        )
        # What the rules say of a fresh look is the domain's; here it only has to be stored.
        transaction._stage(id, state.version + 1, (event,), ORIGIN, state)

    place.do(look)
    return id, author


def look_of(place: Place, id: UUID) -> Recorded:
    """The fresh look of a relationship."""
    return next(r for r in place.store.stream(id) if isinstance(r.event, FreshLookHeld))


def file_of(keys: KeyStore) -> sqlite3.Connection:
    """The file that keys lie in, to look into."""
    rows = keys._rows
    assert isinstance(rows, KeyFile)
    return rows._db


@contextmanager
def scratch() -> Iterator[Place]:
    """A started store in a folder that goes away."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder)).start()
        try:
            yield place
        finally:
            place.close()
