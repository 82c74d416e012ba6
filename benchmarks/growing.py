"""One process of a measurement of growth, so that its memory is its own: ``python -m benchmarks.growing`` with what it
is to know as JSON. It prints what it found, as JSON too.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple
from uuid import uuid4

from workflow.clocks import SimulatedClock
from workflow.consumers.meetings.intake import Intake
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.transport.broker import make_broker
from workflow.lifecycle import tune_interpreter
from workflow.projections.aside.aside import Processes, processors
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import ViewFile
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import PostgresDatabase
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile
from workflow.store.writer import Writer

Told = dict[str, Any]
"""``folder``, and where the facts are in databases the names of these, ``facts`` and ``keys``, and the number of the
``server``'s process; and what else is asked.
"""


def rebuild(told: Told, store: EventStore) -> Told:
    """Fold all projections anew; the first time beside none that serve."""
    folder = Path(told["folder"])
    kept = ViewDatabase(told["facts"]) if told["facts"] else ViewFile(folder / "views.db")
    with closing(Views(kept, PROJECTIONS, processes=Processes(processors()))) as views:
        runner = Runner(views, store.read, store.head, stored=store)
        for generation in views.generations:
            if not generation.position:
                views.pause(generation, "it is folded for the first time")
        begin = spent(told["server"])
        future = runner.rebuild()
        with Begun() as folding:
            runner.catch_up()
        took = spent(told["server"]) - begin
        if any(one.differences or one.failure for one in future.result(0)):
            raise SystemExit(f"growth: {future.result(0)}")
        return took.each(store.head()) | {"folding_mib": folding.peak_mib()}


def intake(told: Told, store: EventStore) -> Told:
    """Take a backlog in: the first messages, for each of which a relationship is loaded, and then the others."""
    return asyncio.run(_intake(told, store))


async def _intake(told: Told, store: EventStore) -> Told:
    writer = Writer(store, SimulatedClock(datetime.fromisoformat(told["now"])))
    writer.start()
    master = load_master_key(Path(told["folder"]) / "master.key")
    taking = Intake(make_broker(told["url"]), writer, Resolver(Identities(master)), uuid4)
    tune_interpreter()
    at = [spent(told["server"])]
    await taking.start()
    for position in (told["first"], told["all"]):
        while taking.status.position < position:  # noqa: ASYNC110 nobody tells of it
            await asyncio.sleep(0.002)
        at.append(spent(told["server"]))
    await taking.stop()
    writer.stop()
    began, first, last = at
    return {
        "cold": (first - began).each(told["first"]),
        "warm": (last - first).each(told["all"] - told["first"]),
    }


_LOOKS_EVERY = 0.05
"""Seconds between two looks at the memory of others."""

_WHAT: dict[str, Callable[[Told, EventStore], Told]] = {"rebuild": rebuild, "intake": intake}


class Spent(NamedTuple):
    """Seconds: on the wall, of the processor time of this process and of those that it began, and of the database
    server's.
    """

    wall: float
    own: float
    server: float

    def __sub__(self, other: Spent) -> Spent:
        """What was spent between the two."""
        return Spent(*(one - before for one, before in zip(self, other, strict=True)))

    def each(self, number: int) -> Told:
        """As a rate, and as microseconds of processor time for each: others may be at work on the machine."""
        return {
            "a_second": number / self.wall,
            "own_us": self.own / number * 1e6,
            "server_us": self.server / number * 1e6,
        }


def spent(server: int) -> Spent:
    """What was spent so far; the ``server`` is named by the process that began it, 0 where there is none."""
    own = sum(os.times()[:4])
    return Spent(time.perf_counter(), own, _of_server(server) if server else 0.0)


def _of_server(pid: int) -> float:
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text("utf-8", "replace").rpartition(")")
        except OSError:
            continue  # it has gone, and whose it was has its ticks
        fields = rest.split()
        own = int(name.split()[0])
        if own == pid:
            ticks += sum(map(int, fields[11:15]))  # with those of its children that have gone
        elif int(fields[1]) == pid:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Begun:
    """The processes that this one begins meanwhile, and the most memory that each was seen to have had."""

    def __init__(self) -> None:
        self._peaks: dict[str, float] = {}
        self._over = Event()
        self._thread = Thread(target=self._watch)

    def __enter__(self) -> Begun:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOKS_EVERY):
            for children in Path("/proc/self/task").glob("*/children"):
                with suppress(OSError):  # the thread has just ended
                    for pid in children.read_text("utf-8").split():
                        with suppress(OSError, StopIteration):  # so has this one: the others go on
                            self._peaks[pid] = peak_mib(pid)

    def peak_mib(self) -> float:
        """Theirs together."""
        return sum(self._peaks.values())


def peak_mib(pid: str = "self") -> float:
    """The most memory that a process ever had; what the system counts for a process includes its parent's."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    kib = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kib) / 1024


def main(told: Told) -> None:
    """Do what is asked, and print what it came to."""
    folder = Path(told["folder"])
    master = load_master_key(folder / "master.key")
    facts, names = told["facts"], told["keys"]
    with (
        closing(KeyStore(KeyDatabase(names) if names else KeyFile(folder / "keys.db"), master)) as keys,
        closing(
            EventStore(PostgresDatabase(facts) if facts else SqliteFile(folder / "events.db"), keys)
        ) as store,
    ):
        tune_interpreter()
        found = _WHAT[told["what"]](told, store)
    print(json.dumps(found | {"peak_mib": peak_mib()}), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
