"""A generation of a projection, with the position up to which it has folded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workflow.projections.projection import FoldFailed, Projection
from workflow.projections.tables import GenerationTable


class RunState(StrEnum):
    """Whether a generation goes on. A paused one keeps the rows that it has, and the cause.

    One that a failure paused is rebuilt; one that somebody paused may be resumed as well.
    """

    RUNNING = "running"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """How far a rebuild has come that goes stream by stream, in the order of ids, and not by position.

    All streams up to ``after`` (hex; none yet where it is empty) are folded up to the position ``until``; the others
    are where the generation's position says.
    """

    until: int
    after: str = ""

    def estimated(self, begun: int) -> int:
        """The position that about as many events come to, for people to see: ids are of any value."""
        share = int(self.after[:8] or "0", 16) / 0x1_0000_0000
        return begun + int(share * (self.until - begun))


@dataclass(slots=True, eq=False)
class Generation:
    """One generation of a projection. A generation that is not ``live`` is being rebuilt beside the one that is."""

    projection: Projection
    layout: GenerationTable
    number: int
    live: bool
    position: int = 0
    state: RunState = RunState.RUNNING
    cause: str | None = None
    failed_at: int | None = None
    paused_by: str | None = None
    """Who had it paused; None where it runs, and where a failure did."""
    stream_progress: StreamProgress | None = None
    """How far it has come beyond its position, where it goes stream by stream."""
    fits: bool = True
    """Whether its rows have the columns that the projection has now."""

    @property
    def name(self) -> str:
        """The projection's name."""
        return self.projection.name

    @property
    def folded_until(self) -> int:
        """The last position that any of its rows may be of."""
        return self.position if self.stream_progress is None else self.stream_progress.until

    @property
    def begun_by_streams(self) -> bool:
        """Whether it has rows of some streams beyond its position."""
        return self.stream_progress is not None and self.stream_progress.after != ""


def names_heeded(generations: Iterable[Generation]) -> frozenset[str] | None:
    """The names of the events that these heed; None where one of them heeds whatever tells an agenda."""
    names: set[str] = set()
    for generation in generations:
        kinds = generation.projection.kinds
        if kinds is None:
            return None
        names |= {kind.name for kind in kinds}
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class Folded:
    """What a page came to in one generation."""

    generation: Generation
    position: int
    upserts: list[tuple[Any, ...]]
    removals: list[tuple[Any, ...]]
    failure: FoldFailed | None = None
    stream_progress: StreamProgress | None = None
