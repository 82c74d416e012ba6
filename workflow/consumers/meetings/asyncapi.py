"""The AsyncAPI document: FastStream's, with every message that the contract knows in place of its batch."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from faststream.specification import AsyncAPI
from pydantic.json_schema import models_json_schema

from workflow.consumers.meetings.contract import MESSAGES, Envelope
from workflow.consumers.meetings.subscriber import make_broker, subscribe
from workflow.consumers.transport.pull import Batch

_SCHEMAS = "#/components/schemas/{model}"


def asyncapi() -> dict[str, Any]:
    """The document, ready for JSON."""
    broker = make_broker("nats://localhost:4222")
    subscribe(broker, _nobody)
    factory = AsyncAPI(
        broker,
        title="mentoring-workflow",
        version=version("mentoring-workflow"),
        description="Meetings of mentoring relationships, told by the services that know of them.",
    )
    document: dict[str, Any] = factory.to_specification().to_jsonable()
    _describe_messages(document)
    return document


async def _nobody(batch: Batch) -> None:
    """No message comes by a broker that is never connected."""


def _describe_messages(document: dict[str, Any]) -> None:
    """FastStream sees one handler of raw batches; on the wire there is one CloudEvent a message."""
    _, definitions = models_json_schema(
        [(message, "validation") for message in MESSAGES], ref_template=_SCHEMAS
    )
    components = document["components"]
    components["schemas"] = definitions["$defs"]
    components["messages"] = {_key(message): _message(message) for message in MESSAGES}
    (name, channel), *_ = document["channels"].items()
    # FastStream's binding names a subject, where the standard's has no members; the address says it already.
    channel.pop("bindings", None)
    channel["messages"] = {
        message: {"$ref": f"#/components/messages/{message}"} for message in components["messages"]
    }
    for operation in document["operations"].values():
        operation["messages"] = [
            {"$ref": f"#/channels/{name}/messages/{message}"} for message in components["messages"]
        ]


def _type(message: type[Envelope]) -> str:
    """The CloudEvents type, by which a message is known."""
    return str(message.model_json_schema()["properties"]["type"]["const"])


def _key(message: type[Envelope]) -> str:
    """What the document calls a message: keys hold no dots."""
    return _type(message).replace(".", "-")


def _message(message: type[Envelope]) -> dict[str, Any]:
    return {
        "name": _type(message),
        "title": message.__name__,
        "summary": message.__doc__,
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": _SCHEMAS.format(model=message.__name__)},
    }
