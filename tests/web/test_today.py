"""Whom to contact now, and why."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.web.conftest import AS_COORDINATOR, AS_MENTOR, AS_OPERATOR, active, opened
from workflow.aggregates.events import ConcernCode
from workflow.aggregates.moves import FOLLOWS, MOVES
from workflow.cli.docs.http import openapi
from workflow.projections.concerns import WHY, urgency
from workflow.web.moves import ROUTES


async def test_the_silent_are_listed_with_words_and_the_closed_are_not(http: httpx.AsyncClient) -> None:
    silent, closed = await active(http), await active(http)
    await opened(http)
    await http.post("/v1/clock", json={"to": "2026-02-10T00:00:00Z"}, headers=AS_OPERATOR)
    body = {"manner": "administrative", "reason": "life_change"}
    ended = await http.post(f"/v1/relationships/{closed}/closure", json=body, headers=AS_COORDINATOR)
    today = (await http.get("/v1/today", params={"after": ended.json()["position"]})).json()
    assert (today["now"], today["total"]) == ("2026-02-10T00:00:00Z", 2)
    assert closed not in {row["id"] for row in today["relationships"]}
    row = today["relationships"][0]
    concern = next(one for one in row["concerns"] if one["code"] == "silence")
    assert row["id"] == silent
    assert concern["why"] == "nothing heard for long, nothing booked"
    assert concern["clears"] == "a meeting held, or one booked soon"


async def test_those_beyond_the_limit_are_counted(http: httpx.AsyncClient) -> None:
    for _ in range(3):
        await active(http)
    await http.post("/v1/clock", json={"to": "2026-02-10T00:00:00Z"}, headers=AS_OPERATOR)
    today = (await http.get("/v1/today", params={"limit": 2})).json()
    assert (today["total"], len(today["relationships"])) == (3, 2)


def test_every_concern_has_its_words_and_its_place() -> None:
    assert WHY.keys() >= {code.value for code in ConcernCode}
    assert sorted(WHY, key=urgency) == list(WHY)


def test_the_route_tells_its_order() -> None:
    told = openapi()["paths"]["/v1/today"]["get"]["description"]
    assert re.findall(r"`(\w+)`", told) == list(WHY)


async def test_ids_are_found_by_how_they_begin(http: httpx.AsyncClient) -> None:
    known = [await opened(http) for _ in range(3)]
    head = (await http.get("/v1/events")).json()["head"]

    async def ids(prefix: str) -> list[str]:
        page = await http.get("/v1/relationships", params={"id_prefix": prefix, "after": head})
        return [row["id"] for row in page.json()["relationships"]]

    wanted = known[0]
    for prefix in (wanted, wanted.upper(), wanted[:13], wanted[:14], wanted.replace("-", ""), wanted[:4]):
        assert await ids(prefix) == sorted(one for one in known if one.startswith(prefix[:4].lower()))
    assert await ids(wanted[:-1] + ("0" if wanted[-1] != "0" else "1")) == []
    for unfit in ("3f2", "xyzw", "12345'--", ""):
        assert (await http.get("/v1/relationships", params={"id_prefix": unfit})).status_code == 422


def test_every_move_that_people_make_has_routes_that_exist() -> None:
    routes = {f"POST {path}" for path, methods in openapi()["paths"].items() if "post" in methods}
    assert {route for told in ROUTES.values() for route in told} <= routes
    assert {move for move, _, _ in MOVES} - ROUTES.keys() == FOLLOWS


async def test_a_relationship_tells_what_people_can_do_apart_from_what_follows(
    http: httpx.AsyncClient,
) -> None:
    base = f"/v1/relationships/{await active(http)}"
    declared = await http.post(f"{base}/stagnation", headers=AS_MENTOR)
    shown: dict[str, Any] = (await http.get(base, params={"after": declared.json()["position"]})).json()
    assert (shown["possible"], shown["follows"]) == (["reinvigorate", "close"], ["withdraw_stagnation"])
    assert shown["routes"]["close"] == ["POST /v1/relationships/{relationship_id}/closure"]
