"""docs/http.md: the routes, read from the OpenAPI document that the service serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

from workflow.aggregates.policy import Policy
from workflow.app import Service
from workflow.app.parts import Parts
from workflow.cli.docs.markdown import codes, kind, limits, page, table
from workflow.consumers.meetings.contract import LARGEST_BODY
from workflow.http_server import HEAD_WITHIN, LARGEST_HEAD, MOST_CONNECTIONS
from workflow.settings import Settings
from workflow.web.actor import EXAMPLE, HEADER
from workflow.web.api import create_app
from workflow.web.asking import FARTHEST
from workflow.web.batches import MOST_IN_A_BATCH
from workflow.web.coming import STRANGERS_AT_ONCE, STRANGERS_OF_ONE, STRANGERS_WITHIN
from workflow.web.document import SHARED
from workflow.web.faults import MOST_TOLD
from workflow.web.hooks import MOST_OF_ONE
from workflow.web.limits import BODY_WITHIN, LONGEST_TARGET, MOST_AT_ONCE
from workflow.web.problems import PROBLEMS

TITLES = {
    "commands": "Writing",
    "reads": "Reading",
    "events": "Publishing",
    "operations": "Operating",
}

_BODIES = {"/v1/events": "[events](publish.md)", "/v1/hooks/{provider}": "[as they send it](hooks.md)"}
"""Bodies that are no JSON of ours."""

_AGAIN = {
    408: "yes",
    500: "yes, with an `Idempotency-Key`",
    503: "yes, after `Retry-After` seconds; with an `Idempotency-Key` where it says `in_doubt`: it may be done already",
}

_PROBLEM = {
    "type": "urn:mentoring:problem:invalid",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "the request does not fit",
    "code": "invalid",
    "faults": [{"where": "body.parties.0.role", "what": "it is needed, and missing"}],
}


def openapi() -> dict[str, Any]:
    """The document of a service that nobody started: the routes do not depend on what it keeps."""
    unstarted = SimpleNamespace(version="0", settings=Settings.model_construct(), token=None, parts=Parts())
    return create_app(cast("Service", unstarted)).openapi()


def http() -> str:
    """The page."""
    document = openapi()
    rows = list(_routes(document))
    return page(
        "HTTP",
        document["info"]["description"],
        "The whole, typed, is the OpenAPI document at `/v1/openapi.json`; clients can be generated from it. "
        "[The quickstart](quickstart.md) walks through the most needed of the routes with curl.",
        *_first_write(document),
        *(
            block
            for tag, title in TITLES.items()
            for block in (
                f"## {title}",
                table(
                    ["route", "what it does", "query", "body", "answers"],
                    [row for its, row in rows if its == tag],
                ),
            )
        ),
        f"Beside these every route may answer {codes([str(status) for status in sorted(SHARED)])}.",
        *_queries(document),
        *_bodies(document),
        *_problems(),
        *_limits(),
    )


def _routes(document: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            query = [
                f"`{parameter['name']}`"
                for parameter in operation.get("parameters", [])
                if parameter["in"] == "query"
            ]
            text = " ".join(str(operation.get("description") or operation["summary"]).split())
            content = operation.get("requestBody", {}).get("content", {})
            forms = [kind(one["schema"]) for one in content.values() if "$ref" in one["schema"]]
            own = [status for status in operation["responses"] if int(status) not in SHARED]
            yield (
                operation.get("tags", [""])[0],
                [
                    f"`{method.upper()} {path}`",
                    text,
                    " ".join(query),
                    " ".join(forms) or (_BODIES.get(path, "") if content else ""),
                    codes(own),
                ],
            )


def _first_write(document: dict[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    yield "## One write"
    yield (
        f"""```http
POST /v1/relationships HTTP/1.1
Host: 127.0.0.1:8080
Content-Type: application/json
{HEADER}: {EXAMPLE}
Idempotency-Key: 6f1c-opening

{_written(schemas["OpenIn"]["examples"][0])}
```"""
    )
    yield "It is answered 201, with `Location: /v1/relationships/8b0f2c0e-6a34-4c55-a6bb-5d6d4bcb6b4e`, and"
    yield f"```json\n{_written(schemas['Opened']['examples'][0])}\n```"
    yield (
        "`GET /v1/relationships/{relationship_id}?after=41` then shows it for sure. Behind a "
        "token each request brings `Authorization: Bearer <token>` as well."
    )


def _queries(document: dict[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    found: dict[str, dict[str, list[str]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    said = _value(parameter["schema"], schemas) + _meaning(parameter)
                    routes = found.setdefault(parameter["name"], {}).setdefault(said, [])
                    routes.append(f"`{method.upper()} {path}`")
    yield "## Queries"
    yield (
        "A list comes in pages. Where `next` is told, give it as `beyond` for the page after it; of the log and of a "
        "timeline give the `position` or the last `version`. `after` waits, `beyond` does not. A query that is not "
        "listed for a route is refused, so that a typo is seen."
    )
    yield table(
        ["query", "what", "of"],
        [
            [f"`{name}`", said, ", ".join(routes)]
            for name, meanings in sorted(found.items())
            for said, routes in meanings.items()
        ],
    )


def _value(node: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "$ref" in node:
        return codes(schemas[node["$ref"].rsplit("/", 1)[1]]["enum"])
    if node.get("type") == "array" and "$ref" in node["items"]:
        return f"any of {_value(node['items'], schemas)}"
    bounds = {key: node[key] for key in ("minimum", "maximum") if abs(node.get(key, FARTHEST)) < FARTHEST}
    default = f", else {node['default']}" if node.get("default") is not None else ""
    return f"{kind(node)} {limits(bounds)}".strip() + default


def _meaning(parameter: dict[str, Any]) -> str:
    return f": {parameter['description']}" if "description" in parameter else ""


def _bodies(document: dict[str, Any]) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    yield "## Bodies"
    yield (
        "A body comes as `application/json`, and says so. A member that is not listed is refused, so that a typo is "
        "seen. Instants are RFC 3339, with seconds and an offset."
    )
    for name, schema in schemas.items():
        if "properties" in schema and name.endswith("In"):
            yield f"### {name}"
            yield schema["description"]
            yield table(["member", "what", "needed", "meaning"], list(_members(schema, schemas)))
            for example in schema.get("examples", []):
                yield f"```json\n{_written(example)}\n```"


def _members(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[list[str]]:
    for name, node in schema["properties"].items():
        inner = node.get("items", node)
        words = schemas[inner["$ref"].rsplit("/", 1)[1]].get("enum") if "$ref" in inner else None
        needed = "yes" if name in schema.get("required", []) else ""
        bounds = " ".join(limits(choice) for choice in [node, *node.get("anyOf", [])]).strip()
        said = codes(words) if words else " ".join([kind(node), bounds]).strip()
        yield [
            f"`{name}`",
            f"[its members](policy.md#{name})" if name in Policy.model_fields else said,
            needed,
            node.get("description", ""),
        ]


def _problems() -> Iterator[str]:
    yield "## Refusals"
    yield (
        "Every refusal has the media type `application/problem+json`, also of a route that does not exist. `code` is "
        "stable and meant for programs, `detail` is for people. `possible`, `faults` and `position` are there where "
        "there is something to say."
    )
    yield f"```json\n{_written(_PROBLEM)}\n```"
    yield table(
        ["status", "when", "the same again?"],
        [[f"`{status}`", said, _AGAIN.get(status, "")] for status, said in sorted(_statuses().items())],
    )
    yield (
        "With an `Idempotency-Key` a write may always be sent again when no answer came: if two are under way at "
        "once, one is done and both are answered alike. `HEAD` is answered wherever `GET` is. A route has one "
        "spelling: there is no slash at its end, and nothing is redirected."
    )


def _statuses() -> dict[int, str]:
    said = {int(status): str(response["description"]) for status, response in PROBLEMS.items()}
    # No route answers it: it is what is said where there is none for this method.
    return said | {405: "The route is not asked in this way; the header `Allow` says in which"}


def _limits() -> Iterator[str]:
    yield "## Limits"
    yield table(
        ["what", "at most", "beyond it"],
        [
            ["a body", f"{LARGEST_BODY // 1024} KiB", "413"],
            [
                "a batch of events",
                f"{MOST_IN_A_BATCH} events, each as above; 4 MiB ([`MENTORING_MAX_BATCH_BYTES`](settings.md))",
                "400, or 413",
            ],
            ["a path and its query", f"{LONGEST_TARGET // 1024} KiB", "414"],
            ["first line and headers", f"{LARGEST_HEAD // 1024} KiB", "431"],
            ["time until the head is there", f"{HEAD_WITHIN:.0f} s", "the connection is closed"],
            ["time until the body is there", f"{BODY_WITHIN:.0f} s", "408"],
            ["requests under way", str(MOST_AT_ONCE), "503 `busy`; health is answered all the same"],
            [
                "bodies waited for, without a token or a signature yet",
                f"{STRANGERS_AT_ONCE}, of one address {STRANGERS_OF_ONE}, {STRANGERS_WITHIN:.0f} s each",
                "the one that is waited for longest: 503 `busy`, or 408",
            ],
            ["hooks under way, of one provider", str(MOST_OF_ONE), "503 `busy`"],
            ["connections", str(MOST_CONNECTIONS), "an idle one is closed, else 503 `busy`"],
            ["faults told in one answer", str(MOST_TOLD), "their number is told"],
        ],
    )
    yield "Bodies come uncompressed; one with a `Content-Encoding` is answered 415."
    yield (
        "Answers are kept by no cache (`Cache-Control: no-store`), but for this document's source, "
        "`/v1/openapi.json`; what they say they are is what they are (`nosniff`)."
    )


def _written(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
