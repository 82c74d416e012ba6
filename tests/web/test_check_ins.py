"""How check-ins are asked for by HTTP: each is measured by the one before it, however soon it follows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from tests.patience import PATIENCE
from tests.web.conftest import AS_MENTEE, AS_MENTOR, active
from workflow.aggregates import commands as c
from workflow.aggregates.events import CheckInGiven, ConcernRaised
from workflow.app import Service
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction

WELL = {"new_perspectives": 5, "comfort": 5, "equality": 5}
LESS_WELL = {"new_perspectives": 4, "comfort": 4, "equality": 4}
"""A whole mark less, and well above what counts as low by itself."""


async def met(http: httpx.AsyncClient, service: Service) -> UUID:
    """A pair past its first days that has met."""
    relationship = UUID(await active(http))
    now = service.clock.now()
    held = c.ReportHeld(
        at=now, uid="m", source="portal", message="1", starts_at=now - timedelta(hours=1), ends_at=now
    )
    service.writer.submit(lambda tx: tx.decide(relationship, held, Origin("test"))).result()
    return relationship


async def in_one_commit(
    service: Service, *asking: Coroutine[Any, Any, httpx.Response]
) -> list[httpx.Response]:
    """Ask while the writer is busy, so that all of it is decided in the commit that follows."""
    busy, free = threading.Event(), threading.Event()

    def wait(_: Transaction) -> None:
        busy.set()
        free.wait(PATIENCE)

    service.writer._commit_seconds = 0  # the one that waits is a commit by itself
    service.writer.submit(wait, urgent=True)
    await asyncio.to_thread(busy.wait, 60)
    sent = []
    for number, request in enumerate(asking, 1):
        sent.append(asyncio.create_task(request))
        while len(service.writer._jobs) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    service.writer._commit_seconds = 60
    free.set()
    return await asyncio.gather(*sent)


def lows(service: Service, relationship: UUID) -> list[bool]:
    events = [one.event for one in service.store.stream(relationship)]
    return [event.low for event in events if isinstance(event, CheckInGiven)]


async def test_two_of_one_commit_are_measured_by_each_other(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await met(http, service)
    path = f"/v1/relationships/{relationship}/check-ins"
    commits: list[int] = []
    service.writer.on_commit(commits.append)
    answers = await in_one_commit(
        service,
        http.post(path, json=WELL, headers=AS_MENTOR),
        http.post(path, json=LESS_WELL, headers=AS_MENTOR),
    )
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(commits) <= 2, "the one that waited, and one for both"
    assert lows(service, relationship) == [False, True]


async def test_of_another_party_it_is_not_and_later_it_is_by_what_was_sealed(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await met(http, service)
    path = f"/v1/relationships/{relationship}/check-ins"
    for marks, who in ((WELL, AS_MENTOR), (LESS_WELL, AS_MENTEE), (LESS_WELL, AS_MENTOR)):
        assert (await http.post(path, json=marks, headers=who)).status_code == 201
    assert lows(service, relationship) == [False, False, True]


async def test_what_was_destroyed_is_no_measure_any_more(http: httpx.AsyncClient, service: Service) -> None:
    relationship = await met(http, service)
    path = f"/v1/relationships/{relationship}"
    assert (await http.post(f"{path}/check-ins", json=WELL, headers=AS_MENTOR)).status_code == 201
    person = AS_MENTOR["Mentoring-Actor"].split()[1]
    asked = await http.post(f"{path}/parties/{person}/destruction", json={}, headers=AS_MENTOR)
    assert asked.status_code == 201
    await service.upkeep.destructions.destroyer.run()
    assert (await http.post(f"{path}/check-ins", json=LESS_WELL, headers=AS_MENTOR)).status_code == 201
    assert lows(service, relationship) == [False, False]
    assert not any(isinstance(one.event, ConcernRaised) for one in service.store.stream(relationship))
