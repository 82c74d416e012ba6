"""How projections stand, as operators are told."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.projections.rows.generations import RunState
from workflow.projections.running.views import Views


@dataclass(frozen=True, slots=True)
class Status:
    """How one projection stands. ``failed_at`` is the position of the event that it stopped on."""

    name: str
    generation: int
    position: int
    head: int
    state: RunState
    cause: str | None
    failed_at: int | None
    rebuilding: int | None
    paused_by: str | None = None

    @property
    def lag(self) -> int:
        """How many events are recorded and not yet folded."""
        return max(0, self.head - self.position)


def statuses(views: Views, head: int) -> list[Status]:
    """How every projection stands, where ``head`` is the last position of the log."""
    rebuilding = {shadow.name: views.gathering.progress(shadow) for shadow in views.shadows}
    return [
        Status(
            name=generation.name,
            generation=generation.number,
            position=generation.position,
            head=head,
            state=generation.state,
            cause=generation.cause,
            failed_at=generation.failed_at,
            rebuilding=rebuilding.get(generation.name),
            paused_by=generation.paused_by,
        )
        for generation in views.generations
    ]
