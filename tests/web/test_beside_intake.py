"""Commands by HTTP while intake always has more to take in. A hang is ended by the tests' own watchdog.

What is bounded is how many batches a command waits for, not how long that takes: one, the one under way.
"""

from __future__ import annotations

import asyncio
from unittest.mock import patch

import httpx

from tests.web.backlog import OF, Backlog
from tests.web.conftest import AS_COORDINATOR, AS_OPERATOR, PARTIES, opened
from workflow.app import Service

COMMANDS = 30


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
