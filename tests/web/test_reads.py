from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.web.conftest import ADA, AS_COORDINATOR, AS_MENTOR, AS_OPERATOR, PARTIES, active, opened
from workflow.aggregates import commands as c
from workflow.aggregates.events import Role
from workflow.app import Service
from workflow.projections import reminders
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction


async def test_a_read_shows_what_was_written_at_the_position_named(http: httpx.AsyncClient) -> None:
    for number in range(1, 6):
        written = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
        read = await http.get("/v1/relationships", params={"after": written.json()["position"]})
        assert read.json()["states"]["onboarding"] == number


async def test_a_read_that_waits_too_long_names_the_position_reached(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.read_waits = 0.05
    folded = service.store.head()
    service.projections.stop()
    await opened(http)
    for path in ("/v1/relationships", "/v1/agenda"):
        answer = await http.get(path, params={"after": service.store.head()})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["code"] == "not_yet_folded"
        assert answer.json()["position"] == folded


async def test_a_position_beyond_the_log_is_refused_at_once_with_the_last_one(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.read_waits = 3600
    head = service.store.head()
    for method, path in (("GET", "/v1/today"), ("GET", "/v1/agenda"), ("POST", "/v1/verify")):
        answer = await http.request(method, path, params={"after": head + 1}, headers=AS_OPERATOR)
        assert (answer.status_code, answer.json()["code"]) == (422, "position_unknown")
        assert answer.json()["position"] == head
        assert f"ends at position {head}" in answer.json()["detail"]


async def test_a_query_with_a_nul_is_refused_before_a_database_is_asked(http: httpx.AsyncClient) -> None:
    for path, name in (("/v1/relationships", "programme"), ("/v1/intake/receipts", "upstream")):
        answer = await http.get(path, params={name: "a\0b"})
        assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")


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
    later = (await http.get(path, params={"beyond": 3})).json()["events"]
    assert later == events[3:]
    last = await http.get(path, params={"beyond": len(events)})
    assert (last.status_code, last.json()["events"]) == (200, [])


async def test_the_log_is_read_page_by_page(http: httpx.AsyncClient) -> None:
    await active(http)
    whole = (await http.get("/v1/events")).json()
    pages, beyond = [], 0
    while (page := (await http.get("/v1/events", params={"beyond": beyond, "limit": 3})).json())["events"]:
        pages += page["events"]
        beyond = page["position"]
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


@pytest.mark.parametrize("number", [-1, 2**62 + 1, 2**63, 10**30])
async def test_a_number_that_no_event_has_is_refused(http: httpx.AsyncClient, number: int) -> None:
    relationship = await opened(http)
    for path, name in (
        ("/v1/events", "beyond"),
        ("/v1/intake/receipts", "beyond"),
        ("/v1/parked", "beyond"),
        (f"/v1/relationships/{relationship}/timeline", "beyond"),
        ("/v1/relationships", "after"),
        ("/v1/agenda", "after"),
    ):
        answer = await http.get(path, params={name: number})
        assert (answer.status_code, answer.json()["faults"][0]["where"]) == (422, f"query.{name}")


async def test_the_farthest_number_is_no_fault(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    for path in (
        "/v1/events",
        "/v1/intake/receipts",
        "/v1/parked",
        f"/v1/relationships/{relationship}/timeline",
    ):
        assert (await http.get(path, params={"beyond": 2**62})).status_code == 200


@pytest.mark.parametrize(
    "until", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2200-01-01T00:00:00Z", "1"]
)
async def test_an_instant_that_cannot_be_meant_is_refused(http: httpx.AsyncClient, until: str) -> None:
    agenda = await http.get("/v1/agenda", params={"until": until})
    assert (agenda.status_code, agenda.json()["faults"][0]["where"]) == (422, "query.until")
    moved = await http.post("/v1/clock", json={"to": until}, headers=AS_OPERATOR)
    assert (moved.status_code, moved.json()["faults"][0]["where"]) == (422, "body.to")


async def test_nothing_is_read_on_the_event_loop(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    relationship = await opened(http)
    await http.get("/v1/relationships", params={"after": service.store.head()})  # it is folded
    loop, there = threading.get_ident(), []

    def noticed(name: str, of: object) -> None:
        asked = getattr(of, name)

        def ask(*args: object) -> object:
            if threading.get_ident() == loop:
                there.append(name)
            return asked(*args)

        monkeypatch.setattr(of, name, ask)

    for name in ("head", "read", "stream", "ledger"):
        noticed(name, service.store)
    noticed("reading", service.views)
    for path in (
        *("/v1/relationships", "/v1/agenda", "/v1/events", "/v1/intake", "/v1/intake/receipts", "/v1/parked"),
        *("/v1/today", "/v1/waiting", "/v1/policy"),
        *("/v1/projections", "/v1/health", f"/v1/relationships/{relationship}"),
        *(f"/v1/relationships/{relationship}/timeline", f"/v1/relationships/{relationship}/meetings"),
    ):
        assert (await http.get(path)).status_code == 200
    for path in ("/v1/projections/rebuild", "/v1/verify", "/v1/clock"):
        answer = await http.post(path, json={"to": "2026-02-01T00:00:00Z"}, headers=AS_OPERATOR)
        assert answer.status_code == 200
    assert there == []


async def test_whose_check_in_it_is_and_that_it_was_low_is_shown_to_nobody(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = UUID(await active(http))
    held = c.ReportHeld(
        at=service.clock.now(),
        uid="m",
        source="portal",
        message="1",
        starts_at=service.clock.now() - timedelta(hours=1),
        ends_at=service.clock.now(),
    )
    low = c.GiveCheckIn(at=service.clock.now(), actor=c.Actor(ADA, Role.MENTOR), answers=c.Answers(1, 2, 3))
    ask = c.AskForHelp(at=service.clock.now(), actor=c.Actor(ADA, Role.MENTOR))

    def unit(tx: Transaction) -> None:
        for command in (held, low, ask):
            tx.decide(relationship, command, Origin("test"))

    service.writer.submit(unit).result()
    timeline = (await http.get(f"/v1/relationships/{relationship}/timeline")).json()["events"]
    shown = {one["name"]: one["event"] for one in timeline}
    given = shown["mentoring.check_in_given.v1"]
    assert {given[name] for name in ("by", "party", "low")} == {"confidential"}
    assert {given[name] for name in ("new_perspectives", "comfort", "equality")} == {"sealed"}
    assert {shown["mentoring.help_asked.v1"][name] for name in ("by", "party")} == {"confidential"}


async def test_nor_is_it_shown_by_who_is_reminded_to_check_in_and_who_is_not(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = UUID(await active(http))
    start = service.clock.now()
    held = c.ReportHeld(
        at=start, uid="m", source="portal", message="1", starts_at=start - timedelta(hours=1), ends_at=start
    )
    later = start + timedelta(days=2)
    given = c.GiveCheckIn(at=later, actor=c.Actor(ADA, Role.MENTOR), answers=c.Answers(4, 4, 4))
    for command, until in ((held, later), (given, start + timedelta(days=31))):
        service.writer.submit(partial(decide, relationship, command)).result()
        moved = await http.post("/v1/clock", json={"to": until.isoformat()}, headers=AS_OPERATOR)
        assert moved.status_code == 200
    timeline = (await http.get(f"/v1/relationships/{relationship}/timeline")).json()["events"]
    log = (await http.get("/v1/events")).json()["events"]
    for events in (timeline, log):
        shown = [one["event"] for one in events if one["name"] == "mentoring.reminder_issued.v1"]
        (asked,) = [one for one in shown if one["kind"] == "check_in"]
        assert {asked[name] for name in ("party", "audience", "guidance")} == {"confidential"}
        assert "mentor" in {one["audience"] for one in shown}, "of others it is told"
    with service.views.reading() as connection:
        (row,) = [one for one in reminders.listing(connection, relationship) if one["kind"] == "check_in"]
    assert row["audience"] == reminders.SOME_PARTY


def decide(relationship: UUID, command: c.Command, tx: Transaction) -> None:
    tx.decide(relationship, command, Origin("test"))
