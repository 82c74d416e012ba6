"""The JSON schema of every message that goes out, drawn from the classes of the events."""

from __future__ import annotations

from inspect import getdoc
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from workflow.aggregates.events import EVENTS, Event, ReminderIssued
from workflow.aggregates.events.event import Value
from workflow.aggregates.events.outward import goes_out, public_members
from workflow.consumers.delivery.messages import SOURCE
from workflow.consumers.delivery.reminder import Reminder

OUTGOING: tuple[type[Event], ...] = tuple(kind for kind in EVENTS.values() if goes_out(kind))
"""Every class of events that goes out, in the order of a relationship's life."""

_TEMPLATE = "#/$defs/{model}"


class _Public(GenerateJsonSchema):
    """Of events and their parts, only the members that go out; all of them are always told."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        told = super().model_schema(schema)
        kind = schema["cls"]
        if issubclass(kind, Value):
            # When an event happened is the message's own time.
            public = [name for name in public_members(kind) if name != "occurred_at"]
            told["properties"] = {name: _always(told["properties"][name]) for name in public}
            told["required"] = public
            told["additionalProperties"] = True  # more may be told one day
        return told


def _always(node: dict[str, Any]) -> dict[str, Any]:
    return {key: told for key, told in node.items() if key != "default"}


def schema_of(kind: type[Event], template: str = _TEMPLATE) -> dict[str, Any]:
    """The message that tells of such an event. What its data refers to stands in ``$defs``."""
    form = Reminder if kind is ReminderIssued else kind
    data = form.model_json_schema(mode="serialization", ref_template=template, schema_generator=_Public)
    parts = data.pop("$defs", {})
    told = {
        "title": kind.__name__,
        "description": getdoc(form) or "",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {
                "type": "string",
                "format": "uuid",
                "description": "the event's own id: by it a message is known again",
            },
            "source": {"const": SOURCE},
            "type": {"const": kind.name},
            "subject": {"type": "string", "format": "uuid", "description": "the relationship"},
            "time": {"type": "string", "format": "date-time", "description": "when it happened"},
            "datacontenttype": {"const": "application/json"},
            "data": data,
        },
    }
    return told | ({"$defs": parts} if parts else {})
