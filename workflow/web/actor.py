"""Who acts: the header ``Mentoring-Actor: <role> <person id>``.

For example ``Mentoring-Actor: mentor 0f3c9f0e-6a34-4c55-a6bb-5d6d4bcb6b4e``. The role is one of ``mentor``,
``mentee``, ``coordinator`` or ``service``. On loopback the header is believed; beyond it, whoever holds the
bearer token is.
"""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request

from workflow.aggregates.commands import Actor
from workflow.aggregates.events import Role
from workflow.errors import Invalid, Refused

HEADER = "Mentoring-Actor"

OPERATOR = Actor(person=UUID("00000000-0000-4000-8000-6f7065726174"), role=Role.SERVICE)
"""Who acts where an operator's verb names nobody: the command line itself."""

EXAMPLE = "mentor 0f3c9f0e-6a34-4c55-a6bb-5d6d4bcb6b4e"
PATTERN = (
    f"^({'|'.join(Role)}) "
    "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
)
"""The header's form, for OpenAPI; we take the role in capitals too."""

_FORM = re.compile(PATTERN, re.IGNORECASE | re.ASCII)


def parse_actor(header: str) -> Actor:
    """The person and role that a header names."""
    found = _FORM.fullmatch(header.strip(" \t"))
    if found is None:
        raise Invalid(
            f"the header {HEADER} has the form `<role> <person id>`: one of mentor, mentee, coordinator and "
            "service, a space, and a UUID",
            code="actor_malformed",
        )
    role, person = found[0].split()
    return Actor(person=UUID(person), role=Role(role.lower()))


def named(actor: Actor) -> str:
    """An actor in the form of the header."""
    return f"{actor.role.value} {actor.person}"


async def acting(
    request: Request,
    header: Annotated[
        str | None,
        Header(alias=HEADER, description="the role and the person that act: `<role> <person id>`"),
    ] = None,
) -> Actor:
    """Who acts, or reads what was written in confidence; refused without a name."""
    if header is None:
        raise Invalid(f"the header {HEADER} says who acts; it is missing", code="actor_missing")
    once(request, HEADER, "actor_malformed")
    return parse_actor(header)


async def operating(actor: Annotated[Actor, Depends(acting)]) -> Actor:
    """Who operates the service; anybody else is refused."""
    if actor.role is not Role.SERVICE:
        raise Refused("only who operates the service may ask for this", code="not_an_operator")
    return actor


def once(request: Request, header: str, code: str) -> None:
    """Refuse a header that comes twice: which of the two is meant would be a guess."""
    if len(request.headers.getlist(header)) > 1:
        raise Invalid(f"the header {header} comes once at most", code=code)
