"""Stagnation, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from workflow.aggregates.commands.command import Command
from workflow.aggregates.events import Measure
from workflow.aggregates.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareStagnation(Command):
    """A party or the coordinator says that the relationship stagnates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFreshLook(Command):
    """The pair took a new perspective and wrote down measures."""

    perspective: Sealed | None = None
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewMeasures(Command):
    """The pair looked at what became of its measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteMeasure(Command):
    """A measure was done."""

    measure: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DropMeasure(Command):
    """The acting party gives a measure up."""

    measure: UUID
