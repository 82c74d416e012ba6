"""An example of every message, in and out, for those who read the AsyncAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.consumers.meetings.contract import Kind

_ID = "8b0f2c0e-6a34-4c55-a6bb-5d6d4bcb6b4e"
_INSTANT = "2026-02-03T14:00:00Z"
_TEXTS = {
    "programme": "default",
    "zone": "Europe/Helsinki",
    "timezone": "Europe/Helsinki",
    "step": "introduction",
    "uid": "weekly@campus",
    "previous_uid": "weekly-old@campus",
    "subject": "weekly@campus",
    "channel": "video",
    "clears": "a meeting is held or booked",
    "name": "meeting.mentee.active",
}
_ADVICE = {"en": "Think of one thing that you want to ask.", "fi": "Mieti yksi asia, jonka haluat kysyä."}
_PAIR = {"parties": ["email:ada@example.org", "email:grace@example.org"]}
_HOUR = {"starts_at": "2026-02-03T13:00:00Z", "ends_at": _INSTANT}
_INCOMING: dict[Kind, dict[str, Any]] = {
    Kind.SCHEDULED: {**_PAIR, **_HOUR, "timezone": "Europe/Helsinki", "channel": "video"},
    Kind.RESCHEDULED: {**_PAIR, **_HOUR, "sequence": 1, "previous_uid": "weekly-old@campus"},
    Kind.CANCELLED: {"relationship_id": _ID, "cancelled_by": "email:ada@example.org"},
    Kind.HELD: {**_PAIR, **_HOUR, "recurrence_id": "2026-02-03T13:00:00Z"},
    Kind.MISSED: {**_PAIR, "missed_by": ["email:grace@example.org"]},
    Kind.CORRECTED: {"relationship_id": _ID, "outcome": "held", **_HOUR},
}


def incoming(kind: Kind) -> dict[str, Any]:
    """A message of this type, as a calendar might send it."""
    return {
        "specversion": "1.0",
        "type": kind.value,
        "source": "/calendars/campus",
        "id": "5f1c",
        "time": _INSTANT,
        "datacontenttype": "application/json",
        "data": {"uid": "weekly@campus", **_INCOMING[kind]},
    }


def outgoing(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A message that fits the schema of one that goes out."""
    example: dict[str, Any] = _example(schema, schema.get("$defs", {}), "")
    return example


def _example(node: Mapping[str, Any], parts: Mapping[str, Any], name: str) -> Any:
    """A value that fits; of a choice the first one that is told."""
    match node:
        case {"$ref": str(ref)}:
            return _example(parts[ref.rsplit("/", 1)[1]], parts, name)
        case {"const": value}:
            return value
        case {"enum": [first, *_]}:
            return first
        case {"anyOf": [first, *_]}:
            return _example(first, parts, name)
        case {"type": "object", "properties": dict(members)}:
            return {member: _example(inner, parts, member) for member, inner in members.items()}
        case {"type": "object"}:
            return _ADVICE
        case {"type": "array", "items": dict(item)}:
            return [_example(item, parts, name)]
        case {"format": "uuid"}:
            return _ID
        case {"format": "date-time"}:
            return _INSTANT
        case {"type": "string"}:
            return _TEXTS[name]
        case {"type": "integer"}:
            return 1
        case {"type": "number"}:
            return 14.0
        case {"type": "boolean"}:
            return False
    raise LookupError(f"no example is known for {name}")
