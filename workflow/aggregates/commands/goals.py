"""What the pair says of its goals."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from workflow.aggregates.commands.command import Command
from workflow.aggregates.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGoal(Command):
    """The pair has a goal."""

    goal: UUID
    text: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewGoal(Command):
    """How far a goal has come, in per cent, and what comes next."""

    goal: UUID
    reached_percent: int
    next: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseGoal(Command):
    """A goal reads differently from now on."""

    goal: UUID
    text: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class AchieveGoal(Command):
    """A goal was reached."""

    goal: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DropGoal(Command):
    """A goal is given up."""

    goal: UUID
