from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.web.conftest import (
    ADA,
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    GRACE,
    PARTIES,
    active,
    opened,
)
from workflow.aggregates.programme import programme_id
from workflow.app import Service


async def test_a_relationship_goes_its_way_from_opening_to_closure(http: httpx.AsyncClient) -> None:
    relationship = await active(http)
    base = f"/v1/relationships/{relationship}"
    assert (await http.post(f"{base}/stagnation", headers=AS_MENTOR)).json()["state"] == "stagnation"
    look = await http.post(
        f"{base}/fresh-looks",
        json={
            "perspective": "we talk past each other",
            "measures": [
                {"what": "walk while talking", "who": str(ADA), "by_when": "2026-03-01T12:00:00+02:00"},
                {"what": "send questions before", "who": str(GRACE), "by_when": "2026-03-01T12:00:00+02:00"},
            ],
        },
        headers=AS_MENTOR,
    )
    assert look.status_code == 201, look.text
    first, second = look.json()["measures"]
    assert (await http.post(f"{base}/measures/{first}/completion", headers=AS_MENTOR)).status_code == 201
    assert (await http.post(f"{base}/measures/{second}/drops", headers=AS_MENTEE)).status_code == 201
    closed = await http.post(
        f"{base}/closure", json={"manner": "administrative", "reason": "life_change"}, headers=AS_COORDINATOR
    )
    assert closed.json()["state"] == "closure"

    shown = (await http.get(base, params={"after": closed.json()["position"]})).json()
    assert shown["state"] == "closure"
    assert shown["possible"] == []
    assert [stay["state"] for stay in shown["journey"]] == [
        "onboarding",
        "agreement",
        "active",
        "stagnation",
        "closure",
    ]


async def test_a_relationship_may_continue_one_that_was_closed(http: httpx.AsyncClient) -> None:
    old = await opened(http)
    closure = {"manner": "administrative", "reason": "life_change"}
    await http.post(f"/v1/relationships/{old}/closure", json=closure, headers=AS_COORDINATOR)
    body = {"parties": PARTIES, "continues": str(old)}
    new = await http.post("/v1/relationships", json=body, headers=AS_COORDINATOR)
    assert new.status_code == 201, new.text
    timeline = await http.get(f"/v1/relationships/{new.json()['relationship_id']}/timeline")
    assert timeline.json()["events"][0]["event"]["continues"] == str(old)


@pytest.mark.parametrize("unknown", [uuid4(), programme_id("default")])
async def test_but_none_that_is_not_kept(http: httpx.AsyncClient, unknown: UUID) -> None:
    body = {"parties": PARTIES, "continues": str(unknown)}
    refused = await http.post("/v1/relationships", json=body, headers=AS_COORDINATOR)
    assert (refused.status_code, refused.json()["code"]) == (404, "relationship_unknown")


async def test_a_refused_move_names_the_moves_that_are_possible(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    answer = await http.post(f"/v1/relationships/{relationship}/stagnation", headers=AS_MENTOR)
    problem = answer.json()
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:mentoring:problem:move_not_possible"
    assert problem["possible"] == ["complete_onboarding", "close"]
    assert problem["routes"]["complete_onboarding"] == [
        "POST /v1/relationships/{relationship_id}/commitments"
    ]
    assert problem["follows"] == []


async def test_a_refused_move_names_what_follows_by_itself_apart(http: httpx.AsyncClient) -> None:
    base = f"/v1/relationships/{await active(http)}"
    assert (await http.post(f"{base}/stagnation", headers=AS_MENTOR)).status_code == 201
    problem = (await http.post(f"{base}/stagnation", headers=AS_MENTOR)).json()
    assert problem["detail"] == "a relationship in stagnation cannot stagnate; it can: reinvigorate, close"
    assert (problem["possible"], problem["follows"]) == (["reinvigorate", "close"], ["withdraw_stagnation"])
    assert list(problem["routes"]) == problem["possible"]


async def test_a_refusal_that_is_about_no_move_names_none(http: httpx.AsyncClient) -> None:
    base = f"/v1/relationships/{await active(http)}"
    problem = (await http.post(f"{base}/commitments", headers=AS_COORDINATOR)).json()
    assert (problem["code"], "possible" in problem) == ("not_a_party", False)


async def test_a_request_sent_again_is_answered_as_before_and_done_once(
    http: httpx.AsyncClient, service: Service
) -> None:
    headers = {**AS_COORDINATOR, "Idempotency-Key": "one"}
    first = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=headers)
    await opened(http)
    again = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    names = [recorded.event.name for recorded in service.store.read(0, 100)]
    assert names.count("mentoring.relationship_opened.v1") == 2


