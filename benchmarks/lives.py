"""Ten thousand lives, lived as far as some ten events each: what growth is measured on.

They are taken in as a service takes them in, day by day, while the clock asks whatever falls due. What their calendars
tell afterwards is kept for intake: of each pair the first message, for which it has to be loaded, and then the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from uuid import UUID

from benchmarks.place import Place, open_place
from benchmarks.workload import Sent, Workload, workload
from tests.kept import FILES
from workflow.consumers.clock.driver import ClockDriver
from workflow.consumers.meetings.account import receive, take_in
from workflow.demo.cast import START
from workflow.projections.agenda import AGENDA, Due, due_until
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views

LIVED = timedelta(days=15)
"""Until then, after some ten events each, all is history."""

UPSTREAM = "lives"
_MONTHS = 5
_SPOKEN = 4
_MOST = 6
"""Only pairs of whom so many messages tell afterwards are taken, and of each at most so many of these."""


@dataclass(frozen=True)
class Lives:
    """``work`` is all until its ``now``; then ``first`` comes one message of each pair, then ``later`` the others.

    The clock shows ``then`` once all are sent.
    """

    work: Workload
    first: tuple[Sent, ...]
    later: tuple[Sent, ...]
    then: datetime


def lives(number: int, lived: timedelta = LIVED) -> Lives:
    """So many of them."""
    told = workload(None, number + number // 2, months=_MONTHS)
    now = START + lived
    after: dict[object, list[Sent]] = defaultdict(list)
    for sent in told.messages:
        if sent.at > now:
            after[sent.relationship].append(sent)
    pairs = [pair for pair in told.pairs if len(after[pair.relationship]) >= _SPOKEN][:number]
    if len(pairs) < number:
        raise SystemExit(f"growth: only {len(pairs)} pairs are told of for long enough")
    chosen = {pair.relationship for pair in pairs}
    before = tuple(sent for sent in told.messages if sent.at <= now and sent.relationship in chosen)
    ahead = [after[pair.relationship][:_MOST] for pair in pairs]
    later = sorted((sent for sents in ahead for sent in sents[1:]), key=lambda sent: sent.at)
    work = replace(told, pairs=tuple(pairs), messages=before, now=now)
    return Lives(work, tuple(sents[0] for sents in ahead), tuple(later), told.now)


async def live(folder: Path, told: Lives) -> int:
    """Have them lived in an empty folder; how many questions the clock asked meanwhile."""
    asked = 0
    with open_place(FILES, folder, told.work) as place:
        place.begin()
        with closing(Views(folder / "agenda.db", [AGENDA], durable=False)) as views:
            driver = driving(place, views)
            position = 0
            for at, sent in groupby(told.work.messages, key=lambda sent: sent.at):
                asked += (await driver.advance(max(at, place.clock.now()))).asked
                bodies = [one.body for one in sent]
                received = receive(
                    range(position + 1, position + len(bodies) + 1), bodies, [None] * len(bodies)
                )
                place.writer.submit(
                    partial(
                        take_in,
                        resolver=place.resolver,
                        upstream=UPSTREAM,
                        after=position,
                        batch=received,
                    )
                ).result()
                position += len(bodies)
            asked += (await driver.advance(told.work.now)).asked
    return asked


def driving(place: Place, views: Views) -> ClockDriver:
    """The clock of a place, over what is folded of it."""
    runner = Runner(views, place.store.read, place.store.head)

    async def folded(_: int) -> None:
        runner.catch_up()

    def agenda(until: datetime, limit: int, without: Collection[UUID]) -> Sequence[Due]:
        with views.reading() as connection:
            return due_until(connection, until, limit, without)

    return ClockDriver(place.writer, place.clock, agenda=agenda, folded=folded)
