"""A folder of the service's own parts, with every pair of the workload brought together in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.reference import Standing, standing
from benchmarks.workload import PROGRAMME, ZONE, Workload, beginnings
from tests.kept import Engine
from workflow.aggregates.commands import OpenRelationship
from workflow.aggregates.policy import Policy
from workflow.aggregates.relationship import Relationship
from workflow.clocks import SimulatedClock
from workflow.consumers.meetings.routing import Resolver
from workflow.demo.cast import START, Pair
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer

_ORIGIN = Origin("benchmark")


class Place:
    """The store and its writer over one folder, at work."""

    def __init__(self, kept: Engine, folder: Path, work: Workload) -> None:
        self.folder = folder
        self._work = work
        master = load_master_key(folder / "master.key")
        self._keys = KeyStore(kept.keys(folder), master)
        self.store = EventStore(kept.facts(folder), self._keys)
        self.clock = SimulatedClock(work.now if self.store.head() else START)
        self.writer = Writer(self.store, self.clock)
        self.resolver = Resolver(Identities(master))
        self.writer.start()

    def standing(self) -> Standing:
        """How the relationships stand."""

        def states(tx: Transaction) -> list[Relationship | None]:
            return [tx.relationship(pair.relationship) for pair in self._work.pairs]

        return standing(state for state in self.writer.submit(states).result().value if state is not None)

    def begin(self) -> None:
        """Open the programme, bring every pair together, and let it agree."""

        def programme(tx: Transaction) -> None:
            tx.open_programme(PROGRAMME, ZONE, Policy(), _ORIGIN)
            tx.ledger.set_simulated_instant(self._work.now)

        self.writer.submit(programme).result()
        for future in [self.writer.submit(self._beginning(pair)) for pair in self._work.pairs]:
            future.result()

    def _beginning(self, pair: Pair) -> Any:
        def unit(tx: Transaction) -> None:
            for command in beginnings(pair):
                tx.decide(pair.relationship, command, _ORIGIN)
                if isinstance(command, OpenRelationship):
                    for person in pair.people:
                        tx.directory.identify(person.id, self.resolver.hashes(person.identities))
                    tx.directory.enrol(pair.relationship, START, [person.id for person in pair.people])

        return unit

    def close(self) -> None:
        """Let go of the folder."""
        self.writer.stop()
        self.store.close()
        self._keys.close()


@contextmanager
def open_place(kept: Engine, folder: Path, work: Workload) -> Iterator[Place]:
    """A place in an existing folder, with nothing in memory yet."""
    place = Place(kept, folder, work)
    try:
        yield place
    finally:
        place.close()


@contextmanager
def open_store(kept: Engine, folder: Path) -> Iterator[EventStore]:
    """The log of an existing folder, for reading."""
    keys = KeyStore(kept.keys(folder), load_master_key(folder / "master.key"))
    with closing(keys), closing(EventStore(kept.facts(folder), keys)) as store:
        yield store


def prepare(kept: Engine, folder: Path, work: Workload) -> Path:
    """A new folder in which every pair has agreed."""
    folder.mkdir()
    with open_place(kept, folder, work) as place:
        place.begin()
    return folder


def empty(within: Path) -> Path:
    """A new folder in which there is nothing."""
    return Path(mkdtemp(dir=within))
