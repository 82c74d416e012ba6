from __future__ import annotations

import asyncio
from unittest.mock import AsyncMock, patch
from uuid import UUID, uuid4

import httpx

from tests.patience import PATIENCE
from tests.web.conftest import ADA, AS_COORDINATOR, PARTIES, opened
from tests.web.messages import take_booking_in
from workflow.app import Service
from workflow.app.chore import Chore
from workflow.consumers.meetings import waiting
from workflow.lifecycle import offline
from workflow.settings import Settings
from workflow.web.api import create_app


async def test_whoever_opens_works_off_what_waited(http: httpx.AsyncClient, service: Service) -> None:
    take_booking_in(service, 1, "email:ada@example.org", "email:grace@example.org")
    assert (await http.get("/v1/intake")).json()["waiting"] == 1
    answer = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
    assert answer.json()["version"] == 2
    counts = (await http.get("/v1/intake")).json()
    assert (counts["waiting"], counts["applied"]) == (0, 1)


async def test_what_waits_for_somebody_known_of_old_is_worked_off(
    http: httpx.AsyncClient, service: Service
) -> None:
    """The second opening does not say again by what identities the mentor is known."""
    await opened(http)
    take_booking_in(service, 1, "email:ada@example.org", "email:linus@example.org")
    assert (await http.get("/v1/intake")).json()["waiting"] == 1
    linus = str(uuid4())
    parties = [
        {"role": "mentor", "person_id": str(ADA)},
        {"role": "mentee", "person_id": linus, "identities": ["email:linus@example.org"]},
    ]
    body = {"parties": parties, "relationship_id": str(uuid4())}
    answer = await http.post("/v1/relationships", json=body, headers=AS_COORDINATOR)
    relationship = UUID(answer.json()["relationship_id"])
    assert [recorded.event.name for recorded in service.store.stream(relationship)] == [
        "mentoring.relationship_opened.v1",
        "mentoring.meeting_scheduled.v1",
    ]


async def _worked_off(http: httpx.AsyncClient) -> dict[str, int]:
    async with asyncio.timeout(PATIENCE):
        while (counts := (await http.get("/v1/intake")).json())["waiting"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return dict(counts)


async def test_what_is_more_than_a_page_is_worked_off_by_itself(
    http: httpx.AsyncClient, service: Service
) -> None:
    for number in range(1, 8):
        take_booking_in(service, number, "email:ada@example.org", "email:grace@example.org")
    with patch.object(waiting, "PAGE", 2):
        answer = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
        assert answer.json()["version"] == 3
        assert (await _worked_off(http))["applied"] == 7


async def test_what_was_left_when_the_service_ended_is_worked_off_at_its_next_start(
    settings: Settings,
) -> None:
    with patch.object(waiting, "PAGE", 2), patch.object(Chore, "run", AsyncMock()):
        async with offline(settings) as service:
            for number in range(1, 8):
                take_booking_in(service, number, "email:ada@example.org", "email:grace@example.org")
            async with _client(service) as http:
                await opened(http)
                assert (await http.get("/v1/intake")).json()["waiting"] == 5
    async with offline(settings) as service, _client(service) as http:
        assert (await _worked_off(http))["applied"] == 7


async def test_closing_one_of_two_relationships_decides_what_could_be_either(
    http: httpx.AsyncClient, service: Service
) -> None:
    first, second = await opened(http), await opened(http)
    take_booking_in(service, 1, "email:ada@example.org", "email:grace@example.org")
    assert (await http.get("/v1/intake")).json()["waiting"] == 1
    closing = {"manner": "administrative", "reason": "mismatch"}
    answer = await http.post(f"/v1/relationships/{first}/closure", json=closing, headers=AS_COORDINATOR)
    assert answer.status_code == 201, answer.text
    assert (await http.get("/v1/intake")).json()["applied"] == 1
    assert service.store.stream(UUID(second))[-1].event.name == "mentoring.meeting_scheduled.v1"


def _client(service: Service) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def test_what_waits_is_shown_with_the_kind_of_thing_and_until_when(
    http: httpx.AsyncClient, service: Service
) -> None:
    take_booking_in(service, 1, "email:ada@example.org", "email:grace@example.org")
    take_booking_in(service, 2, "email:linus@example.org", "email:grace@example.org")
    page = (await http.get("/v1/waiting", params={"limit": 1})).json()
    (first,) = page["waiting"]
    assert page["total"] == 2
    assert first | {"upstream": "", "bytes": 0} == {
        "number": first["number"],
        "source": "/calendar",
        "type": "mentoring.meeting.scheduled.v1",
        "reason": "not_opened",
        "why": "no relationship fits yet",
        "arrived_at": "2026-01-05T08:00:00Z",
        "until": "2026-02-04T08:00:00Z",
        "upstream": "",
        "sequence": 1,
        "bytes": 0,
        "waits_for": ["identity", "uid"],
    }
    shown = await http.get(f"/v1/waiting/{first['number']}")
    assert shown.json() == first
    for said in ("ada", "meeting-1", service.resolver.hashes(["email:ada@example.org"])[0].hex()):
        assert said not in shown.text
    rest = (await http.get("/v1/waiting", params={"beyond": page["next"]})).json()
    assert ([one["sequence"] for one in rest["waiting"]], rest["next"]) == ([2], None)
    missing = await http.get("/v1/waiting/99")
    assert (missing.status_code, missing.json()["detail"]) == (404, "nothing waits under number 99")


async def test_a_receipt_tells_why_its_message_waits(http: httpx.AsyncClient, service: Service) -> None:
    take_booking_in(service, 1, "email:ada@example.org", "email:grace@example.org")
    (receipt,) = (await http.get("/v1/intake/receipts")).json()["receipts"]
    assert receipt == {
        "sequence": 1,
        "disposition": "waiting",
        "reason": "not_opened",
        "type": "mentoring.meeting.scheduled.v1",
        "relationship": None,
    }
    opened = await http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
    (receipt,) = (await http.get("/v1/intake/receipts")).json()["receipts"]
    assert (receipt["disposition"], receipt["reason"], receipt["relationship"]) == (
        "applied",
        None,
        opened.json()["relationship_id"],
    )
