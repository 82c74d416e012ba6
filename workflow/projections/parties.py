"""Who is on which side: what a fold has to remember of a relationship's parties. It is shown to nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Roles = dict[str, str]
"""The role of each party, by its id; as rows keep it."""

BOTH = "both"
"""Said where persons of both sides did something: nobody is singled out, and nobody is ranked."""


def roles(event: Any) -> Roles:
    """As whom each party takes part, in order, by what the opening told."""
    return dict(sorted((party["person"], party["role"]) for party in event.parties))


def side(known: Roles, persons: Iterable[str]) -> str | None:
    """The side that these persons are of: mentor, mentee or both; None where they are no parties."""
    found = {role for person in persons if (role := known.get(person)) is not None}
    return BOTH if len(found) > 1 else next(iter(found), None)
