"""What was written in confidence is read by those it is for, and by nobody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.web.conftest import ADA, AS_COORDINATOR, AS_MENTEE, AS_MENTOR, AS_OPERATOR, GRACE, active, actor
from tests.web.messages import take_held
from workflow.app import Service

HERS = {"new_perspectives": 2, "comfort": 5, "equality": 4, "direction": 3, "note": "more time, please"}
HIS = {"new_perspectives": 4, "comfort": 4, "equality": 4}


@pytest.fixture
async def base(http: httpx.AsyncClient, service: Service) -> str:
    """An active pair that has met, and both have checked in."""
    relationship = await active(http)
    take_held(service, UUID(relationship))
    path = f"/v1/relationships/{relationship}"
    for said, who in ((HERS, AS_MENTEE), (HIS, AS_MENTOR)):
        assert (await http.post(f"{path}/check-ins", json=said, headers=who)).status_code == 201
    return path


async def _read(http: httpx.AsyncClient, path: str, who: dict[str, str]) -> list[dict[str, Any]]:
    answer = await http.get(f"{path}/check-ins", headers=who)
    assert answer.status_code == 200, answer.text
    return [{name: one[name] for name in one if name != "at"} for one in answer.json()["check_ins"]]


async def test_each_party_reads_its_own_check_ins(http: httpx.AsyncClient, base: str) -> None:
    assert await _read(http, base, AS_MENTEE) == [{"party": str(GRACE), **HERS}]
    assert await _read(http, base, AS_MENTOR) == [{"party": str(ADA), **HIS, "direction": None, "note": None}]


async def test_they_read_each_others_once_both_consent_and_as_long_as_they_do(
    http: httpx.AsyncClient, base: str
) -> None:
    await http.post(f"{base}/check-in-consents", headers=AS_MENTEE)
    assert len(await _read(http, base, AS_MENTOR)) == 1
    assert len(await _read(http, base, AS_MENTEE)) == 1
    await http.post(f"{base}/check-in-consents", headers=AS_MENTOR)
    assert {one["party"] for one in await _read(http, base, AS_MENTOR)} == {str(ADA), str(GRACE)}
    assert await _read(http, base, AS_MENTOR) == await _read(http, base, AS_MENTEE)
    await http.post(f"{base}/check-in-consents/withdrawal", headers=AS_MENTOR)
    assert len(await _read(http, base, AS_MENTOR)) == 1
    assert len(await _read(http, base, AS_MENTEE)) == 1


@pytest.mark.parametrize(
    "who", [AS_COORDINATOR, AS_OPERATOR, actor("mentor", GRACE), actor("mentee", UUID(int=9))]
)
async def test_nobody_else_reads_check_ins(http: httpx.AsyncClient, base: str, who: dict[str, str]) -> None:
    answer = await http.get(f"{base}/check-ins", headers=who)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_a_party")
    assert "more time" not in answer.text


async def test_nobody_reads_without_saying_who_it_is(http: httpx.AsyncClient, base: str) -> None:
    for what in ("check-ins", "help"):
        answer = await http.get(f"{base}/{what}")
        assert (answer.status_code, answer.json()["code"]) == (400, "actor_missing")


async def test_what_was_destroyed_is_read_by_nobody(
    http: httpx.AsyncClient, base: str, service: Service
) -> None:
    asked = await http.post(f"{base}/parties/{GRACE}/destruction", json={}, headers=AS_MENTEE)
    assert asked.status_code == 201, asked.text
    await service.upkeep.destructions.run()
    (own,) = await _read(http, base, AS_MENTEE)
    assert own == {"party": str(GRACE), **dict.fromkeys(HERS)}


async def test_the_coordinator_reads_what_help_was_asked_for_and_the_other_party_nothing(
    http: httpx.AsyncClient, base: str
) -> None:
    await http.post(f"{base}/help", json={"message": "could we speak alone?"}, headers=AS_MENTEE)
    for who in (AS_COORDINATOR, AS_MENTEE):
        (asked,) = (await http.get(f"{base}/help", headers=who)).json()["help"]
        assert (asked["party"], asked["message"]) == (str(GRACE), "could we speak alone?")
    assert (await http.get(f"{base}/help", headers=AS_MENTOR)).json() == {"help": []}
    refused = await http.get(f"{base}/help", headers=AS_OPERATOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_a_party")


async def test_of_a_relationship_that_is_not_there_nothing_is_read(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/v1/relationships/{uuid4()}/check-ins", headers=AS_MENTOR)
    assert (answer.status_code, answer.json()["code"]) == (404, "relationship_unknown")
