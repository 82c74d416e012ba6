"""Intake that always has more to take in, beside which commands are asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from workflow.app import Service
from workflow.consumers.meetings.account import Received, receive, take_in
from workflow.store.transaction import Transaction

OF = 50
"""Messages of a batch."""
Unit = Callable[[Transaction], Any]


def _batch(number: int, relationship: str) -> list[Received]:
    sequences = range(number * OF + 1, (number + 1) * OF + 1)
    bodies = [
        json.dumps(
            {
                "specversion": "1.0",
                "type": "mentoring.meeting.scheduled.v1",
                "source": "/calendar",
                "id": str(sequence),
                "time": "2026-01-05T09:00:00Z",
                "data": {
                    "uid": f"meeting-{sequence % 7}",
                    "relationship_id": relationship,
                    "sequence": sequence,
                    "starts_at": "2026-02-05T09:00:00Z",
                    "ends_at": "2026-02-05T10:00:00Z",
                },
            }
        ).encode()
        for sequence in sequences
    ]
    return receive(sequences, bodies, [None] * OF)


class Backlog:
    """Batches without end: while one is taken in the next is waiting already."""

    def __init__(self, service: Service, relationship: str) -> None:
        self._service, self._relationship = service, relationship
        self._submit = service.writer.submit
        self.begun = 0
        self.submitted = 0
        self.ended = False
        self.taken: list[Future[Any]] = []
        self._one_by_one = threading.Lock()

    def more(self) -> None:
        """Submit the next batch, behind the last one, whichever thread submitted that."""
        with self._one_by_one:
            self._more(self.submitted)
            self.submitted += 1

    def _more(self, number: int) -> None:
        batch = _batch(number, self._relationship)

        def unit(tx: Transaction) -> None:
            self.begun += 1
            if not self.ended:
                self.more()
            take_in(tx, self._service.resolver, "upstream/0", number * OF, batch)

        self.taken.append(self._submit(unit))

    def passing(self, waited: list[int]) -> Callable[..., Future[Any]]:
        """The writer's own way in, noting of each command how many batches were begun before it was decided."""

        def submit(unit: Unit, *, urgent: bool = False) -> Future[Any]:
            when: list[
                int
            ] = []  # how many were begun once it was in the queue; empty if it was decided sooner

            def noting(tx: Transaction) -> Any:
                waited.append(self.begun - when[0] if when else 0)
                return unit(tx)

            future = self._submit(noting if urgent else unit, urgent=urgent)
            when.append(self.begun)
            return future

        return submit
