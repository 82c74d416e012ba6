"""The three forms in which `POST /v1/events` takes CloudEvents, for OpenAPI."""

from __future__ import annotations

from typing import Any

from workflow.consumers.transport.outgoing import STRUCTURED
from workflow.web.batches import MOST_IN_A_BATCH

BATCHED = "application/cloudevents-batch+json"

_EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "type": "mentoring.meeting.held.v1",
    "source": "/calendars/campus",
    "id": "5f1c",
    "time": "2026-02-03T14:00:00Z",
    "datacontenttype": "application/json",
    "data": {
        "uid": "weekly@campus",
        "parties": ["email:ada@example.org", "email:grace@example.org"],
        "starts_at": "2026-02-03T13:00:00Z",
        "ends_at": "2026-02-03T14:00:00Z",
    },
}
_DATA = {
    "type": "object",
    "description": "what is told of the meeting; `mentoring asyncapi` prints its schema, type by type",
}
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "specversion": {"const": "1.0"},
    "type": {"description": "such as `mentoring.meeting.held.v1`"},
    "source": {"description": "who tells; with `id` it names the event, for ever", "maxLength": 512},
    "id": {"description": "the publisher's own name for the event", "maxLength": 512},
    "time": {"description": "when it happened, in RFC 3339 with an offset", "format": "date-time"},
    "datacontenttype": {"description": "`application/json`; without it, the same is meant"},
    "traceparent": {"description": "W3C trace context, carried through"},
    "partitionkey": {
        "description": "spreads the work: the same for one relationship or meeting, and nothing about people"
    },
}
_NEEDED = ["specversion", "type", "source", "id", "time"]
_EVENT = {
    "type": "object",
    "required": [*_NEEDED, "data"],
    "properties": {
        **{name: {"type": "string", **told} for name, told in _ATTRIBUTES.items()},
        "data": _DATA,
    },
}

OPENAPI: dict[str, Any] = {
    "parameters": [
        {
            "name": f"ce-{name}",
            "in": "header",
            "description": f"binary form only: {told.get('description', 'always 1.0')}"
            + ("; needed there" if name in _NEEDED else ""),
            "schema": {"type": "string", **{key: told[key] for key in told if key != "description"}},
            "example": _EXAMPLE.get(name, "meeting-17"),
        }
        for name, told in _ATTRIBUTES.items()
        if name != "datacontenttype"
    ],
    "requestBody": {
        "required": True,
        "description": "One event in the structured form, a batch of them, or in the binary form an event's "
        "data, with its attributes in `ce-` headers and its media type as the content type",
        "content": {
            STRUCTURED: {"schema": _EVENT, "example": _EXAMPLE},
            BATCHED: {
                "schema": {"type": "array", "items": _EVENT, "minItems": 1, "maxItems": MOST_IN_A_BATCH},
                "example": [_EXAMPLE],
            },
            "application/json": {"schema": _DATA, "example": _EXAMPLE["data"]},
        },
    },
}