async def test_another_body_under_the_same_key_is_refused(http: httpx.AsyncClient) -> None:
    headers = {**AS_COORDINATOR, "Idempotency-Key": "one"}
    await http.post("/v1/relationships", json={"parties": PARTIES}, headers=headers)
    other = await http.post(
        "/v1/relationships", json={"parties": PARTIES, "relationship_id": str(uuid4())}, headers=headers
    )
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


async def test_a_key_is_the_actors_own_and_the_routes_own(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    base = f"/v1/relationships/{relationship}"
    keyed = {"Idempotency-Key": "one"}
    mentor = await http.post(f"{base}/commitments", headers=AS_MENTOR | keyed)
    mentee = await http.post(f"{base}/commitments", headers=AS_MENTEE | keyed)
    assert mentor.json()["state"] == "onboarding"
    assert mentee.json()["state"] == "agreement"
    drafted = await http.post(f"{base}/agreements", json={}, headers=AS_MENTEE | keyed)
    assert drafted.json()["agreement_version"] == 1


async def test_the_ids_that_a_client_chooses_are_taken(http: httpx.AsyncClient) -> None:
    chosen = str(uuid4())
    answer = await http.post(
        "/v1/relationships", json={"parties": PARTIES, "relationship_id": chosen}, headers=AS_COORDINATOR
    )
    assert answer.json()["relationship_id"] == chosen
    assert [party["person_id"] for party in answer.json()["parties"]] == [str(ADA), str(GRACE)]
    again = await http.post(
        "/v1/relationships", json={"parties": PARTIES, "relationship_id": chosen}, headers=AS_COORDINATOR
    )
    assert again.status_code == 409
    assert again.json()["code"] == "already_open"


async def test_a_known_identity_keeps_its_person(http: httpx.AsyncClient) -> None:
    await opened(http)
    parties = [
        {"role": "mentor", "identities": ["EMAIL:Ada@Example.org"]},
        {"role": "mentee", "identities": ["ext:portal:4711"]},
    ]
    answer = await http.post("/v1/relationships", json={"parties": parties}, headers=AS_COORDINATOR)
    assert answer.json()["parties"][0]["person_id"] == str(ADA)
    parties[0]["person_id"] = str(uuid4())
    differing = await http.post("/v1/relationships", json={"parties": parties}, headers=AS_COORDINATOR)
    assert differing.status_code == 409
    assert differing.json()["code"] == "identities_differ"


@pytest.mark.parametrize(
    "party",
    [
        {"person_id": str(ADA), "identities": ["email:evil@example.org"]},
        {"person_id": str(ADA), "identities": ["email:ada@example.org", "email:evil@example.org"]},
        {"identities": ["email:ada@example.org", "email:evil@example.org"]},
        {"person_id": str(ADA), "identities": ["email:grace@example.org"]},
        {"identities": ["email:ada@example.org", "email:grace@example.org"]},
    ],
)
async def test_nobody_known_is_given_another_identity(
    http: httpx.AsyncClient, service: Service, party: dict[str, object]
) -> None:
    """Else whoever opens a relationship could have what is reported of one person count for another."""
    await opened(http)
    head = service.store.head()
    other = {"role": "mentee", "identities": ["email:linus@example.org"]}
    body = {"parties": [{"role": "mentor", **party}, other]}
    answer = await http.post("/v1/relationships", json=body, headers=AS_COORDINATOR)
    # The same words whatever the cause: they do not tell whose an identity is.
    assert (answer.status_code, answer.json()["code"]) == (409, "identities_differ")
    assert "somebody who is known" in answer.json()["detail"]
    assert service.store.head() == head


async def test_nothing_sealed_or_identifying_is_answered(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    base = f"/v1/relationships/{relationship}"
    for who in (AS_MENTOR, AS_MENTEE):
        await http.post(f"{base}/commitments", headers=who)
    topics = [{"title": "leaving my profession", "visibility": "pair_only"}]
    await http.post(f"{base}/agreements", json={"topics": topics}, headers=AS_MENTEE)
    for path in (base, f"{base}/timeline", "/v1/relationships", "/v1/events"):
        text = (await http.get(path)).text
        assert "leaving my profession" not in text
        assert "example.org" not in text
    assert '"title":"sealed"' in (await http.get(f"{base}/timeline")).text


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "actor_missing"),
        ({"Mentoring-Actor": "mentor"}, "actor_malformed"),
        ({"Mentoring-Actor": f"emperor {ADA}"}, "actor_malformed"),
        ({"Mentoring-Actor": "mentor 1234"}, "actor_malformed"),
    ],
)
async def test_a_write_names_who_acts(http: httpx.AsyncClient, headers: dict[str, str], code: str) -> None:
    answer = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


