from __future__ import annotations

from typing import Any

import httpx

from tests.web.conftest import AS_COORDINATOR, AS_MENTOR, AS_OPERATOR, PARTIES, active, opened
from workflow.app import Service


async def test_a_read_shows_what_was_written_at_the_position_named(http: httpx.AsyncClient) -> None:
    for number in range(1, 6):
        written = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
        read = await http.get("/v1/relationships", params={"after": written.json()["position"]})
        assert read.json()["states"]["onboarding"] == number


async def test_a_read_that_waits_too_long_names_the_position_reached(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.read_waits = 0.05
    head = service.store.head()
    for path in ("/v1/relationships", "/v1/agenda"):
        answer = await http.get(path, params={"after": head + 1})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["code"] == "not_yet_folded"
        assert answer.json()["position"] == head


async def test_relationships_are_listed_page_by_page(http: httpx.AsyncClient) -> None:
    known = {await opened(http) for _ in range(5)}
    found: list[dict[str, Any]] = []
    position = (await http.get("/v1/events")).json()["head"]
    query: dict[str, Any] = {"limit": 2, "after": position}
    while True:
        page = (await http.get("/v1/relationships", params=query)).json()
        found += page["relationships"]
        if page["next"] is None:
            break
        query["beyond"] = page["next"]
    assert {row["id"] for row in found} == known
    assert len(found) == 5


async def test_relationships_are_listed_by_state_and_by_concern(http: httpx.AsyncClient) -> None:
    quiet = await active(http)
    await opened(http)
    moved = await http.post("/v1/clock", json={"to": "2026-02-10T00:00:00Z"}, headers=AS_OPERATOR)
    after = {"after": moved.json()["position"]}

    async def ids(**query: str) -> list[str]:
        page = (await http.get("/v1/relationships", params=query | after)).json()
        return [row["id"] for row in page["relationships"]]

    assert await ids(state="stagnation") == [quiet]
    assert await ids(concern="silence") == [quiet]
    assert await ids(state="closure") == []
    assert (await http.get("/v1/relationships", params={"state": "bliss"})).status_code == 422


async def test_the_agenda_tells_what_is_due_soonest_first(http: httpx.AsyncClient) -> None:
    await active(http)
    await active(http)
    head = (await http.get("/v1/events")).json()["head"]
    agenda = (await http.get("/v1/agenda", params={"after": head})).json()["agenda"]
    assert agenda == sorted(agenda, key=lambda due: (due["effective"], due["relationship"]))
    until = (await http.get("/v1/agenda", params={"until": "2026-01-06T00:00:00Z"})).json()["agenda"]
    assert until == []


async def test_the_timeline_is_the_stream_itself(http: httpx.AsyncClient) -> None:
    relationship = await active(http)
    path = f"/v1/relationships/{relationship}/timeline"
    events = (await http.get(path)).json()["events"]
    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["name"] == "mentoring.relationship_opened.v1"
    later = (await http.get(path, params={"after_version": 3})).json()["events"]
    assert later == events[3:]
    beyond = await http.get(path, params={"after_version": len(events)})
    assert (beyond.status_code, beyond.json()["events"]) == (200, [])


async def test_the_log_is_read_page_by_page(http: httpx.AsyncClient) -> None:
    await active(http)
    whole = (await http.get("/v1/events")).json()
    pages, after = [], 0
    while (page := (await http.get("/v1/events", params={"after": after, "limit": 3})).json())["events"]:
        pages += page["events"]
        after = page["position"]
    assert pages == whole["events"]
    assert [event["position"] for event in pages] == list(range(1, whole["head"] + 1))


async def test_an_event_names_what_caused_it(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = AS_MENTOR | {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    await http.post(f"/v1/relationships/{relationship}/commitments", headers=headers)
    malformed = {**AS_MENTOR, "traceparent": "00-zz-zz-01"}
    draft = await http.post(f"/v1/relationships/{relationship}/closure", json={}, headers=malformed)
    assert draft.status_code == 422
    timeline = (await http.get(f"/v1/relationships/{relationship}/timeline")).json()["events"]
    assert timeline[-1]["metadata"]["correlation_id"] == trace
    assert timeline[-1]["metadata"]["traceparent"] == headers["traceparent"]
