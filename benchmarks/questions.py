"""What a coordinator's pages ask of so many relationships, and what the clock does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from benchmarks.engines import Measured
from benchmarks.growing import spent
from benchmarks.lives import Lives, driving
from benchmarks.place import open_place, open_store
from workflow.lifecycle import tune_interpreter
from workflow.projections import agenda, goals, journey, meetings, relationships
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.questions.overview import figures
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.projections.today import count_to_contact, to_contact
from workflow.store.transaction import Transaction

Found = dict[str, Any]

_SHOWN = 25
"""Whom to contact: as many as the page shows."""

_DUE = 1_000
_ROUNDS_OF_THE_CLOCK = 4
_ALL = 1_000_000
_FAR = timedelta(days=3_650)


def median_of(found: list[Any]) -> Any:
    """Of each figure the median."""
    if isinstance(found[0], dict):
        return {name: median_of([one[name] for one in found]) for name in found[0]}
    return median(found)


def queries(measured: Measured, place: Path, told: Lives) -> Found:
    """What a coordinator's pages ask, in milliseconds."""
    one, now = told.work.pairs[0].relationship, told.work.now
    with (
        open_store(measured.kept, place) as store,
        closing(Views(measured.views(place), PROJECTIONS)) as views,
    ):
        runner = Runner(views, store.read, store.head)

        def reading(ask: Callable[[Any], object]) -> Callable[[], object]:
            def asked() -> None:
                with views.reading() as connection:
                    ask(connection)

            return asked

        return {
            "whom to contact": _ms(reading(lambda on: to_contact(on, _SHOWN)), 21),
            "how many to contact": _ms(reading(count_to_contact), 21),
            "one relationship": _ms(reading(lambda on: _all_of(on, one)), 101),
            "figures": _ms(reading(lambda on: figures(on, now)), 3),
            "health": _ms(lambda: (runner.status(), store.head()), 101),
        }


def _all_of(connection: Connection, relationship: UUID) -> None:
    relationships.one(connection, relationship)
    journey.stays(connection, relationship)
    agenda.listing(connection, relationship=relationship)
    meetings.listing(connection, relationship)
    goals.listing(connection, relationship)


def _ms(ask: Callable[[], object], rounds: int) -> Found:
    """The median of some rounds, and the least: what it takes where nobody else has the processor."""
    ask()
    took = []
    for _ in range(rounds):
        begin = time.perf_counter()
        ask()
        took.append((time.perf_counter() - begin) * 1e3)
    return {"p50": median(took), "least": min(took)}


async def clock(measured: Measured, place: Path, told: Lives) -> Found:
    """What it takes to ask what is due, a thousand questions at a time, and to fold what the answers bring about.

    Cold: nobody has touched the relationships before, so that each is loaded first, and so are its rows. Warm: they are
    in memory, and their rows were read lately. Of few relationships fewer are asked at once, so that there are enough
    for every round.
    """
    took: dict[str, list[Found]] = {"cold": [], "warm": []}
    due = min(_DUE, len(told.work.pairs) // 10)
    tune_interpreter()
    with (
        open_place(measured.kept, place, told.work) as there,
        closing(Views(measured.views(place), PROJECTIONS)) as views,
    ):
        driver = driving(there, views)
        for number in range(2 * _ROUNDS_OF_THE_CLOCK):
            with views.reading() as connection:
                to = agenda.due_until(connection, told.work.now + _FAR, due)[-1].effective
                dues = agenda.due_until(connection, to, _ALL)  # at that instant more may be due
                if warm := number % 2:
                    for one in dues:
                        _all_of(connection, one.relationship)
            if warm:
                there.writer.submit(partial(_load, [one.relationship for one in dues])).result()
            begin = spent(measured.server)
            advanced = await driver.advance(to)
            took["warm" if warm else "cold"].append((spent(measured.server) - begin).each(advanced.asked))
    return {name: median_of(rounds) for name, rounds in took.items()}


def _load(ids: Sequence[UUID], tx: Transaction) -> None:
    tx.foresee(ids)
    for id in ids:
        tx.relationship(id)
