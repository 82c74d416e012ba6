from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import httpx
import pytest

from tests.patience import PATIENCE
from tests.web.broker import Broker
from tests.web.conftest import opened
from workflow.app import Service
from workflow.consumers.meetings.contract import LARGEST_BODY
from workflow.consumers.transport.server_config import MAX_PAYLOAD
from workflow.web import publishing
from workflow.web.batches import elements

STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}
BATCHED = {"content-type": "application/cloudevents-batch+json"}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "mentoring.meeting.held.v1",
    "source": "/calendar",
    "id": "1",
    "time": "2026-01-06T10:00:00Z",
    "data": {"uid": "u", "relationship_id": "8b0f2c0e-6a34-4c55-a6bb-5d6d4bcb6b4e"},
}


@pytest.fixture
def broker(service: Service) -> Broker:
    broker = Broker()
    service.publisher = broker  # type: ignore[assignment]
    return broker


async def test_a_structured_event_is_handed_on_as_it_came(http: httpx.AsyncClient, broker: Broker) -> None:
    body = json.dumps(EVENT, indent=3).encode()
    answer = await http.post("/v1/events", content=body, headers=STRUCTURED)
    assert (answer.status_code, answer.json()) == (202, {"stored": 1, "sequences": [1]})
    (stored,) = broker.stored
    assert stored == (
        EVENT["data"]["relationship_id"],
        body,
        {"content-type": "application/cloudevents+json"},
    )


async def test_a_binary_event_keeps_its_attributes_in_headers(
    http: httpx.AsyncClient, broker: Broker
) -> None:
    attributes = {f"ce-{name}": value for name, value in EVENT.items() if name != "data"}
    answer = await http.post(
        "/v1/events", json=EVENT["data"], headers=attributes | {"ce-partitionkey": "k-1"}
    )
    assert answer.status_code == 202
    ((key, body, headers),) = broker.stored
    assert key == "k-1"
    assert json.loads(body) == EVENT["data"]
    assert headers == attributes | {"ce-partitionkey": "k-1", "content-type": "application/json"}


async def test_a_batch_is_stored_in_its_order(http: httpx.AsyncClient, broker: Broker) -> None:
    events = [EVENT | {"id": str(number)} for number in range(20)]
    answer = await http.post("/v1/events", content=json.dumps(events), headers=BATCHED)
    assert answer.json() == {"stored": 20, "sequences": list(range(1, 21))}
    assert [json.loads(body)["id"] for _, body, _ in broker.stored] == [event["id"] for event in events]


async def test_every_event_of_a_batch_is_handed_on_byte_for_byte(
    http: httpx.AsyncClient, broker: Broker
) -> None:
    """Members that come twice, half surrogate pairs and long numbers are for intake to judge."""
    singles = [
        b'{"id":"1","id":"2"}',
        b'{ "id" : "\\ud800" }',
        b'{"id":1.000000000000000000001,"name":"\xc3\xa5"}',
        b"NaN",
        b'"]"',
        b"[[ ], {}]",
    ]
    body = b" [" + b" ,\n".join(singles) + b"\t] \n"
    answer = await http.post("/v1/events", content=body, headers=BATCHED)
    assert answer.status_code == 202, answer.text
    assert [body for _, body, _ in broker.stored] == singles


