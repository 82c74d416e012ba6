"""Words for bad inputs: a good message, and ways to spoil it."""

from __future__ import annotations

import copy
import json
from typing import Any

PAIR = "00000000-0000-4000-8000-00000000000a"
ADA, BOB = "email:ada@example.org", "ext:portal:4711"
PAD = "<pad>"
"""Stands for more letters than a body may have bytes."""

Bad = tuple[str, str, dict[str, str], bytes | str]
"""A name, the reason, the headers, the body."""

GOOD: dict[str, Any] = {
    "specversion": "1.0",
    "type": "mentoring.meeting.scheduled.v1",
    "source": "/corpus",
    "id": "",
    "time": "2026-02-01T08:00:00Z",
    "data": {
        "uid": "m1",
        "relationship_id": PAIR,
        "starts_at": "2026-02-10T10:00:00+02:00",
        "ends_at": "2026-02-10T11:00:00+02:00",
    },
}
ABSENT = object()


def good(name: str, kind: str = "scheduled", **data: Any) -> dict[str, Any]:
    message = copy.deepcopy(GOOD)
    message["id"] = name
    message["type"] = f"mentoring.meeting.{kind}.v1"
    for member, value in data.items():
        if value is ABSENT:
            message["data"].pop(member, None)
        else:
            message["data"][member] = value
    return message


def of_data(name: str, reason: str, kind: str = "scheduled", **data: Any) -> Bad:
    return name, reason, {}, json.dumps(good(name, kind, **data))


def of_envelope(name: str, reason: str, **members: Any) -> Bad:
    message = good(name)
    for member, value in members.items():
        if value is ABSENT:
            message.pop(member, None)
        else:
            message[member] = value
    return name, reason, {}, json.dumps(message)
