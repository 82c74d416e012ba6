"""Projections that somebody has paused or resumed. Asked from any thread; done by the runner's, between two pages."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from typing import NamedTuple

from workflow.errors import Conflict
from workflow.projections.rows.generations import Generation, RunState
from workflow.projections.running.views import Views


class _Asked(NamedTuple):
    name: str
    by: str | None
    """Who wants it paused; None where it is to be resumed."""
    future: Future[None]


class Halts:
    """What was asked and is not done yet, in its order."""

    def __init__(self) -> None:
        self._asked: deque[_Asked] = deque()

    def ask(self, name: str, by: str | None) -> Future[None]:
        """A future that ends once it is kept."""
        asked = _Asked(name, by, Future())
        self._asked.append(asked)
        return asked.future

    def carry_out(self, views: Views) -> None:
        """Do what was asked; whoever asked is told, also where it cannot be done."""
        while self._asked:
            name, by, future = self._asked.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if by is None:
                    _resume(views, views.live(name))
                else:
                    _pause(views, views.live(name), by)
            except Exception as error:  # noqa: BLE001 whatever it is, somebody waits to be told
                future.set_exception(error)
            else:
                future.set_result(None)


def _pause(views: Views, generation: Generation, by: str) -> None:
    if any(shadow.name == generation.name for shadow in views.shadows):
        raise Conflict(
            f"{generation.name} is being rebuilt; pause it once that is done", code="projection_rebuilding"
        )
    if generation.state is RunState.RUNNING:
        views.pause(generation, "an operator paused it", by)
    elif generation.paused_by is None:
        raise _failed(generation)


def _resume(views: Views, generation: Generation) -> None:
    if generation.state is RunState.RUNNING:
        return
    if generation.paused_by is None:
        raise _failed(generation)
    views.resume(generation)


def _failed(generation: Generation) -> Conflict:
    return Conflict(
        f"{generation.name} was paused by a failure, which going on would meet again: once that is mended, "
        f"`mentoring projections rebuild {generation.name}`",
        code="projection_failed",
    )
