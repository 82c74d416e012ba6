"""Identities added and removed, and a party that leaves: what messages mean whom since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.web.conftest import (
    ADA,
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    AS_OPERATOR,
    GRACE,
    PARTIES,
    actor,
    names,
    of,
    opened,
)
from tests.web.messages import became, booked
from workflow.app import Service
from workflow.store.receipts import Disposition

LINUS = UUID("eeeeeeee-0000-4000-8000-000000000005")
AS_LINUS = actor("mentor", LINUS)
THREE = [
    *PARTIES,
    {"role": "mentor", "identities": ["email:linus@example.org"], "person_id": str(LINUS)},
]
NEW = "ext:portal:4711"


# --- identities -------------------------------------------------------------------------------------------


async def test_what_waited_under_an_identity_is_applied_once_it_is_somebodys(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await opened(http)
    booked(service, 1, NEW, "email:ada@example.org")
    assert became(service, 1) is Disposition.WAITING
    answer = await http.post(
        f"{of(relationship, GRACE)}/identities", json={"identity": NEW}, headers=AS_MENTEE
    )
    assert answer.status_code == 201, answer.text
    assert became(service, 1) is Disposition.APPLIED
    assert names(service, relationship)["meeting_scheduled"] == 1
    assert answer.json()["version"] == len(service.store.stream(UUID(relationship)))


async def test_more_than_one_page_that_waits_goes_on_waiting_its_turn(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.consumers.meetings.waiting.PAGE", 2)
    relationship = await opened(http)
    for number in range(1, 6):
        booked(service, number, NEW, "email:ada@example.org", day=number)
    await http.post(f"{of(relationship, GRACE)}/identities", json={"identity": NEW}, headers=AS_MENTEE)
    await service.upkeep.waiting.drain()
    assert [became(service, number) for number in range(1, 6)] == [Disposition.APPLIED] * 5


async def test_an_identity_is_added_once_and_never_in_clear(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await opened(http)
    path = f"{of(relationship, GRACE)}/identities"
    first = await http.post(path, json={"identity": " EMAIL:Grace@Work.example "}, headers=AS_COORDINATOR)
    again = await http.post(path, json={"identity": "email:grace@work.example"}, headers=AS_MENTEE)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["version"] == again.json()["version"]
    assert names(service, relationship)["identity_added"] == 1
    timeline = (await http.get(f"/v1/relationships/{relationship}/timeline")).text
    assert "work.example" not in timeline
    (added,) = [one for one in service.store.read(0, 100) if one.event.name == "mentoring.identity_added.v1"]
    assert service.store.unseal(added, "identity") == "email:grace@work.example"


async def test_one_that_means_somebody_else_is_refused_as_at_an_opening(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await opened(http)
    path = f"{of(relationship, GRACE)}/identities"
    answer = await http.post(path, json={"identity": "email:ada@example.org"}, headers=AS_COORDINATOR)
    two = ["email:ada@example.org", "email:grace@example.org"]
    opening = {"parties": [{"role": "mentor"}, {"role": "mentee", "identities": two}]}
    known = await http.post("/v1/relationships", json=opening, headers=AS_COORDINATOR)
    assert (answer.status_code, answer.json()["code"]) == (409, "identities_differ")
    assert answer.json() == known.json()
    assert names(service, relationship)["identity_added"] == 0
    booked(service, 1, "email:ada@example.org", "email:grace@example.org")
    assert became(service, 1) is Disposition.APPLIED


async def test_a_party_speaks_for_itself_and_is_told_nothing_of_others(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    for identity in ("email:grace@example.org", "email:nobody@example.org"):
        for path in ("identities", "identities/removal"):
            answer = await http.post(
                f"{of(relationship, GRACE)}/{path}", json={"identity": identity}, headers=AS_MENTOR
            )
            assert (answer.status_code, answer.json()["code"]) == (409, "not_ones_own")


async def test_what_is_no_identity_is_refused_without_repeating_it(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    path = f"{of(relationship, GRACE)}/identities"
    answer = await http.post(path, json={"identity": "grace secret"}, headers=AS_MENTEE)
    assert (answer.status_code, answer.json()["code"]) == (422, "identity_invalid")
    assert "grace" not in answer.text


async def test_a_removed_identity_means_nobody_and_may_mean_somebody_else(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await opened(http)
    path = f"{of(relationship, GRACE)}/identities"
    gone = {"identity": "email:grace@example.org"}
    removed = await http.post(f"{path}/removal", json=gone, headers=AS_MENTEE)
    assert removed.status_code == 201, removed.text
    booked(service, 1, "email:ada@example.org", "email:grace@example.org")
    assert became(service, 1) is Disposition.WAITING
    again = await http.post(f"{path}/removal", json=gone, headers=AS_MENTEE)
    others = await http.post(
        f"{path}/removal", json={"identity": "email:ada@example.org"}, headers=AS_COORDINATOR
    )
    assert again.json()["version"] == others.json()["version"] == removed.json()["version"]
    taken = await http.post(f"{of(relationship, ADA)}/identities", json=gone, headers=AS_MENTOR)
    assert taken.status_code == 201
    assert became(service, 1) is Disposition.APPLIED


async def test_a_request_sent_again_under_its_key_is_done_once(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await opened(http)
    path = f"{of(relationship, GRACE)}/identities"
    headers = AS_MENTEE | {"Idempotency-Key": "one"}
    first = await http.post(path, json={"identity": NEW}, headers=headers)
    await http.post(f"{path}/removal", json={"identity": NEW}, headers=AS_MENTEE)
    again = await http.post(path, json={"identity": NEW}, headers=headers)
    assert first.json() == again.json()
    assert names(service, relationship)["identity_added"] == 1


# --- leaving ----------------------------------------------------------------------------------------------


async def three(http: httpx.AsyncClient) -> str:
    answer = await http.post("/v1/relationships", json={"parties": THREE}, headers=AS_COORDINATOR)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["relationship_id"])


async def test_whoever_left_is_not_of_the_meetings_that_follow(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await three(http)
    moved = (service.clock.now() + timedelta(days=10)).isoformat()
    await http.post("/v1/clock", json={"to": moved}, headers=AS_OPERATOR)
    left = await http.post(f"{of(relationship, LINUS)}/departure", headers=AS_LINUS)
    assert left.status_code == 201, left.text
    booked(service, 1, "email:linus@example.org", "email:grace@example.org", day=1)
    booked(service, 2, "email:ada@example.org", "email:grace@example.org", day=1)
    booked(service, 3, "email:linus@example.org", "email:grace@example.org", day=-1)
    assert [became(service, number) for number in (1, 2, 3)] == [
        Disposition.WAITING,
        Disposition.APPLIED,
        Disposition.APPLIED,
    ]
    shown: dict[str, Any] = (
        await http.get(f"/v1/relationships/{relationship}", params={"after": left.json()["position"]})
    ).json()
    assert (shown["mentors"], shown["mentees"]) == (1, 1)
    assert (await http.post("/v1/verify", headers=AS_OPERATOR)).json()["equal"]


async def test_what_several_relationships_fitted_is_the_one_that_is_left(
    http: httpx.AsyncClient, service: Service
) -> None:
    first, second = await three(http), await three(http)
    booked(service, 1, "email:linus@example.org", "email:grace@example.org")
    assert became(service, 1) is Disposition.WAITING
    await http.post(f"{of(first, LINUS)}/departure", headers=AS_COORDINATOR)
    assert became(service, 1) is Disposition.APPLIED
    assert names(service, second)["meeting_scheduled"] == 1


async def test_a_batch_looks_at_the_directory_as_one_message_does(
    http: httpx.AsyncClient, service: Service
) -> None:
    """What is prefetched for a batch, and what is asked one by one, are of one mind."""
    relationship = UUID(await three(http))
    now: datetime = service.clock.now()
    await http.post(f"{of(str(relationship), LINUS)}/departure", headers=AS_LINUS)
    hashes = service.resolver.hashes(["email:linus@example.org", "email:grace@example.org"])

    def looked(prefetched: bool) -> list[list[UUID]]:
        def unit(tx: Any) -> list[list[UUID]]:
            if prefetched:
                tx.directory.prefetch(hashes, [])
            instants = (now - timedelta(seconds=1), now, now + timedelta(days=1), None)
            return [tx.directory.relationships_of(hashes, instant) for instant in instants]

        return service.writer.submit(unit).result().value

    assert looked(prefetched=True) == looked(prefetched=False) == [[], [], [], [relationship]]


async def test_the_last_of_a_role_stays(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    answer = await http.post(f"{of(relationship, GRACE)}/departure", headers=AS_MENTEE)
    assert (answer.status_code, answer.json()["code"]) == (409, "last_of_role")
