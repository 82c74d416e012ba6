"""Publishers that others wrote: with the official SDKs of CloudEvents, and from the AsyncAPI document alone."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.broker import connected
from tests.clients.conftest import ADA, GRACE, Node, shown
from tests.end_to_end.service import Up
from workflow.consumers.asyncapi import asyncapi

SCHEDULED, HELD = "mentoring.meeting.scheduled.v1", "mentoring.meeting.held.v1"


def meeting(uid: str, day: int) -> dict[str, Any]:
    start, end = (f"2026-01-{day:02}T{hour}:00:00Z" for hour in (13, 14))
    return {"uid": uid, "parties": [ADA, GRACE], "starts_at": start, "ends_at": end}


def event(name: str, day: int) -> CloudEvent:
    """One that the Python SDK made."""
    attributes = {
        "type": SCHEDULED,
        "source": "/calendars/in-python",
        "id": name,
        "time": datetime(2026, 1, 5, 10, tzinfo=UTC),
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, meeting(name, day))


async def test_what_the_python_sdk_writes_for_http_is_taken_in(service: Up, pair: str) -> None:
    one, another = event("structured", 12), event("binary", 13)
    batch = f"[{body(to_structured_event(event('batched', 14)))},{body(to_structured_event(one))}]"
    media = "application/cloudevents-batch+json"
    last = 0
    for message in (
        to_structured_event(one),
        to_binary_event(another),
        HTTPMessage({"content-type": media}, batch.encode()),
    ):
        answer = await service.http.post("/v1/events", headers=message.headers, content=message.body)
        assert answer.status_code == 202, answer.text
        last = answer.json()["sequences"][-1]
    assert await shown(service, pair, last) == dict.fromkeys(["structured", "binary", "batched"], "scheduled")
    counts = await service.read("/v1/intake")
    assert (counts["applied"], counts["duplicate"]) == (3, 1), "one was sent twice"


async def test_what_it_writes_for_http_is_taken_in_over_nats_as_well(service: Up, pair: str) -> None:
    connection = await connected(service.nats, token=service.nats_token)
    try:
        for message in (to_structured_event(event("structured", 12)), to_binary_event(event("binary", 13))):
            stored = await connection.jetstream().publish(
                "mentoring.meetings.campus", message.body, headers=dict(message.headers)
            )
    finally:
        await connection.close()
    assert await shown(service, pair, stored.seq) == dict.fromkeys(["structured", "binary"], "scheduled")


async def test_what_the_javascript_sdk_writes_for_http_is_taken_in(
    node: Node, service: Up, pair: str
) -> None:
    door = f"{service.http.base_url}".rstrip("/") + "/v1"
    told = json.dumps(meeting("m", 12))
    run = await asyncio.to_thread(node, "node", "http.mjs", door, told=told)
    assert run.returncode == 0, run.stderr
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(one["status"], one["stored"]) for one in answers] == [(202, 1), (202, 1), (202, 2)]
    assert await shown(service, pair, answers[-1]["sequences"][-1]) == {"m": "scheduled"}
    counts = await service.read("/v1/intake")
    assert counts["received"] == 4
    assert counts["duplicate"] == 1, "the batch holds the structured one again"


async def test_a_publisher_that_knows_the_asyncapi_document_alone_has_its_meetings_shown(
    node: Node, service: Up, pair: str, tmp_path: Path
) -> None:
    document = tmp_path / "asyncapi.json"
    document.write_text(json.dumps(asyncapi()), encoding="utf-8")
    token = tmp_path / "data" / "nats.token"
    told = [
        {"name": SCHEDULED, "time": "2026-01-05T10:00:00Z", "data": meeting("first", 5)},
        {"name": SCHEDULED, "time": "2026-01-05T10:01:00Z", "data": meeting("second", 20)},
        {"name": HELD, "time": "2026-01-05T14:00:00Z", "data": meeting("first", 5)},
    ]
    lines = "".join(f"{json.dumps(one)}\n" for one in told)
    run = await asyncio.to_thread(
        node, "node", "publisher.mjs", str(document), service.nats, str(token), told=lines
    )
    assert run.returncode == 0, run.stderr
    sequences = [int(line) for line in run.stdout.split()]
    assert len(sequences) == 3
    assert await shown(service, pair, sequences[-1]) == {"first": "held", "second": "scheduled"}
    head = (await service.read("/v1/projections"))["head"]
    page = (await service.http.get(f"/relationships/{pair}", params={"after": head})).text
    meetings = page.partition('id="meetings"')[2].partition("</section>")[0]
    assert ("Held" in meetings, "Booked" in meetings) == (True, True)


def body(message: HTTPMessage) -> str:
    return message.body.decode()
