"""Endings."""

from __future__ import annotations

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.handlers.handler import (
    Handlers,
    not_before_state,
    party_of,
    party_or_coordinator,
    said,
)
from workflow.aggregates.moves import Move, State, destination
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.errors import Refused


def _close(state: Relationship, command: c.Close, policy: PolicyInForce) -> list[e.Event]:
    if command.actor is None or command.actor.role is not e.Role.SERVICE:
        party_or_coordinator(state, command)
    elif command.reason is not e.ClosureReason.PROGRAMME_ENDED:
        raise Refused("a service closes a relationship only because its programme ended", code="not_a_party")
    entered = destination(state.state, Move.CLOSE)
    not_before_state(state, command)
    cleared: list[e.Event] = [
        e.ConcernCleared(**said(command), policy=policy.version, code=code, subject=subject)
        for code, subject in sorted(state.concerns, key=lambda key: (key[0].value, key[1] or ""))
    ]
    return [
        e.Closed(
            **said(command),
            policy=policy.version,
            manner=command.manner,
            reason=command.reason,
            entered=entered,
        ),
        *cleared,
    ]


def _look_back(state: Relationship, command: c.GiveClosingFeedback, policy: PolicyInForce) -> list[e.Event]:
    party = party_of(state, command)
    if state.state is not State.CLOSURE:
        raise Refused("closing feedback follows the closing", code="not_closed")
    if party in state.feedback:
        raise Refused("this party has given its closing feedback already", code="feedback_given")
    return [e.ClosingFeedbackGiven(**said(command), party=party, text=command.text)]


HANDLERS: Handlers = {
    c.Close: _close,
    c.GiveClosingFeedback: _look_back,
}
