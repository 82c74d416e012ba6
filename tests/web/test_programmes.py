"""A programme's end, and the adoption of a policy, by HTTP: what is done at once, and what page by page."""

from __future__ import annotations

import asyncio
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx
import pytest

from tests.web.backlog import Backlog
from tests.web.conftest import AS_COORDINATOR, AS_MENTOR, AS_OPERATOR, PARTIES, active, names, opened
from workflow.aggregates.commands import Actor
from workflow.aggregates.events import Role
from workflow.app import Service
from workflow.consumers import rounds
from workflow.consumers.requests.commands import NewParty
from workflow.consumers.requests.once import Asked
from workflow.projections.relationships import count_by_state
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction

OTHER = {"silence": {"suspected_after": 1}}
POLICY = "/v1/policy"


async def test_a_closed_programme_opens_nothing_and_adopts_nothing(http: httpx.AsyncClient) -> None:
    closed = await http.post("/v1/programme/closure", headers=AS_COORDINATOR)
    again = await http.post("/v1/programme/closure", headers=AS_OPERATOR)
    assert (closed.status_code, again.status_code) == (201, 201)
    assert closed.json()["closed_at"] == again.json()["closed_at"]
    for path, body in (("/v1/relationships", {"parties": PARTIES}), (POLICY, OTHER)):
        refused = await http.post(path, json=body, headers=AS_COORDINATOR)
        assert (refused.status_code, refused.json()["code"]) == (409, "programme_closed")


async def test_no_party_ends_a_programme_or_adopts_a_policy(http: httpx.AsyncClient) -> None:
    for path, body in (("/v1/programme/closure", None), (POLICY, OTHER)):
        refused = await http.post(path, json=body, headers=AS_MENTOR)
        assert (refused.status_code, refused.json()["code"]) == (409, "not_a_coordinator")
        assert "whoever operates the service" in refused.json()["detail"]


async def test_numbers_that_do_not_fit_each_other_are_named(http: httpx.AsyncClient) -> None:
    policy = {"silence": {"suspected_after": 3, "entered_after": 1}}
    refused = await http.post(POLICY, json=policy, headers=AS_COORDINATOR)
    (fault,) = refused.json()["faults"]
    assert fault == {"where": "body.silence", "what": "suspected_after must not exceed entered_after"}


async def test_its_relationships_follow_and_are_told_to_have(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await active(http)
    await http.post("/v1/programme/closure", headers=AS_COORDINATOR)
    await service.upkeep.rounds.go()
    shown = (await http.get("/v1/programme")).json()
    assert (shown["under_way"], shown["closed_at"] is None) == ([], False)
    row = (await http.get(f"/v1/relationships/{relationship}", params={"after": service.store.head()})).json()
    assert (row["state"], row["reason"]) == ("closure", "programme_ended")


async def test_the_simulated_clock_moves_once_all_have_followed(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await opened(http)
    await http.post("/v1/programme/closure", headers=AS_COORDINATOR)
    await http.post("/v1/clock", json={"to": "2026-02-01T00:00:00Z"}, headers=AS_OPERATOR)
    (closed,) = [
        one for one in service.store.stream(UUID(relationship)) if one.event.name == "mentoring.closed.v1"
    ]
    assert closed.event.occurred_at.isoformat() == "2026-01-05T08:00:00+00:00"


async def test_what_is_due_is_dated_anew_and_the_clock_asks_by_it(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await active(http)

    async def silence_due() -> list[str]:
        row = (
            await http.get(f"/v1/relationships/{relationship}", params={"after": service.store.head()})
        ).json()
        return [due["due"] for due in row["agenda"] if due["kind"] == "silence"]

    assert await silence_due() == ["2026-01-26T08:00:00Z"]
    adopted = (await http.post(POLICY, json=OTHER, headers=AS_COORDINATOR)).json()
    assert adopted["version"] == 2
    assert adopted["changes"] == [{"member": "silence.suspected_after", "before": 1.5, "after": 1.0}]
    await service.upkeep.rounds.go()
    assert await silence_due() == ["2026-01-19T08:00:00Z"]
    await http.post("/v1/clock", json={"to": "2026-01-20T00:00:00Z"}, headers=AS_OPERATOR)
    assert names(service, relationship)["stagnation_suspected"] == 1
    assert (await http.post("/v1/verify", headers=AS_OPERATOR)).json()["equal"]


async def test_the_policy_in_force_is_not_adopted_again(http: httpx.AsyncClient, service: Service) -> None:
    first = await http.post(POLICY, json=OTHER, headers=AS_OPERATOR)
    again = await http.post(POLICY, json=OTHER, headers=AS_COORDINATOR)
    assert (first.json()["version"], again.json()["version"], again.json()["changes"]) == (2, 2, [])
    shown = (await http.get(POLICY)).json()
    assert (shown["version"], shown["policy"]["silence"]["suspected_after"]) == (2, 1.0)


async def open_many(service: Service, many: int) -> None:
    """So many relationships of strangers, a hundred a unit of work."""
    parties = (NewParty(Role.MENTOR, (), None), NewParty(Role.MENTEE, (), None))
    asked = Asked(Actor(uuid4(), Role.COORDINATOR), "", b"", None, Origin("test"))
    opening = service.commands.opening(None, service.settings.programme, parties, asked)

    def unit(tx: Transaction) -> None:
        for _ in range(100):
            opening(tx)

    await asyncio.gather(*(asyncio.wrap_future(service.writer.submit(unit)) for _ in range(many // 100)))


@pytest.mark.parametrize("many", [1_200, pytest.param(10_000, marks=pytest.mark.soak)])
async def test_thousands_are_closed_beside_intake_and_no_command_waits_for_more_than_one_page(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    if many < 10_000:
        monkeypatch.setattr(rounds, "PAGE", 100)
    backlog = Backlog(service, await opened(http))
    waited: list[int] = []
    await open_many(service, many)
    backlog.more()
    backlog.more()
    with patch.object(service.writer, "submit", backlog.passing(waited)):
        closed = await http.post("/v1/programme/closure", headers=AS_COORDINATOR)
        assert closed.status_code == 201
        answers = 0
        while (await http.get("/v1/programme")).json()["under_way"]:
            refused = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
            assert refused.json()["code"] == "programme_closed"
            answers += 1
    assert answers > 0
    assert max(waited) <= 2
    backlog.ended = True
    while not all(one.done() for one in backlog.taken):
        await asyncio.gather(*(asyncio.wrap_future(one) for one in [*backlog.taken]))
    counted = await service.read(count_by_state, ("relationships",), service.store.head())
    assert counted["closure"] == sum(counted.values()) == many + 1
