"""The OpenAPI document: what FastAPI reads off the routes, and what it cannot see.

That are the answers of whatever stands before the routes (the guard, the limits, the reading of a body), the
bearer token, and that a write names who acts. Nobody has to repeat them at a route: which of them it may give
follows from what it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from workflow.web.actor import EXAMPLE, HEADER, PATTERN
from workflow.web.guard import OPEN_TO_ALL, SIGNED
from workflow.web.problems import MEDIA_TYPE, PROBLEMS, Problem

Document = dict[str, Any]

SHARED = frozenset({401, 403, 408, 413, 414, 421, 429, 431, 500, 503})
"""Problems that any route may answer, whatever it does."""

_REFERENCE = "#/components/schemas/Problem"

_TAGS = {
    "commands": "what people do in a relationship",
    "events": "what other services publish",
    "reads": "what is known",
    "operations": "how the service itself is, and what is done to it",
}
"""The kinds of routes; each route has one."""


class Documented(FastAPI):
    """An app whose document says all that it answers."""

    def openapi(self) -> Document:
        """The document, made once."""
        if self.openapi_schema is None:
            complete(super().openapi())
        assert self.openapi_schema is not None
        return self.openapi_schema


def complete(document: Document) -> None:
    """Add to a document what FastAPI cannot see."""
    components = document["components"]
    for fastapis in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(fastapis, None)
    components["schemas"]["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"] |= components["schemas"]["Problem"].pop("$defs")
    components["responses"] = {_name(status): _response(status) for status in PROBLEMS}
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "the token in the service's `--token-file`; on loopback it may run without one",
        }
    }
    document["security"] = [{"bearer": []}, {}]
    document["servers"] = [{"url": "/", "description": "the service that this document is of"}]
    document["tags"] = [{"name": name, "description": told} for name, told in _TAGS.items()]
    for path, operation in _operations(document):
        if _needs_no_token(path):
            operation["security"] = []
        for parameter in operation.get("parameters", []):
            _never_null(parameter)
            if parameter["name"] == HEADER:
                schema = {"type": "string", "pattern": PATTERN}
                parameter |= {"required": True, "schema": schema, "example": EXAMPLE}
        answers = operation["responses"]
        for status in answered(path, operation):
            # FastAPI names 422 by itself, where it is right, but with a form of its own.
            if status == 422 or "content" not in answers.get(str(status), {}):
                answers[str(status)] = {"$ref": f"#/components/responses/{_name(status)}"}
        operation["responses"] = dict(sorted(answers.items()))


def answered(path: str, operation: Document) -> set[int]:
    """The problems that an operation may answer."""
    parameters = operation.get("parameters", [])
    statuses = {int(status) for status in operation["responses"] if int(status) in PROBLEMS} | SHARED
    statuses |= {422}  # any route may be given a query that it does not know
    if "requestBody" in operation and not path.startswith(SIGNED):  # a hook's body is stored, whatever it is
        statuses |= {400, 415}
    if any(parameter["name"] == HEADER for parameter in parameters):
        statuses |= {400}
    if any(parameter["in"] == "path" for parameter in parameters):
        statuses |= {404}
    return statuses - {401, 429} if _needs_no_token(path) else statuses


def _needs_no_token(path: str) -> bool:
    return path in OPEN_TO_ALL or path.startswith(SIGNED)


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _never_null(parameter: Document) -> None:
    """One that is left out is None to a route, but nobody can send a null in a header or a query."""
    schema = parameter["schema"]
    choices = [choice for choice in schema.pop("anyOf", ()) if choice.get("type") != "null"]
    for choice in choices:
        schema |= choice


def _name(status: int | str) -> str:
    return f"Problem{status}"


def _response(status: int | str) -> Document:
    response: Document = {
        **PROBLEMS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE}}},
    }
    if status == 503:
        response["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return response
