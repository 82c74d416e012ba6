"""docs/http.md: the routes, read from the OpenAPI document that the service serves."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

from workflow.app import Service
from workflow.cli.docs.markdown import page, table
from workflow.settings import Settings
from workflow.web.api import create_app

TITLES = {
    "commands": "Writing",
    "reads": "Reading",
    "events": "Publishing",
    "parked": "What was parked",
    "operations": "Operating",
}


def openapi() -> dict[str, Any]:
    """The document of a service that nobody started: the routes do not depend on what it keeps."""
    unstarted = SimpleNamespace(version="0", settings=Settings.model_construct(), token=None)
    return create_app(cast("Service", unstarted)).openapi()


def http() -> str:
    """The page."""
    document = openapi()
    by_tag: dict[str, list[list[str]]] = {}
    for tag, row in _routes(document):
        by_tag.setdefault(tag, []).append(row)
    return page(
        "HTTP",
        document["info"]["description"],
        "The whole, typed, is the OpenAPI document at `/v1/openapi.json`. "
        "[The quickstart](quickstart.md) walks through the most needed of them with curl.",
        *(
            block
            for tag, rows in by_tag.items()
            for block in (f"## {TITLES.get(tag, tag)}", table(["route", "what it does", "query"], rows))
        ),
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
            yield operation.get("tags", [""])[0], [f"`{method.upper()} {path}`", text, " ".join(query)]
