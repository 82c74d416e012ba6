"""Who may read what was written in confidence."""

from __future__ import annotations

from uuid import UUID

from workflow.aggregates.commands import Actor
from workflow.aggregates.events import Role
from workflow.aggregates.relationship import Relationship
from workflow.errors import Refused

_PARTIES = (Role.MENTOR, Role.MENTEE)


def check_ins_open_to(state: Relationship, reader: Actor) -> frozenset[UUID]:
    """Whose check-ins a party may read: its own, and between those who all consented each other's.

    Whoever has left reads its own alone, and nobody else reads those any more. Anybody else is refused.
    """
    if reader.role not in _PARTIES or state.role(reader.person) is not reader.role:
        raise Refused("only a party of this relationship can read check-ins", code="not_a_party")
    consenting = state.consents & state.parties.keys()
    return frozenset({reader.person}) | (consenting if reader.person in consenting else frozenset())


def help_open_to(state: Relationship, reader: Actor) -> frozenset[UUID]:
    """Whose requests for help may be read: a coordinator reads all, a party its own. Anybody else is refused."""
    everybody = state.parties.keys() | state.left.keys()
    if reader.role is Role.COORDINATOR:
        return frozenset(everybody)
    if reader.role not in _PARTIES or state.role(reader.person) is not reader.role:
        raise Refused("only a coordinator, or who asked for it, can read this", code="not_a_party")
    return frozenset({reader.person})
