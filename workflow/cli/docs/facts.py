"""docs/events.md: every event by the name under which it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc
from typing import Any

from workflow.aggregates.events import EVENTS, Event, ReminderIssued
from workflow.aggregates.events.outward import goes_out, public_members
from workflow.aggregates.policy import Policy
from workflow.cli.docs.markdown import codes, members, page
from workflow.consumers.delivery.messages import name_of

COMMON = frozenset(Event.model_fields)


def events() -> str:
    """The page."""
    return page(
        "Events",
        "Everything that can have happened. A name is for ever: an event that has to change gets a new one "
        "(`.v2`), and what was stored under the old name is still read.",
        "What goes out to other services, and how, is told in [receive.md](receive.md); with each event that does go "
        "its `provenance` and `policy`.",
        "## Every event has",
        members(_schema(Event)),
        getdoc(Event) or "",
        "`occurred_at` is when it happened; beside the event the store keeps when it was recorded (never "
        "decreasing along the log), the event's own id and, as `causation_id`, what caused it. Where a message did, "
        "that is the message's id, and `source` stands beside it: the two name the message.",
        *(block for name, event in EVENTS.items() for block in _event(name, event)),
        "# Parts of events",
        *(block for name, node in _parts() if "properties" in node for block in _part(name, node)),
        "# Words",
        *(block for name, node in _parts() if "enum" in node for block in _word(name, node)),
    )


def _schema(model: type[Event]) -> dict[str, Any]:
    return model.model_json_schema(mode="serialization")


def _event(name: str, event: type[Event]) -> Iterator[str]:
    yield f"## {name}"
    yield getdoc(event) or ""
    yield members(_schema(event), without=COMMON) or "It has no members of its own."
    if event.confidential:
        yield f"Shown to nobody: {codes(sorted(event.confidential))}."
    yield _outward(event)


def _outward(event: type[Event]) -> str:
    """Whether it goes out, and with which members beside those of every event that does."""
    if not goes_out(event):
        return "Stays inside."
    told = [name for name in public_members(event) if name not in COMMON]
    where = "a reminder" if event is ReminderIssued else f"`mentoring.events.<relationship>.{name_of(event)}`"
    return f"Goes out as {where}" + (f" with {codes(told)}." if told else ".")


def _parts() -> list[tuple[str, dict[str, Any]]]:
    """What events consist of, by name. The sections of the policy have a page of their own."""
    policy = Policy.model_json_schema()
    parts = {
        name: node for event in EVENTS.values() for name, node in _schema(event).get("$defs", {}).items()
    }
    parts["Policy"] = {"description": "See [policy.md](policy.md).", "properties": {}}
    sections = {name for name, node in policy["$defs"].items() if "properties" in node}
    return sorted((name, node) for name, node in parts.items() if name not in sections)


def _part(name: str, node: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield str(node.get("description", ""))
    yield members(node)


def _word(name: str, node: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield str(node.get("description", ""))
    yield codes(node["enum"])
