"""Projections that are folded anew beside those that serve, until they serve in their stead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from workflow.projections.rows.generations import Generation, RunState
from workflow.projections.rows.storage import Busy, Superseded
from workflow.projections.running.pages import Pages
from workflow.projections.running.rebuilds import Rebuilds, Rebuilt
from workflow.projections.running.refolding import Refolding

LONGEST_WAIT = 8.0
FIRST_WAIT = 0.25
"""Seconds until it is tried again to let rebuilt rows serve, where somebody reads those that do; twice as many each
time, for whoever comes meanwhile waits for a moment."""


class Rebuilding:
    """Does what is asked page by page, in the thread that folds.

    All but ``ask`` is for that thread, and ``close`` for whoever has ended it. Events are read by ``refolding``, where
    there is one. ``hurried`` tells whether something else waits to be folded.
    """

    def __init__(
        self,
        pages: Pages,
        head: Callable[[], int],
        refolding: Refolding | None,
        *,
        hurried: Callable[[], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._views = pages.views
        self._pages = pages
        self._head = head
        self._refolding = refolding
        self._hurried = hurried
        self._monotonic = monotonic
        self._rebuilds = Rebuilds()
        self._swap_at, self._swap_waits = 0.0, FIRST_WAIT

    def ask(self, names: frozenset[str]) -> Future[list[Rebuilt]]:
        """Have these folded anew, or an interrupted rebuild go on; what came of it. Safe from any thread."""
        return self._rebuilds.ask(names)

    def begin(self) -> None:
        """Begin what was asked since."""
        if names := self._rebuilds.to_begin():
            self._views.begin(names)

    def step(self) -> bool:
        """Fold a page, or as much of one as there is time for until somebody hurries; whether there is more."""
        pairs = [(self._views.live(shadow.name), shadow) for shadow in self._views.shadows]
        bounds = [live.position for live, _ in pairs if live.state is RunState.RUNNING]
        until = min(bounds, default=None)
        folded, full = self._fold(until)
        total = folded
        while folded and not full and total < self._pages.size and not self._hurried():
            folded, full = self._fold(until)
            total += folded
        if full:
            self._pages.write(self._views.shadows)
        level = [(live, shadow) for live, shadow in pairs if self._is_level(live, shadow, folded)]
        for _, shadow in level:
            if shadow.state is RunState.PAUSED:
                self._views.discard(shadow)
                self._done(shadow, None)
        ready = [(live, shadow) for live, shadow in level if shadow.state is RunState.RUNNING]
        return self._swap(ready) if ready else bool(self._views.shadows)

    def refresh(self) -> None:
        """Where a commit was lost, what serves tells whether a rebuild had come to its end; else it is begun again."""
        before = {generation.name: generation.number for generation in self._views.generations}
        self._views.refresh()
        for generation in self._views.generations:
            if generation.number != before[generation.name]:
                self._done(generation, None)
        self._rebuilds.begin_again()

    def give_up(self, error: Superseded) -> None:
        """Tell whoever waits that it is another who folds."""
        self._rebuilds.give_up(error)

    def close(self) -> None:
        """Read no more ahead, and write what was folded: it is gone on from there."""
        if self._refolding is not None:
            self._refolding.close()
        self._views.write(self._views.shadows)

    def _is_level(self, live: Generation, shadow: Generation, folded: int) -> bool:
        """Whether it goes no further: it raised, is as far as what serves, or that is paused and nothing is left."""
        if shadow.state is RunState.PAUSED:
            return True
        if live.state is RunState.PAUSED:
            return not folded
        return self._views.gathering.reached(shadow) >= live.position

    def _fold(self, until: int | None) -> tuple[int, bool]:
        """Fold some events: how many, and whether it is time to write."""
        running = [shadow for shadow in self._views.shadows if shadow.state is RunState.RUNNING]
        if self._refolding is None or not running:
            return self._pages.fold(running, until)
        return self._refolding.fold(running, self._head() if until is None else until)

    def _swap(self, pairs: Sequence[tuple[Generation, Generation]]) -> bool:
        """Let them serve, unless somebody is reading: then later; whether there is more to be done at once."""
        if (now := self._monotonic()) < self._swap_at:
            return False
        try:
            differences = self._views.swap(pairs)  # of none, where one had to be paused
        except Busy:
            self._swap_at = now + self._swap_waits
            self._swap_waits = min(2 * self._swap_waits, LONGEST_WAIT)
            return False
        self._swap_at, self._swap_waits = 0.0, FIRST_WAIT
        for (_, shadow), number in zip(pairs, differences, strict=False):
            self._done(shadow, number)
        if self._refolding is not None and not self._views.shadows:
            self._refolding.close()
        return bool(self._views.shadows)

    def _done(self, generation: Generation, differences: int | None) -> None:
        self._rebuilds.done(
            Rebuilt(generation.name, generation.number, generation.position, differences, generation.cause)
        )
