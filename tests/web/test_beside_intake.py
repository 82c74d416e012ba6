"""Commands by HTTP while intake always has more to take in. A hang is ended by the tests' own watchdog.

What is bounded is how many batches a command waits for, not how long that takes: one, the one under way.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from unittest.mock import patch

import httpx

from tests.web.conftest import AS_COORDINATOR, AS_OPERATOR, PARTIES, opened
from workflow.app import Service
from workflow.consumers.meetings.account import Received, receive, take_in
from workflow.store.transaction import Transaction

OF, COMMANDS = 50, 30

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


async def test_a_command_waits_for_the_batch_under_way_alone(
    http: httpx.AsyncClient, service: Service
) -> None:
    backlog = Backlog(service, await opened(http))
    waited: list[int] = []
    backlog.more()
    backlog.more()
    with patch.object(service.writer, "submit", backlog.passing(waited)):
        for _ in range(COMMANDS):
            answer = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
            assert answer.status_code == 201
    assert len(waited) >= COMMANDS
    assert max(waited) <= 1
    # Nor does intake wait for ever: every second commit has a batch at least.
    assert backlog.begun >= COMMANDS // 2 - 1
    backlog.ended = True
    while not all(one.done() for one in backlog.taken):
        await asyncio.gather(*(asyncio.wrap_future(one) for one in [*backlog.taken]))
    counts = (await http.get("/v1/intake")).json()
    assert counts["received"] == backlog.submitted * OF
    proved = (
        await http.post("/v1/verify", params={"after": service.store.head()}, headers=AS_OPERATOR)
    ).json()
    assert proved["equal"]
