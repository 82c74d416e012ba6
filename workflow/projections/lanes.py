"""A generation of a projection, with the position up to which it has folded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workflow.projections.projection import FoldFailed, Projection
from workflow.projections.tables import Generation


class LaneState(StrEnum):
    """Whether a lane goes on. A paused one keeps the rows that it has, and the cause, until a rebuild."""

    RUNNING = "running"
    PAUSED = "paused"


@dataclass(slots=True, eq=False)
class Lane:
    """One generation of a projection. A lane that is not ``live`` is being rebuilt beside the one that is."""

    projection: Projection
    generation: Generation
    number: int
    live: bool
    position: int = 0
    state: LaneState = LaneState.RUNNING
    cause: str | None = None
    failed_at: int | None = None
    fits: bool = True
    """Whether its rows have the columns that the projection has now."""

    @property
    def name(self) -> str:
        """The projection's name."""
        return self.projection.name


@dataclass(frozen=True, slots=True)
class Folded:
    """What a page came to in one lane."""

    lane: Lane
    position: int
    upserts: list[tuple[Any, ...]]
    removals: list[tuple[Any, ...]]
    failure: FoldFailed | None = None
