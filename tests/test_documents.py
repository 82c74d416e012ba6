"""The documents that other services are built from, read by parsers that are not ours."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.json_schema import check
from workflow.cli.docs.http import openapi
from workflow.consumers.asyncapi import asyncapi
from workflow.consumers.delivery.schemas import OUTGOING
from workflow.consumers.meetings.contract import MESSAGES
from workflow.consumers.meetings.envelope import Message, Raw, read

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # about names of its own members
    from asyncapi3 import AsyncAPI3  # type: ignore[import-untyped]

DOCUMENT = asyncapi()
DESCRIBED: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]


def test_the_openapi_document_is_one() -> None:
    validate(openapi())


def test_the_asyncapi_document_is_one() -> None:
    document = AsyncAPI3.model_validate(DOCUMENT)
    assert document.asyncapi == "3.0.0"


def test_every_message_of_the_contract_is_described() -> None:
    described = [message["name"] for message in DESCRIBED.values()]
    incoming = [f"mentoring.meeting.{kind}.v1" for kind in KINDS]
    assert len(MESSAGES) == len(incoming)
    assert described == [*incoming, *(kind.name for kind in OUTGOING if kind.name != REMINDER), REMINDER]


def test_what_comes_in_is_received_and_what_goes_out_is_sent() -> None:
    told = {
        (operation["action"], DOCUMENT["channels"][operation["channel"]["$ref"].rsplit("/", 1)[1]]["address"])
        for operation in DOCUMENT["operations"].values()
    }
    assert told == {
        ("receive", "mentoring.meetings.{key}"),
        ("send", "mentoring.events.{relationship}.{name}"),
        ("send", "mentoring.reminders.{audience}"),
    }


def test_every_reference_leads_somewhere() -> None:
    for ref in _references(DOCUMENT):
        node: Any = DOCUMENT
        for part in ref.removeprefix("#/").split("/"):
            assert part.replace("~1", "/") in node, ref
            node = node[part.replace("~1", "/")]


@pytest.mark.parametrize("name", DESCRIBED)
def test_the_example_of_a_message_is_one(name: str) -> None:
    (example,) = DESCRIBED[name]["examples"]
    schema = {**DESCRIBED[name]["payload"], "components": DOCUMENT["components"]}
    check(schema, example["payload"])
    if DESCRIBED[name]["name"].startswith("mentoring.meeting."):
        found = read(Raw({}, json.dumps(example["payload"]).encode()))
        assert isinstance(found, Message)
        assert found.dropped == 0


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for item in node for ref in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for item in node.values() for ref in _references(item)]


KINDS = ("scheduled", "rescheduled", "cancelled", "held", "missed", "corrected")
REMINDER = "mentoring.reminder_issued.v1"
