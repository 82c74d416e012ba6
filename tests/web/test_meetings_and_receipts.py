from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import httpx

from tests.web.conftest import active
from workflow.aggregates.commands import ReportScheduled
from workflow.app import Service
from workflow.store.receipts import Disposition
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction

STARTS = datetime(2026, 2, 3, 13, tzinfo=UTC)
ENDS = datetime(2026, 2, 3, 14, tzinfo=UTC)


async def test_what_the_meetings_came_to(http: httpx.AsyncClient, service: Service) -> None:
    relationship = await active(http)

    def unit(tx: Transaction) -> None:
        report = ReportScheduled(
            at=tx.now, uid="weekly", source="/calendars/x", message="1", starts_at=STARTS, ends_at=ENDS
        )
        tx.decide(UUID(relationship), report, Origin(correlation_id="test"))

    service.writer.submit(unit).result()
    answer = await http.get(f"/v1/relationships/{relationship}/meetings")
    (meeting,) = answer.json()["meetings"]
    assert (meeting["meeting"], meeting["outcome"]) == ("weekly", "scheduled")
    assert datetime.fromisoformat(meeting["starts_at"]) == STARTS
    assert meeting["evidence"]


async def test_the_meetings_of_nobody_are_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/relationships/00000000-0000-4000-8000-000000000000/meetings")
    assert answer.status_code == 404


async def test_receipts_come_page_by_page_in_the_order_of_the_stream(
    http: httpx.AsyncClient, service: Service
) -> None:
    assert (await http.get("/v1/intake/receipts")).json() == {
        "upstream": None,
        "sequence": 0,
        "receipts": [],
    }

    def unit(tx: Transaction) -> None:
        for sequence in (1, 2, 3):
            tx.receipts.record("up", sequence, bytes([sequence] * 16), b"digest", Disposition.APPLIED, True)
        tx.receipts.record("up", 4, None, b"digest", Disposition.PARKED, False, "not_json")
        tx.receipts.record(
            "up", 5, b"5" * 16, b"digest", Disposition.WAITING, True, "soon", "held.v1", UUID(int=5)
        )
        tx.receipts.move_position("up", 5)

    service.writer.submit(unit).result()
    page = (await http.get("/v1/intake/receipts", params={"limit": 2})).json()
    assert page["upstream"] == "up"
    assert [one["sequence"] for one in page["receipts"]] == [1, 2]
    assert page["sequence"] == 5
    rest = (await http.get("/v1/intake/receipts", params={"beyond": 2, "upstream": "up"})).json()
    assert rest["receipts"][0] == {
        "sequence": 3,
        "disposition": "applied",
        "reason": None,
        "type": None,
        "relationship": None,
    }
    (last,) = (await http.get("/v1/intake/receipts", params={"last": 1})).json()["receipts"]
    assert (last["type"], last["relationship"]) == ("mentoring.meeting.held.v1", str(UUID(int=5)))
    some = (await http.get("/v1/intake/receipts", params={"last": 2, "only": ["applied", "parked"]})).json()
    assert [one["sequence"] for one in some["receipts"]] == [3, 4]
    parked = (await http.get("/v1/intake/receipts", params={"only": "parked"})).json()
    assert [one["reason"] for one in parked["receipts"]] == ["not_json"]