async def test_a_relationship_nobody_knows_is_not_found(http: httpx.AsyncClient) -> None:
    for answer in (
        await http.post(f"/v1/relationships/{uuid4()}/commitments", headers=AS_MENTOR),
        await http.get(f"/v1/relationships/{uuid4()}"),
        await http.get(f"/v1/relationships/{uuid4()}/timeline"),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


async def test_two_parties_are_two_people(http: httpx.AsyncClient) -> None:
    shared = [
        party | {"identities": [identity], "person_id": None}
        for party, identity in zip(PARTIES, ("email:ada@example.org", "EMAIL:Ada@Example.ORG"), strict=True)
    ]
    answer = await http.post("/v1/relationships", json={"parties": shared}, headers=AS_COORDINATOR)
    assert (answer.status_code, answer.json()["code"]) == (422, "identity_shared")
    same = [party | {"identities": [], "person_id": str(ADA)} for party in PARTIES]
    answer = await http.post("/v1/relationships", json={"parties": same}, headers=AS_COORDINATOR)
    assert answer.status_code == 409
    malformed = [PARTIES[0] | {"identities": ["no kind"]}, PARTIES[1]]
    answer = await http.post("/v1/relationships", json={"parties": malformed}, headers=AS_COORDINATOR)
    assert (answer.status_code, answer.json()["code"]) == (422, "identity_invalid")


async def test_the_id_of_something_else_is_refused_and_harms_nobody(http: httpx.AsyncClient) -> None:
    taken = str(programme_id("default"))
    body = {"relationship_id": taken, "parties": PARTIES}
    refused = await http.post("/v1/relationships", json=body, headers=AS_COORDINATOR)
    assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")
    asked = await http.post(f"/v1/relationships/{taken}/commitments", headers=AS_MENTOR)
    assert (asked.status_code, asked.json()["code"]) == (404, "relationship_unknown")
    await active(http)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("cadence_days", 1e-9),
        ("cadence_days", 0.99),
        ("cadence_days", 3660.5),
        ("cadence_days", "1e400"),
        ("duration_months", 0),
        ("duration_months", 121),
    ],
)
async def test_an_agreement_is_within_reason(http: httpx.AsyncClient, member: str, value: object) -> None:
    relationship = await opened(http)
    path = f"/v1/relationships/{relationship}/agreements"
    answer = await http.post(path, json={member: value}, headers=AS_MENTOR)
    assert (answer.status_code, answer.json()["faults"][0]["where"]) == (422, f"body.{member}")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("by_when", "9999-12-31T23:59:59-12:00"),
        ("by_when", "0001-01-01T00:00:00+12:00"),
        ("by_when", 4e18),
        ("what", "x" * 4001),
        ("what", " "),
    ],
)
async def test_a_measure_is_within_reason(http: httpx.AsyncClient, member: str, value: object) -> None:
    relationship = await opened(http)
    measure = {"what": "walk", "who": str(ADA), "by_when": "2026-03-01T12:00:00Z", member: value}
    answer = await http.post(
        f"/v1/relationships/{relationship}/fresh-looks", json={"measures": [measure]}, headers=AS_MENTOR
    )
    assert (answer.status_code, answer.json()["faults"][0]["where"]) == (422, f"body.measures.0.{member}")


async def test_a_topic_is_shared_with_fewer_at_once_and_with_more_only_by_an_amendment(
    http: httpx.AsyncClient, service: Service
) -> None:
    base = f"/v1/relationships/{await opened(http)}"

    async def asked(path: str, who: dict[str, str], **body: object) -> Any:
        answer = await http.post(base + path, json=body or None, headers=who)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def agreed(version: int, visibility: str, **topic: str) -> str:
        told = [{"title": "pay", "visibility": visibility, **topic}]
        (id,) = (await asked("/agreements", AS_MENTOR, topics=told))["topics"]
        for who in (AS_MENTOR, AS_MENTEE):
            await asked(f"/agreements/{version}/signatures", who)
        return str(id)

    for who in (AS_MENTOR, AS_MENTEE):
        await asked("/commitments", who)
    topic = await agreed(1, "programme")
    await asked(f"/topics/{topic}/reclassifications", AS_MENTEE, visibility="pair_only")
    opening = await http.post(
        f"{base}/topics/{topic}/reclassifications", json={"visibility": "programme"}, headers=AS_MENTEE
    )
    assert (opening.status_code, opening.json()["code"]) == (409, "topic_opened")
    assert await agreed(2, "shareable", topic_id=topic) == topic
    state = service.writer.submit(lambda tx: tx.relationship(UUID(base[-36:]))).result().value
    assert state is not None
    assert state.topics == {UUID(topic): "shareable"}
