from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable

import httpx
import pytest

from tests.web.conftest import AS_COORDINATOR, AS_MENTEE, AS_OPERATOR, active
from tests.web.messages import park
from workflow.aggregates.policy import AgreementPolicy, Policy
from workflow.app import Service
from workflow.consumers.meetings.account import receive, take_in
from workflow.logs import OPERATIONS
from workflow.projections.running.verify import Verified
from workflow.store.held import HeldMessages
from workflow.store.recorded import Origin


async def test_a_write_to_a_service_that_stops_is_told_to_come_again(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.writer.stop()
    answer = await http.post("/v1/parked/1/drop", headers=AS_OPERATOR)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_received_is_the_sum_of_what_became_of_the_messages(
    http: httpx.AsyncClient, service: Service
) -> None:
    park(service, b"{", b"[")
    counts = (await http.get("/v1/intake")).json()
    assert (counts["received"], counts["parked"]) == (2, 2)
    assert counts["position"] == service.store.head()


async def test_parked_messages_are_shown_without_what_they_say(
    http: httpx.AsyncClient, service: Service
) -> None:
    park(service, b"{}\nsomething said", b"{}\n")
    page = (await http.get("/v1/parked", params={"limit": 1})).json()
    (first,) = page["parked"]
    assert (first["reason"], first["sequence"]) == ("not_json", 1)
    rest = (await http.get("/v1/parked", params={"beyond": page["next"]})).json()
    assert (len(rest["parked"]), rest["next"]) == (1, None)
    shown = await http.get(f"/v1/parked/{first['number']}")
    assert shown.json() == first
    assert "something said" not in shown.text


async def test_a_parked_message_tells_who_sent_it_and_what_of_and_why_it_is_parked(
    http: httpx.AsyncClient, service: Service
) -> None:
    body = {
        "specversion": "1.0",
        "type": "mentoring.meeting.held.v9",
        "source": "/calendar",
        "id": "1",
        "time": "2026-01-05T08:00:00Z",
        "data": {},
    }
    headers = {"content-type": "application/cloudevents+json"}
    batch = receive([1], [json.dumps(body).encode()], [headers])
    service.writer.submit(lambda tx: take_in(tx, service.resolver, "upstream/0", 0, batch)).result()
    (parked,) = (await http.get("/v1/parked")).json()["parked"]
    assert (parked["source"], parked["type"]) == ("/calendar", "mentoring.meeting.held.v9")
    assert parked["why"] == "no message of this type and version is known"
    again = (await http.post(f"/v1/parked/{parked['number']}/retry", headers=AS_OPERATOR)).json()
    assert (again["disposition"], again["why"]) == ("parked", parked["why"])


async def test_the_policy_in_force_is_the_one_adopted_last(http: httpx.AsyncClient, service: Service) -> None:
    shown = (await http.get("/v1/policy")).json()
    assert (shown["programme"], shown["version"], shown["zone"]) == ("default", 1, "Europe/Helsinki")
    assert shown["policy"] == Policy().model_dump(mode="json")
    changed = Policy(agreement=AgreementPolicy(cadence_days=14))
    origin = Origin(correlation_id="0")
    service.writer.submit(
        lambda tx: tx.open_programme("default", "Europe/Helsinki", changed, origin)
    ).result()
    shown = (await http.get("/v1/policy")).json()
    assert (shown["version"], shown["policy"]["agreement"]["cadence_days"]) == (2, 14)
    assert (await http.get("/v1/policy", params={"programme": "nosuch"})).status_code == 404


async def test_parked_messages_are_shown_without_opening_them(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    park(service, b"{}\n" + b"x" * 1000, b"{}\n")

    def opened(*_: object) -> None:
        raise AssertionError("a body was opened")

    monkeypatch.setattr(HeldMessages, "_open", opened)
    page = (await http.get("/v1/parked", params={"limit": 1})).json()
    assert ([one["bytes"] for one in page["parked"]], page["total"]) == ([1003], 2)
    assert (await http.get("/v1/parked/2")).json()["bytes"] == 3
    service.keys.destroy(["intake/2026-01"])
    assert (await http.get("/v1/parked/2")).json()["bytes"] is None


async def test_a_parked_message_is_dropped_once(http: httpx.AsyncClient, service: Service) -> None:
    park(service, b"{}\nnothing", b"{}\nnothing")
    assert (await http.post("/v1/parked/1/retry", headers=AS_OPERATOR)).json()["disposition"] == "parked"
    assert (await http.post("/v1/parked/1/drop", headers=AS_OPERATOR)).json()["disposition"] == "dropped"
    assert (await http.post("/v1/parked/1/drop", headers=AS_OPERATOR)).status_code == 404
    assert (await http.get("/v1/parked/1")).status_code == 404
    counts = (await http.get("/v1/intake")).json()
    assert (counts["received"], counts["parked"], counts["dropped"]) == (2, 1, 1)


@pytest.mark.parametrize(
    "path",
    ["/v1/parked/1/drop", "/v1/parked/1/retry", "/v1/projections/rebuild", "/v1/verify", "/v1/clock"],
)
async def test_what_changes_something_names_who_has_it_done(
    http: httpx.AsyncClient, service: Service, path: str
) -> None:
    park(service, b"{}\nnothing")
    body = {"to": "2026-02-01T00:00:00Z"}
    plain = await http.post(path, content=json.dumps(body), headers={"content-type": "text/plain"})
    assert (plain.status_code, plain.json()["code"]) == (400, "actor_missing")
    foreign = {**AS_OPERATOR, "origin": "http://evil.example.org"}
    assert (await http.post(path, json=body, headers=foreign)).status_code == 403
    assert (await http.get("/v1/parked/1")).status_code == 200


async def test_who_had_it_done_is_answered_and_logged(
    http: httpx.AsyncClient, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    park(service, b"{}\nnothing")
    caplog.set_level(logging.INFO, OPERATIONS)
    who = AS_OPERATOR["Mentoring-Actor"]
    for path, words in (
        ("/v1/parked/1/retry", "parked message 1 tried again: still parked (not_json)"),
        ("/v1/parked/1/drop", "parked message 1 dropped"),
        ("/v1/projections/rebuild", "projections folded anew: all"),
        ("/v1/clock", "clock moved to 2026-02-01T00:00:00+00:00"),
    ):
        answer = await http.post(path, json={"to": "2026-02-01T00:00:00Z"}, headers=AS_OPERATOR)
        assert answer.json()["by"] == who
        assert caplog.messages[-1] == f"{words}, by {who}"


async def test_what_is_asked_of_operators_twice_under_one_key_is_answered_as_before(
    http: httpx.AsyncClient, service: Service
) -> None:
    park(service, b"{}\nnothing")
    keyed = AS_OPERATOR | {"Idempotency-Key": "one"}
    dropped = await http.post("/v1/parked/1/drop", headers=keyed)
    moved = await http.post("/v1/clock", json={"to": "2026-01-06T00:00:00Z"}, headers=keyed)
    rebuilt = await http.post("/v1/projections/rebuild", params={"name": "journey"}, headers=keyed)
    await http.post("/v1/clock", json={"to": "2026-01-07T00:00:00Z"}, headers=AS_OPERATOR)
    for path, given, first in (
        ("/v1/parked/1/drop", {}, dropped),
        ("/v1/clock", {"json": {"to": "2026-01-06T00:00:00Z"}}, moved),
        ("/v1/projections/rebuild", {"params": {"name": "journey"}}, rebuilt),
    ):
        again = await http.post(path, headers=keyed, **given)  # type: ignore[arg-type]
        assert (again.status_code, again.json()) == (200, first.json())
    other = await http.post("/v1/projections/rebuild", headers=keyed)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_the_simulated_clock_moves_forward_and_asks_what_is_due(http: httpx.AsyncClient) -> None:
    relationship = await active(http)
    moved = (
        await http.post("/v1/clock", json={"to": "2026-03-01T00:00:00+02:00"}, headers=AS_OPERATOR)
    ).json()
    assert moved["now"] == "2026-02-28T22:00:00Z"
    shown = (await http.get(f"/v1/relationships/{relationship}")).json()
    assert shown["state"] == "stagnation"
    back = await http.post("/v1/clock", json={"to": "2026-01-01T00:00:00Z"}, headers=AS_OPERATOR)
    assert (back.status_code, back.json()["code"]) == (409, "clock_never_goes_back")
    naive = await http.post("/v1/clock", json={"to": "2026-04-01T00:00:00"}, headers=AS_OPERATOR)
    assert naive.status_code == 422


async def test_projections_are_rebuilt_and_proved(http: httpx.AsyncClient, service: Service) -> None:
    await active(http)
    whole = {"after": service.store.head()}
    before = (await http.post("/v1/verify", params=whole, headers=AS_OPERATOR)).json()
    rebuilt = (
        await http.post("/v1/projections/rebuild", params={"name": "journey"}, headers=AS_OPERATOR)
    ).json()
    after = (await http.post("/v1/verify", params=whole, headers=AS_OPERATOR)).json()
    assert before["equal"]
    assert after["equal"]
    assert before["hash"] == after["hash"]
    assert {one["name"]: one["generation"] for one in rebuilt["projections"]}["journey"] == 2
    assert (
        await http.post("/v1/projections/rebuild", params={"name": "nosuch"}, headers=AS_OPERATOR)
    ).status_code == 404


async def test_how_far_a_comparison_has_come_is_told_while_it_is_under_way(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await active(http)
    await http.get("/v1/relationships", params={"after": service.store.head()})  # all of it is folded
    compared, told = service.verify, asyncio.Event()
    loop, seen = asyncio.get_running_loop(), threading.Event()

    def verify(heed: Callable[[int], None]) -> Verified:
        def heeded(position: int) -> None:
            heed(position)
            loop.call_soon_threadsafe(told.set)
            seen.wait()

        return compared(heeded)

    monkeypatch.setattr(service, "verify", verify)
    asked = asyncio.create_task(http.post("/v1/verify", headers=AS_OPERATOR))
    await told.wait()
    status = (await http.get("/v1/projections")).json()
    seen.set()
    assert (await asked).json()["equal"]
    assert status["verifying"] == status["head"]
    assert (await http.get("/v1/projections")).json()["verifying"] is None


@pytest.mark.parametrize("path", ["/v1/parked/0", "/v1/parked/99999999999999999999", "/v1/parked/x"])
async def test_a_number_that_cannot_be_is_refused(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 422


@pytest.mark.parametrize(
    "path", ["projections/journey/pause", "projections/journey/resume", "projections/rebuild", "verify"]
)
async def test_what_is_done_to_the_service_is_done_by_who_operates_it(
    http: httpx.AsyncClient, path: str
) -> None:
    for actor in (AS_MENTEE, AS_COORDINATOR):
        refused = await http.post(f"/v1/{path}", headers=actor)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_an_operator")
    assert {one["status"] for one in (await http.get("/v1/projections")).json()["projections"]} == {"running"}
