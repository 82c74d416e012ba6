"""Receivers that others wrote: what goes out is read by the official SDKs of CloudEvents, and is what the log says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event

from tests.broker import connected
from tests.clients.conftest import Node
from tests.end_to_end.service import Up

STREAM = "MENTORING_EVENTS"


async def logged(service: Up, pair: str) -> list[tuple[str, str, str, datetime]]:
    """What the log has of the relationship; all of it is public."""
    found = await service.read(f"/v1/relationships/{pair}/timeline")
    return [
        (one["metadata"]["event_id"], one["name"], pair, datetime.fromisoformat(one["event"]["occurred_at"]))
        for one in found["events"]
    ]


async def test_the_python_sdk_reads_what_goes_out(service: Up, pair: str) -> None:
    expected = await logged(service, pair)
    connection = await connected(service.nats, token=service.nats_token)
    try:
        subscription = await connection.jetstream().subscribe(
            f"mentoring.events.{pair}.*", stream=STREAM, ordered_consumer=True
        )
        messages = [await subscription.next_msg(timeout=240) for _ in expected]
    finally:
        await connection.close()
    events = [
        from_structured_event(HTTPMessage(dict(message.headers or {}), message.data)) for message in messages
    ]
    assert [(one.get_id(), one.get_type(), one.get_subject(), one.get_time()) for one in events] == expected
    opened = events[0].get_data()
    assert isinstance(opened, Mapping)
    assert {party["role"] for party in opened["parties"]} == {"mentor", "mentee"}


async def test_the_javascript_sdk_reads_it_as_well(
    node: Node, service: Up, pair: str, tmp_path: Path
) -> None:
    expected = await logged(service, pair)
    token = str(tmp_path / "data" / "nats.token")
    words = ("node", "receiver.mjs", service.nats, token, STREAM, str(len(expected)))
    run = await asyncio.to_thread(node, *words)
    assert run.returncode == 0, run.stderr
    events: list[dict[str, Any]] = [json.loads(line) for line in run.stdout.splitlines()]
    assert [
        (one["id"], one["type"], one["subject"], datetime.fromisoformat(one["time"])) for one in events
    ] == expected
