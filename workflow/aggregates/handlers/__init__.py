"""What people ask of a relationship: who may, when, and which events it becomes; one subject a module."""

from __future__ import annotations

from datetime import datetime

from workflow.aggregates import commands as c
from workflow.aggregates.events import Event
from workflow.aggregates.handlers import agreement, care, closure, dialogue, drift, goals, meetings
from workflow.aggregates.handlers.handler import Handlers
from workflow.aggregates.moves import State
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.errors import Refused

_HANDLERS: Handlers = {
    **agreement.HANDLERS,
    **meetings.HANDLERS,
    **goals.HANDLERS,
    **dialogue.HANDLERS,
    **care.HANDLERS,
    **drift.HANDLERS,
    **closure.HANDLERS,
}

_AFTER_CLOSURE = (
    c.GiveClosingFeedback,
    c.GiveCheckIn,
    c.WithdrawCheckInConsent,
    c.RemoveIdentity,
    c.RequestDestruction,
    c.ConfirmDestruction,
)


def handle(state: Relationship, command: c.Command, *, now: datetime, policy: PolicyInForce) -> list[Event]:
    """The events that a command becomes; an empty list where what it asks for has already happened."""
    if command.at > now:
        raise Refused("what is reported lies in the future", code="in_the_future")
    if not isinstance(command, c.OpenRelationship):
        if state.state is State.CLOSURE and not isinstance(command, _AFTER_CLOSURE):
            raise Refused(
                "the relationship is closed: only closing feedback, a last check-in and what withdraws or destroys are "
                "still taken; to go on, open a new relationship",
                code="closed",
            )
        if command.at < state.opened_at:
            raise Refused("what is reported lies before the relationship was opened", code="before_opening")
    return _HANDLERS[type(command)](state, command, policy)
