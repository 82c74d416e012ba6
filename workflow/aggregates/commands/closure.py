"""Endings."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.aggregates.commands.command import Command
from workflow.aggregates.events import ClosureManner, ClosureReason
from workflow.aggregates.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Command):
    """End the relationship."""

    manner: ClosureManner
    reason: ClosureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveClosingFeedback(Command):
    """The acting party looks back on the relationship after its end."""

    text: Sealed
