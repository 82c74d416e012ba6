"""The same request twice: under one key it is done once, and a header that comes twice is no header."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.web.conftest import ADA, AS_COORDINATOR, AS_MENTOR, AS_OPERATOR, COORDINATOR, PARTIES, opened
from workflow.app import Service

KEY = {"Idempotency-Key": "one"}


async def test_two_at_once_under_one_key_are_done_once_and_answered_alike(
    http: httpx.AsyncClient, service: Service
) -> None:
    first, second = await asyncio.gather(
        *(
            http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR | KEY)
            for _ in "12"
        )
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert first.headers["location"] == second.headers["location"]
    names = [recorded.event.name for recorded in service.store.read(0, 100)]
    assert names.count("mentoring.relationship_opened.v1") == 1


async def test_of_two_bodies_at_once_under_one_key_one_is_refused(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    path = f"/v1/relationships/{relationship}/closure"
    bodies = [{"manner": "administrative", "reason": why} for why in ("mismatch", "abandonment")]
    answers = await asyncio.gather(
        *(http.post(path, json=body, headers=AS_COORDINATOR | KEY) for body in bodies)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert [one.json()["code"] for one in answers if one.status_code == 422] == ["idempotency_key_reused"]


ANOTHER = {"Mentoring-Actor": "service 2d4f6a1e-9c3b-4a76-8f52-b0c1d2e3f405"}


async def test_what_takes_long_is_done_once_too(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(http)
    proofs = 0
    verify = service.verify

    def counted(heed: Callable[[int], None]) -> Any:
        nonlocal proofs
        proofs += 1
        return verify(heed)

    monkeypatch.setattr(service, "verify", counted)
    ways = [AS_OPERATOR | KEY, AS_OPERATOR | KEY, ANOTHER | KEY, AS_OPERATOR]
    answers = await asyncio.gather(*(http.post("/v1/verify", headers=headers) for headers in ways))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[0].json() == answers[1].json()
    assert proofs == 3


async def test_what_failed_under_a_key_is_done_by_the_one_that_waited(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(http)
    verify = service.verify
    fails = [True, False]

    def at_second_try(heed: Callable[[int], None]) -> Any:
        if fails.pop(0):
            raise RuntimeError
        return verify(heed)

    monkeypatch.setattr(service, "verify", at_second_try)
    answers = await asyncio.gather(*(http.post("/v1/verify", headers=AS_OPERATOR | KEY) for _ in "12"))
    assert sorted(answer.status_code for answer in answers) == [200, 500]


@pytest.mark.parametrize(
    ("twice", "code"),
    [
        ([("Mentoring-Actor", f"mentor {ADA}"), ("Mentoring-Actor", f"coordinator {COORDINATOR}")], "actor_malformed"),
        ([*AS_MENTOR.items(), *AS_MENTOR.items()], "actor_malformed"),
        ([*AS_MENTOR.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")], "key_malformed"),
    ],
)  # fmt: skip
async def test_a_header_that_comes_twice_is_refused(
    http: httpx.AsyncClient, twice: list[tuple[str, str]], code: str
) -> None:
    relationship = await opened(http)
    answer = await http.post(f"/v1/relationships/{relationship}/commitments", headers=twice)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    events = (await http.get(f"/v1/relationships/{relationship}/timeline")).json()["events"]
    assert len(events) == 1
