"""Queries that a route does not know are refused: with a typo in a filter, a list would show everything."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from workflow.errors import Invalid


async def known_queries(request: Request) -> None:
    """Refuse a request with a query that its route does not know; what it is called is not repeated.

    Nor is a NUL taken in any: nothing is named by one, and PostgreSQL fails on a text that has it.
    """
    if not request.query_params:
        return
    route: APIRoute = request.scope["route"]
    known = set(_names(route.dependant))
    if not known.issuperset(request.query_params):
        named = f"the queries of this route are: {', '.join(sorted(known))}; another one was given"
        raise Invalid(
            named if known else "this route takes no query, and one was given", code="query_unknown"
        )
    if any("\0" in value for _, value in request.query_params.multi_items()):
        raise Invalid("a query has a NUL character, and nothing here is named by one", code="query_invalid")


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for part in dependant.dependencies:
        yield from _names(part)
