"""Where the time of a rebuild goes: ``python -m benchmarks.shares``, in one process and one step after the other.

Processor time of this process, and the time that passes, which over PostgreSQL holds the server's too. A rebuild of
the service does the same, most of it in several processes at once.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import rebuild
from benchmarks.engines import Measured, files, of_server
from benchmarks.longer import longer
from benchmarks.place import open_place, open_store, prepare
from benchmarks.workload import Workload, workload
from tests.postgres import PostgresServer
from workflow.consumers.meetings.account import Received, receive, take_in
from workflow.consumers.meetings.routing import Resolver
from workflow.lifecycle import tune_interpreter
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.projection import heeded
from workflow.projections.rows.folding import Folding
from workflow.projections.rows.generations import Generation
from workflow.projections.running.views import Views
from workflow.store.event_store import EventStore
from workflow.store.transaction import Transaction

_PART, _PAGE = 500, 1_000


class Shares:
    """Seconds by what they were spent on: of this process, and in all."""

    def __init__(self) -> None:
        self.found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        own, all = time.process_time(), time.perf_counter()
        yield
        self.found[what][0] += time.process_time() - own
        self.found[what][1] += time.perf_counter() - all

    def show(self, title: str, events: int) -> None:
        own = sum(seconds for seconds, _ in self.found.values())
        print(f"{title}, {events} events; µs an event of this process's time, its share, µs that pass")
        for what, (seconds, passed) in self.found.items():
            print(
                f"  {what:28} {seconds / events * 1e6:6.2f} {seconds / own:4.0%} {passed / events * 1e6:7.2f}"
            )
        print(f"  {'in all':28} {own / events * 1e6:6.2f}")


def main() -> None:
    """Print the shares over both stores."""
    parser = argparse.ArgumentParser(prog="benchmarks.shares", description=__doc__)
    parser.add_argument("--messages", type=int, default=6_000)
    parser.add_argument("--relationships", type=int, default=500)
    parser.add_argument("--times", type=int, default=8)
    asked = parser.parse_args()
    work = workload(asked.messages, asked.relationships)
    with TemporaryDirectory(prefix="mentoring-bench-") as name, PostgresServer(18, durable=True) as server:
        for measured in (files(), of_server(server, 1)):
            folder = Path(name) / measured.name
            folder.mkdir()
            _take_in(measured, prepare(measured.kept, folder / "finished", work), work)
            long = longer(measured, folder / "finished", folder / "long", asked.times)
            rebuild.fold(measured, long)
            tune_interpreter()
            _measure(measured, long)


def _take_in(measured: Measured, folder: Path, work: Workload) -> None:
    with open_place(measured.kept, folder, work) as place:
        for first in range(0, len(work.messages), _PART):
            bodies = [sent.body for sent in work.messages[first : first + _PART]]
            received = receive(range(first + 1, first + 1 + len(bodies)), bodies, [None] * len(bodies))
            place.writer.submit(partial(_unit, place.resolver, received)).result()


def _unit(resolver: Resolver, received: Sequence[Received], tx: Transaction) -> None:
    take_in(tx, resolver, "upstream", 0, received)


def _measure(measured: Measured, folder: Path) -> None:
    shares = Shares()
    with (
        open_store(measured.kept, folder) as store,
        closing(Views(measured.views(folder), PROJECTIONS)) as views,
    ):
        views.begin([one.name for one in PROJECTIONS])
        foldings = [Folding(one, lambda _: ()) for one in views.shadows]
        _fold(store, views.shadows, foldings, shares)
        _write(views, foldings, shares)
        for shadow in list(views.shadows):
            views.discard(shadow)
        shares.show(measured.name, store.head())


def _fold(
    store: EventStore, shadows: Sequence[Generation], foldings: Sequence[Folding], shares: Shares
) -> None:
    projections, after = [one.projection for one in shadows], 0
    while True:
        with shares.of("reading rows"):
            rows, end = store.page(after, _PAGE)
        if not rows:
            return
        with shares.of("making events of them"):
            page = store.decode(rows)
        with shares.of("reading their JSON"):
            for recorded in page:
                _ = recorded.told
        with shares.of("telling who heeds them"):
            heed = heeded(projections, page, [after] * len(projections))
        for folding, events in zip(foldings, heed, strict=True):
            with shares.of(f"folding {folding.generation.name}"):
                folding.fold(events, end, len(page))
        after = end


def _write(views: Views, foldings: Sequence[Folding], shares: Shares) -> None:
    storage = views._storage
    with storage.transaction() as cursor:
        for folding in foldings:
            layout = folding.generation.layout
            with shares.of("what rows keep"):
                folded = folding.folded()
            with shares.of("writing rows"):
                storage.write(cursor, folded)
            with shares.of("indexes"):
                storage.finish(cursor, layout)
    with shares.of("the difference"), storage.transaction() as cursor:
        live = {one.name: one.layout for one in views.generations}
        for folding in foldings:
            views._differences(cursor, live[folding.generation.name], folding.generation.layout)


if __name__ == "__main__":
    main()
