"""Commands by HTTP while intake works off a full backlog. A hang is ended by the tests' own watchdog."""

from __future__ import annotations

import asyncio
import json

import httpx

from tests.web.conftest import AS_COORDINATOR, AS_OPERATOR, PARTIES, opened
from workflow.app import Service
from workflow.consumers.meetings.account import Received, receive, take_in

BATCHES, OF = 40, 100


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


async def test_every_command_is_answered_while_intake_works_off_a_backlog(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await opened(http)
    batches = [_batch(number, relationship) for number in range(BATCHES)]
    taking = [
        service.writer.submit(
            lambda tx, batch=batch: take_in(  # type: ignore[misc]
                tx, service.resolver, "upstream/0", batch[0].sequence - 1, batch
            )
        )
        for batch in batches
    ]
    commands = [
        http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR) for _ in range(30)
    ]
    answers = await asyncio.gather(*commands)
    assert {answer.status_code for answer in answers} == {201}
    taken = [await asyncio.wrap_future(one) for one in taking]
    # Nobody waited for the whole backlog: the last batch came after the last command.
    assert max(answer.json()["position"] for answer in answers) < taken[-1].position
    counts = (await http.get("/v1/intake")).json()
    assert counts["received"] == BATCHES * OF
    proved = (
        await http.post("/v1/verify", params={"after": service.store.head()}, headers=AS_OPERATOR)
    ).json()
    assert proved["equal"]