async def test_what_makes_no_sense_is_stored_all_the_same(http: httpx.AsyncClient, broker: Broker) -> None:
    """Intake parks it with its reason, so that nothing received is ever lost."""
    for body in ("{}", "7", '"text"', '{"data": 4, "partitionkey": "a b.*>"}'):
        assert (await http.post("/v1/events", content=body, headers=STRUCTURED)).status_code == 202
    assert {key for key, _, _ in broker.stored} == {"http"}


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"content-type": "application/json"}, "{}", 415, "media_type_unknown"),
        ({}, "{}", 415, "media_type_unknown"),
        (STRUCTURED, "{", 400, "body_malformed"),
        (STRUCTURED, "[" * 100_000, 400, "body_malformed"),
        (BATCHED, "{}", 400, "body_malformed"),
        (BATCHED, "[]", 400, "body_malformed"),
        (BATCHED, "", 400, "body_malformed"),
        (BATCHED, "[{}", 400, "body_malformed"),
        (BATCHED, "[{},]", 400, "body_malformed"),
        (BATCHED, "[,{}]", 400, "body_malformed"),
        (BATCHED, "[{} {}]", 400, "body_malformed"),
        (BATCHED, "[{}] {}", 400, "body_malformed"),
        (BATCHED, b'["\xed\xa0\x80"]', 400, "body_malformed"),
        (BATCHED, "[" * 100_000, 400, "body_malformed"),
        (BATCHED, "[" + "{}," * 1000 + "{}]", 400, "body_malformed"),
        (STRUCTURED, '"' + "x" * LARGEST_BODY + '"', 413, "body_too_large"),
        (BATCHED, '["' + "x" * LARGEST_BODY + '"]', 413, "body_too_large"),
    ],
)
async def test_what_cannot_be_stored_is_refused(
    http: httpx.AsyncClient,
    broker: Broker,
    headers: dict[str, str],
    body: str | bytes,
    status: int,
    code: str,
) -> None:
    answer = await http.post("/v1/events", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert broker.stored == []


@pytest.mark.parametrize("headers", [STRUCTURED, {"ce-specversion": "1.0", "content-type": "text/plain"}])
async def test_what_intake_would_not_read_is_not_stored(
    http: httpx.AsyncClient, broker: Broker, headers: dict[str, str]
) -> None:
    """One size for both doors."""
    whole = '"' + "x" * (LARGEST_BODY - 2) + '"'
    assert (await http.post("/v1/events", content=whole + " ", headers=headers)).status_code == 413
    assert (await http.post("/v1/events", content=whole, headers=headers)).status_code == 202
    assert len(broker.stored[0][1]) == LARGEST_BODY < MAX_PAYLOAD


async def test_while_the_broker_is_away_the_sender_is_to_try_again(
    http: httpx.AsyncClient, broker: Broker
) -> None:
    broker.refuses_from = 1
    events = [EVENT | {"id": str(number)} for number in range(3)]
    answer = await http.post("/v1/events", content=json.dumps(events), headers=BATCHED)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["code"] == "not_stored"


@pytest.mark.parametrize(
    "headers",
    [
        [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-id", "2")],
        [*STRUCTURED.items(), *BATCHED.items()],
    ],
)
async def test_an_event_whose_headers_contradict_each_other_is_refused(
    http: httpx.AsyncClient, broker: Broker, headers: list[tuple[str, str]]
) -> None:
    answer = await http.post("/v1/events", content=b"[{}]", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
    assert broker.stored == []


async def test_nobody_waits_for_a_batch_that_is_read(
    http: httpx.AsyncClient, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, answered = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def elements_at_leisure(body: bytes) -> list[tuple[Any, bytes]]:
        loop.call_soon_threadsafe(begun.set)
        assert answered.wait(PATIENCE), "somebody waits for it"
        return elements(body)

    monkeypatch.setattr(publishing, "elements", elements_at_leisure)
    batch = asyncio.create_task(http.post("/v1/events", content=json.dumps([EVENT] * 3), headers=BATCHED))
    await begun.wait()
    relationship = await opened(http)
    assert (await http.get(f"/v1/relationships/{relationship}/timeline")).status_code == 200
    assert not batch.done()
    answered.set()
    assert (await batch).json()["stored"] == 3


async def test_a_batch_under_the_media_type_of_one_event_is_told_its_own(
    http: httpx.AsyncClient, broker: Broker
) -> None:
    answer = await http.post("/v1/events", content=json.dumps([EVENT]), headers=STRUCTURED)
    assert (answer.status_code, answer.json()["code"]) == (400, "body_malformed")
    assert BATCHED["content-type"] in answer.json()["detail"]
    assert broker.stored == []
    assert (await http.post("/v1/events", content=json.dumps([EVENT]), headers=BATCHED)).status_code == 202
