"""Who may ask for something, and what every event of a person's command says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from workflow.aggregates import events as e
from workflow.aggregates.commands import Command
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.errors import Refused

Handlers = Mapping[type[Command], Callable[[Relationship, Any, PolicyInForce], list[e.Event]]]
"""From command to handler; each takes the one command that it is listed under."""


def said(command: Command) -> dict[str, Any]:
    """The members that every event of a person's command shares."""
    return {
        "occurred_at": command.at,
        "by": command.actor.person if command.actor is not None else None,
        "provenance": e.Provenance.SELF_REPORTED,
    }


def party_of(state: Relationship, command: Command) -> UUID:
    """The acting party; refused where whoever acts is none."""
    actor = command.actor
    if actor is None or state.parties.get(actor.person) is not actor.role:
        raise Refused("only a party of this relationship can do this, in its own role", code="not_a_party")
    return actor.person


def once_a_party_or_coordinator(state: Relationship, command: Command) -> None:
    """As below, and somebody who has left may as well: what was written does not leave with its writer."""
    left = None if command.actor is None else state.left.get(command.actor.person)
    if left is None or command.actor is None or left.role is not command.actor.role:
        party_or_coordinator(state, command)


def coordinator(command: Command) -> None:
    """Refused where it is not a coordinator who acts."""
    if command.actor is None or command.actor.role is not e.Role.COORDINATOR:
        raise Refused("only a coordinator can do this", code="not_a_coordinator")


def party_or_coordinator(state: Relationship, command: Command) -> None:
    """Refused where it is neither a party nor a coordinator who acts."""
    actor = command.actor
    if actor is not None and (
        actor.role is e.Role.COORDINATOR or state.parties.get(actor.person) is actor.role
    ):
        return
    raise Refused(
        "only a party of this relationship, in its own role, or a coordinator can do this", code="not_a_party"
    )


def ones_own(command: Command, person: UUID, detail: str) -> None:
    """Refused where one party acts for another; a coordinator may act for any."""
    actor = command.actor
    if actor is not None and actor.role is not e.Role.COORDINATOR and actor.person != person:
        raise Refused(detail, code="not_ones_own")


def not_before_state(state: Relationship, command: Command) -> None:
    """Refused where a move would lie before the present state was entered."""
    if command.at < state.entered_at:
        raise Refused(
            f"a move lies before the present state ({state.state.value}) was entered", code="before_state"
        )
