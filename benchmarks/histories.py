"""``python -m benchmarks.histories``: what a message costs about a relationship of so many events.

Cached: the relationship is in memory, as one is of which messages come. Cold: it has to be loaded first. What is told
is this process's processor time, for others may be at work on the machine.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from benchmarks.engines import Measured, files, of_server
from benchmarks.figures import keep
from benchmarks.place import Place, open_place, prepare
from benchmarks.workload import workload
from tests.postgres import PostgresServer
from workflow.consumers.meetings.account import receive, take_in
from workflow.demo.cast import START
from workflow.lifecycle import tune_interpreter

LENGTHS = (10, 100, 1_000, 10_000)
_TOGETHER = 100
"""Messages taken in at once, while the relationship is in memory."""

_ROUNDS = 7
_APART = timedelta(hours=6)


def messages(relationship: UUID) -> Iterator[bytes]:
    """Meetings of one relationship, each booked and then held."""
    number = 0
    while True:
        at = START + (number + 1) * _APART
        data = {
            "uid": f"{relationship}-{number}",
            "relationship_id": str(relationship),
            "starts_at": at.isoformat(),
            "ends_at": (at + timedelta(hours=1)).isoformat(),
        }
        for kind, told in (("scheduled", at - timedelta(hours=5)), ("held", at + timedelta(hours=2))):
            envelope = {
                "specversion": "1.0",
                "type": f"mentoring.meeting.{kind}.v1",
                "source": "/calendar",
                "id": f"{relationship}-{number}-{kind}",
                "time": told.isoformat(),
                "data": data | ({"sequence": 0} if kind == "scheduled" else {}),
            }
            yield json.dumps(envelope).encode()
        number += 1


class _Taking:
    """Takes messages about one relationship in, some at a time."""

    def __init__(self, relationship: UUID) -> None:
        self._messages = messages(relationship)
        self._upstream = str(relationship)
        self._position = 0

    def take(self, place: Place, number: int) -> float:
        """So many of them; the processor time that this took, in seconds."""
        bodies = [next(self._messages) for _ in range(number)]
        received = receive(range(self._position + 1, self._position + number + 1), bodies, [None] * number)
        unit = partial(
            take_in,
            resolver=place.resolver,
            upstream=self._upstream,
            after=self._position,
            batch=received,
        )
        begin = time.process_time()
        place.writer.submit(unit).result()
        took = time.process_time() - begin
        self._position += number
        return took


def histories(measured: Measured, folder: Path, lengths: tuple[int, ...] = LENGTHS) -> list[dict[str, Any]]:
    """For each length: microseconds for a message with the relationship in memory, and milliseconds to load it."""
    far = START + (max(lengths) + _ROUNDS * _TOGETHER) * _APART
    work = replace(workload(None, len(lengths) + 1), now=far)
    other = _Taking(work.pairs[-1].relationship)
    place = prepare(measured.kept, folder / "histories", work)
    tune_interpreter()
    results = []
    for pair, length in zip(work.pairs, lengths, strict=False):
        taking = _Taking(pair.relationship)
        with open_place(measured.kept, place, work) as there:
            while (missing := length - there.store.last_version(pair.relationship.hex)) > 0:
                taking.take(there, min(_TOGETHER, missing))
            events = there.store.last_version(pair.relationship.hex)
        cold = []
        for _ in range(_ROUNDS):
            with open_place(measured.kept, place, work) as there:
                for _ in range(
                    3
                ):  # all that a process needs once: its statements, and what reads each kind of event
                    other.take(there, 1)
                for recorded in there.store.stream(pair.relationship):
                    recorded.event.name  # noqa: B018 it is read
                first = taking.take(there, 1)
                cold.append(first - taking.take(there, 1))
        with open_place(measured.kept, place, work) as there:
            taking.take(there, 1)
            cached = [taking.take(there, _TOGETHER) / _TOGETHER for _ in range(_ROUNDS)]
        results.append(
            {
                "store": measured.name,
                "events": events,
                "cached_us": round(median(cached) * 1e6, 1),
                "cold_ms": round(max(0.0, median(cold)) * 1e3, 2),
            }
        )
        print(json.dumps(results[-1]), flush=True)
    return results


def main() -> None:
    """Measure over both stores, and keep what was found."""
    parser = argparse.ArgumentParser(prog="benchmarks.histories", description=__doc__)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder for growth.json")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="mentoring-bench-") as name, PostgresServer(18, durable=True) as server:
        found = []
        for measured in (of_server(server, 1), files()):
            folder = Path(name) / measured.name
            folder.mkdir()
            found += histories(measured, folder)
    keep(asked.to, histories=found)


if __name__ == "__main__":
    main()
