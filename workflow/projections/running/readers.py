"""Readers that wait for their own writes: each names a position, and the projections that it will read."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock

from workflow.errors import Invalid, Unavailable
from workflow.projections.rows.generations import Generation, RunState


class NotYetFolded(Unavailable):
    """What was asked for was not folded in time. ``reached`` is the position that all have folded."""

    code = "not_yet_folded"

    def __init__(self, detail: str, reached: int) -> None:
        super().__init__(detail)
        self.reached = reached


class BeyondTheLog(Invalid):
    """Nobody was ever told the position that is asked for: the log ends at ``head``."""

    code = "position_unknown"

    def __init__(self, position: int, head: int) -> None:
        super().__init__(
            f"the log ends at position {head}; {position} lies beyond it, and waiting is in vain"
        )
        self.head = head


@dataclass(frozen=True, slots=True)
class _Waiting:
    position: int
    names: frozenset[str]
    future: Future[int]


class Readers:
    """All who wait. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[_Waiting] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, position: int, names: frozenset[str]) -> Future[int]:
        """A future of the position reached; it fails with ``NotYetFolded`` where any of them is paused."""
        waiting = _Waiting(position, names, Future())
        with self._lock:
            self._waiting.append(waiting)
        return waiting.future

    def settle(self, generations: Sequence[Generation]) -> None:
        """Answer everybody whose wait is over."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                if not _settled(
                    one, [generation for generation in generations if generation.name in one.names]
                ):
                    self._waiting.append(one)


def _settled(one: _Waiting, generations: Sequence[Generation]) -> bool:
    reached = min(generation.position for generation in generations)
    paused = [generation for generation in generations if generation.state is RunState.PAUSED]
    if reached < one.position and not paused:
        return one.future.cancelled()
    if one.future.set_running_or_notify_cancel():
        if not paused:
            one.future.set_result(reached)
        else:  # however far it is: what it folded may not be what the log says
            one.future.set_exception(NotYetFolded(_why(paused), reached))
    return True


def _why(paused: Sequence[Generation]) -> str:
    failed = [generation.name for generation in paused if generation.paused_by is None]
    resumable = [generation.name for generation in paused if generation.paused_by is not None]
    parts = [f"paused and to be rebuilt: {', '.join(failed)}"] if failed else []
    parts += [f"paused by an operator, and to be resumed: {', '.join(resumable)}"] if resumable else []
    return "; ".join(parts)
