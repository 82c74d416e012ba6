"""What gives a relationship time and support."""

from __future__ import annotations

from datetime import timedelta

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.handlers.handler import (
    Handlers,
    coordinator,
    once_a_party_or_coordinator,
    ones_own,
    party_or_coordinator,
    said,
)
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.errors import Refused


def _pause(state: Relationship, command: c.Pause, policy: PolicyInForce) -> list[e.Event]:
    party_or_coordinator(state, command)
    if state.paused:
        raise Refused("the relationship rests already", code="paused_already")
    if state.pauses:
        last = state.pauses[-1]
        if command.at <= last.since or (last.resumed_at is not None and command.at < last.resumed_at):
            raise Refused("a pause lies before the end of the one before it", code="before_resumption")
    longest = policy.policy.pauses.longest_days
    latest = command.at + timedelta(days=longest)
    ends_at = command.ends_at or latest
    if not command.at < ends_at <= latest:
        raise Refused(
            f"a pause ends after its beginning, and lasts {longest:g} days at most", code="pause_length"
        )
    return [e.Paused(**said(command), policy=policy.version, ends_at=ends_at)]


def _resume(state: Relationship, command: c.Resume, policy: PolicyInForce) -> list[e.Event]:
    party_or_coordinator(state, command)
    if not state.paused:
        return []
    if command.at < state.pauses[-1].since:
        raise Refused("a resumption lies before the pause", code="before_pause")
    return [e.Resumed(**said(command))]


def _contact(state: Relationship, command: c.MakeSupportContact, policy: PolicyInForce) -> list[e.Event]:
    coordinator(command)
    return [e.SupportContactMade(**said(command), note=command.note)]


def _destroy(state: Relationship, command: c.RequestDestruction, policy: PolicyInForce) -> list[e.Event]:
    once_a_party_or_coordinator(state, command)
    if state.role(command.person) is None:
        raise Refused("this person is no party of the relationship", code="not_a_party")
    ones_own(command, command.person, "a party can have destroyed what it wrote itself")
    known = state.destroyed.get(command.person)
    if known is not None and (known.identities or not command.identities):
        return []
    return [e.DestructionRequested(**said(command), person=command.person, identities=command.identities)]


def _destroyed(state: Relationship, command: c.ConfirmDestruction, policy: PolicyInForce) -> list[e.Event]:
    if command.actor is not None and command.actor.role is not e.Role.SERVICE:
        raise Refused("only a service can say that something has been destroyed", code="not_a_service")
    requested = state.destroyed.get(command.person)
    if requested is None:
        raise Refused("nobody asked for this to be destroyed", code="not_requested")
    if requested.done:
        return []
    return [
        e.Destroyed(
            occurred_at=command.at,
            provenance=e.Provenance.OBSERVED,
            person=command.person,
            identities=requested.identities,
        )
    ]


HANDLERS: Handlers = {
    c.Pause: _pause,
    c.Resume: _resume,
    c.MakeSupportContact: _contact,
    c.RequestDestruction: _destroy,
    c.ConfirmDestruction: _destroyed,
}
