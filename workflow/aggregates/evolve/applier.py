"""What applies one event to a state: it copies what the event says, and can never refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from workflow.aggregates import events as e
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship

Appliers = Mapping[type[e.Event], Callable[..., None]]
"""A table from event to applier; each applier takes the one event type that it is listed under."""


def enter(state: Relationship, entered: State, at: datetime) -> None:
    """The relationship stands there from that instant on."""
    state.state, state.entered_at = entered, at
