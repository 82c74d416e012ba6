"""Reads events page by page, has them folded in memory, and writes the rows with the positions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from workflow import failpoints
from workflow.places import whence
from workflow.projections.rows.generations import Generation, RunState
from workflow.projections.running.views import Views
from workflow.store.recorded import Recorded

PAGE = 20_000
"""Events that are written together: so many that a commit costs little beside them."""

AT_ONCE = 1_000
"""Events that are in memory together: few enough that they are gone before the garbage collector looks for them."""

Read = Callable[[int, int], Sequence[Recorded]]
"""Gives so many events after a position."""

_log = logging.getLogger(__name__)


class Pages:
    """Folds ``size`` events into a page at most. ``written`` is called when one was, in this thread: be short."""

    def __init__(self, views: Views, read: Read, size: int, written: Callable[[], object]) -> None:
        self.views = views
        self.size = size
        self.at_once = min(size, AT_ONCE)
        self._read = read
        self._written = written

    def advance(self) -> bool:
        """Fold one page of what is live and write it; whether there was anything."""
        live, anything = self.views.generations, False
        while True:
            number, full = self.fold(live)
            anything = anything or bool(number)
            if not number or full or number >= self.size or self._gathered(live) >= self.size:
                break
        if anything:
            self.write(live)
        return anything

    def fold(self, generations: Sequence[Generation], until: int | None = None) -> tuple[int, bool]:
        """Fold some events in memory: how many, and whether it is time to write."""
        running = [generation for generation in generations if generation.state is RunState.RUNNING]
        if not running:
            return 0, False
        events = self._read(min(map(self.views.gathering.reached, running)), self.at_once)
        if until is not None and events and events[-1].position > until:
            events = [recorded for recorded in events if recorded.position <= until]
        return len(events), bool(events) and self.views.gathering.fold(running, events, events[-1].position)

    def write(self, generations: Sequence[Generation]) -> None:
        """Write what was folded of these; a fold that raised pauses its projection."""
        failpoints.hit("projection.before")
        failures = self.views.write(generations)
        failpoints.hit("projection.after")
        self._written()
        for failure in failures:
            _log.error("projection paused: %s (%s)", failure, whence(failure))

    def _gathered(self, generations: Sequence[Generation]) -> int:
        """How far those that run have come in memory alone, by the one that is furthest behind."""
        running = [generation for generation in generations if generation.state is RunState.RUNNING]
        return min(map(self.views.gathering.reached, running)) - min(
            generation.position for generation in running
        )
