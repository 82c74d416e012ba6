from __future__ import annotations

import httpx
import pytest

from tests.web.conftest import active
from workflow.app import Service
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction


def _park(service: Service, *bodies: bytes) -> None:
    def unit(tx: Transaction) -> None:
        for number, body in enumerate(bodies, start=1):
            tx.parked.put("upstream/0", number, body, arrived_at=tx.now, reason="not_json")
            tx.receipts.record("upstream/0", number, None, b"digest", Disposition.PARKED, first=False)

    service.writer.submit(unit).result()


async def test_a_write_to_a_service_that_stops_is_told_to_come_again(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.writer.stop()
    answer = await http.post("/v1/parked/1/drop")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


async def test_received_is_the_sum_of_what_became_of_the_messages(
    http: httpx.AsyncClient, service: Service
) -> None:
    _park(service, b"{", b"[")
    counts = (await http.get("/v1/intake")).json()
    assert (counts["received"], counts["parked"]) == (2, 2)
    assert counts["position"] == service.store.head()


async def test_parked_messages_are_shown_without_what_they_say(
    http: httpx.AsyncClient, service: Service
) -> None:
    _park(service, b"{}\nsomething said", b"{}\n")
    page = (await http.get("/v1/parked", params={"limit": 1})).json()
    (first,) = page["parked"]
    assert (first["reason"], first["sequence"]) == ("not_json", 1)
    rest = (await http.get("/v1/parked", params={"beyond": page["next"]})).json()
    assert (len(rest["parked"]), rest["next"]) == (1, None)
    shown = await http.get(f"/v1/parked/{first['number']}")
    assert shown.json() == first
    assert "something said" not in shown.text


async def test_a_parked_message_is_dropped_once(http: httpx.AsyncClient, service: Service) -> None:
    _park(service, b"{}\nnothing", b"{}\nnothing")
    assert (await http.post("/v1/parked/1/retry")).json()["disposition"] == "parked"
    assert (await http.post("/v1/parked/1/drop")).json()["disposition"] == "dropped"
    assert (await http.post("/v1/parked/1/drop")).status_code == 404
    assert (await http.get("/v1/parked/1")).status_code == 404
    counts = (await http.get("/v1/intake")).json()
    assert (counts["received"], counts["parked"], counts["dropped"]) == (2, 1, 1)


async def test_the_simulated_clock_moves_forward_and_asks_what_is_due(http: httpx.AsyncClient) -> None:
    relationship = await active(http)
    moved = (await http.post("/v1/clock", json={"to": "2026-03-01T00:00:00+02:00"})).json()
    assert moved["now"] == "2026-02-28T22:00:00Z"
    shown = (await http.get(f"/v1/relationships/{relationship}")).json()
    assert shown["state"] == "stagnation"
    back = await http.post("/v1/clock", json={"to": "2026-01-01T00:00:00Z"})
    assert (back.status_code, back.json()["code"]) == (409, "clock_never_goes_back")
    naive = await http.post("/v1/clock", json={"to": "2026-04-01T00:00:00"})
    assert naive.status_code == 422


async def test_projections_are_rebuilt_and_proved(http: httpx.AsyncClient) -> None:
    await active(http)
    before = (await http.post("/v1/verify", params={"after": 5})).json()
    rebuilt = (await http.post("/v1/projections/rebuild", params={"name": "journey"})).json()
    after = (await http.post("/v1/verify")).json()
    assert before["equal"]
    assert after["equal"]
    assert before["hash"] == after["hash"]
    assert {one["name"]: one["generation"] for one in rebuilt["projections"]}["journey"] == 2
    assert (await http.post("/v1/projections/rebuild", params={"name": "nosuch"})).status_code == 404


@pytest.mark.parametrize("path", ["/v1/parked/0", "/v1/parked/99999999999999999999", "/v1/parked/x"])
async def test_a_number_that_cannot_be_is_refused(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 422
