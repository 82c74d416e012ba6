"""The AsyncAPI document: what comes in as FastStream describes it, and what goes out.

FastStream sees one handler of raw batches, and knows nothing of what goes out; on the wire there is one
CloudEvent a message.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from faststream.specification import AsyncAPI
from pydantic.json_schema import models_json_schema

from workflow.aggregates.events import Event, ReminderIssued
from workflow.consumers.delivery.messages import EVENTS, REMINDERS
from workflow.consumers.delivery.reminder import Audience
from workflow.consumers.delivery.schemas import OUTGOING, schema_of
from workflow.consumers.examples import incoming, outgoing
from workflow.consumers.meetings.contract import MESSAGES, Envelope, Kind
from workflow.consumers.meetings.subscriber import subscribe
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.outgoing import STRUCTURED
from workflow.consumers.transport.pull import Batch
from workflow.consumers.transport.streams import STREAM, SUBJECT

_SCHEMAS = "#/components/schemas/{model}"
_OUT = "#/components/schemas/Out{model}"
"""What goes out has names of its own: a meeting's outcome has another form on the way in."""


def asyncapi() -> dict[str, Any]:
    """The document, ready for JSON."""
    broker = make_broker("nats://localhost:4222")
    subscribe(broker, _nobody)
    factory = AsyncAPI(
        broker,
        title="mentoring-workflow",
        version=version("mentoring-workflow"),
        description="Meetings of mentoring relationships, told by the services that know of them; and what follows, "
        "told to the services that want to know.",
    )
    document: dict[str, Any] = factory.to_specification().to_jsonable()
    document["info"] |= {
        "license": {"name": "Apache-2.0"},
        "tags": [{"name": "mentoring"}, {"name": "meetings"}],
    }
    document["components"]["securitySchemes"] = {"token": _TOKEN}
    for server in document["servers"].values():
        server["security"] = [{"$ref": "#/components/securitySchemes/token"}]
    _describe_incoming(document)
    _describe_outgoing(document)
    return document


_TOKEN = {
    "type": "apiKey",
    "in": "password",
    "description": "The token of the NATS server, as its operator gives it to whoever publishes or receives.",
}


async def _nobody(batch: Batch) -> None:
    """No message comes by a broker that is never connected."""


# --- in --------------------------------------------------------------------------------------------------


def _describe_incoming(document: dict[str, Any]) -> None:
    _, definitions = models_json_schema(
        [(message, "validation") for message in MESSAGES], ref_template=_SCHEMAS
    )
    components = document["components"]
    components["schemas"] = _without_discriminators(definitions["$defs"])
    components["messages"] = {_key(_type(message)): _incoming(message) for message in MESSAGES}
    (name, channel), *_ = document["channels"].items()
    # FastStream's binding names a subject, where the standard's has no members; the address says it already.
    channel.pop("bindings", None)
    channel["address"] = SUBJECT.replace("*", "{key}")
    channel["parameters"] = {"key": {"description": _KEY}}
    channel["messages"] = _referred(components["messages"])
    for operation in document["operations"].values():
        operation["messages"] = _listed(name, components["messages"])
        operation["summary"] = "Take in what is told of meetings"
        operation["description"] = (
            f"Published over JetStream: what the stream `{STREAM}` has acknowledged is stored, and anything else is "
            "to be sent again. A `source` and `id` that were seen before change nothing."
        )


_KEY = (
    "Any token that stays the same for one relationship or one meeting and says nothing about people, without dots, "
    "blanks, `*` and `>`. It spreads the work; nothing depends on order."
)


def _without_discriminators(node: Any) -> Any:
    """As OpenAPI has them they are objects; here their name is another's."""
    match node:
        case dict():
            return {
                key: _without_discriminators(value) for key, value in node.items() if key != "discriminator"
            }
        case list():
            return [_without_discriminators(value) for value in node]
        case _:
            return node


def _type(message: type[Envelope]) -> Kind:
    """The CloudEvents type, by which a message is known."""
    return Kind(message.model_json_schema()["properties"]["type"]["const"])


def _incoming(message: type[Envelope]) -> dict[str, Any]:
    payload = {"$ref": _SCHEMAS.format(model=message.__name__)}
    return _message(_type(message), message.__name__, message.__doc__, payload, incoming(_type(message)))


# --- out -------------------------------------------------------------------------------------------------

_PARAMETERS = {
    "relationship": {"description": "The relationship's id; `*` for all of them."},
    "name": {"description": "What happened, such as `meeting_held`; `*` for everything."},
}


def _describe_outgoing(document: dict[str, Any]) -> None:
    events = [kind for kind in OUTGOING if kind is not ReminderIssued]
    _channel(
        document,
        "events",
        address="mentoring.events.{relationship}.{name}",
        stream=EVENTS,
        parameters=_PARAMETERS,
        summary="Tell what happened",
        description="What happened in a relationship: at least once, in order per relationship. Whoever receives a "
        "message twice knows it by its id.",
        kinds=events,
    )
    _channel(
        document,
        "reminders",
        address="mentoring.reminders.{audience}",
        stream=REMINDERS,
        parameters={
            "audience": {
                "description": "As whom somebody is reminded.",
                "enum": [one.value for one in Audience],
            }
        },
        summary="Have somebody reminded",
        description="Who is to be reminded of what, with the advice that goes with it: one message a reminder.",
        kinds=[ReminderIssued],
    )


def _channel(
    document: dict[str, Any],
    name: str,
    *,
    address: str,
    stream: str,
    parameters: dict[str, Any],
    summary: str,
    description: str,
    kinds: list[type[Event]],
) -> None:
    components = document["components"]
    messages = {}
    for kind in kinds:
        schema = schema_of(kind, _OUT)
        components["schemas"] |= {f"Out{part}": node for part, node in schema.pop("$defs", {}).items()}
        title = f"Out{kind.__name__}"
        components["schemas"][title] = schema
        payload = {"$ref": _SCHEMAS.format(model=title)}
        messages[_key(kind.name)] = _message(
            kind.name, kind.__name__, schema["description"], payload, outgoing(schema_of(kind))
        )
    components["messages"] |= messages
    servers = [{"$ref": f"#/servers/{server}"} for server in document["servers"]]
    document["channels"][name] = {
        "address": address,
        "title": name,
        "description": f"{description} Stream `{stream}`.",
        "servers": servers,
        "parameters": parameters,
        "messages": _referred(messages),
    }
    document["operations"][f"{name}Send"] = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": summary,
        "description": description,
        "messages": _listed(name, messages),
    }


# --- both ------------------------------------------------------------------------------------------------


def _key(type: str) -> str:
    """What the document calls a message: keys hold no dots."""
    return type.replace(".", "-")


def _referred(messages: dict[str, Any]) -> dict[str, Any]:
    return {message: {"$ref": f"#/components/messages/{message}"} for message in messages}


def _listed(channel: str, messages: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"$ref": f"#/channels/{channel}/messages/{message}"} for message in messages]


def _message(
    type: str, title: str, summary: str | None, payload: dict[str, Any], example: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": str(type),
        "title": title,
        "summary": summary,
        "contentType": STRUCTURED,
        "payload": payload,
        "examples": [{"name": "example", "payload": example}],
    }
