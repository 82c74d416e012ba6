"""The one runner, for what is live and for what is being rebuilt.

A page of events is folded in memory, and its rows are written with the positions. A fold that raises is a bug: that
projection stops there and says so until it is rebuilt; the others go on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future

from workflow.places import whence
from workflow.projections.rows.storage import Superseded
from workflow.projections.running.halts import Halts
from workflow.projections.running.loop import Loop
from workflow.projections.running.pages import PAGE, Pages, Read
from workflow.projections.running.rebuilding import Rebuilding
from workflow.projections.running.rebuilds import Rebuilt
from workflow.projections.running.refolding import Refolding, Stored
from workflow.projections.running.views import Views

_log = logging.getLogger(__name__)


class Runner(Loop):
    """Keeps the views up to date. ``read`` gives events after a position, ``head`` the last position.

    ``written`` is called when rows were, in the runner's thread: be short. A rebuild reads what is
    ``stored``, where that is told: no more of it than its projections heed.
    """

    def __init__(
        self,
        views: Views,
        read: Read,
        head: Callable[[], int],
        *,
        page: int = PAGE,
        poll_seconds: float = 0.5,
        monotonic: Callable[[], float] = time.monotonic,
        written: Callable[[], object] = lambda: None,
        stored: Stored | None = None,
    ) -> None:
        super().__init__(views, head, poll_seconds=poll_seconds)
        self._pages = Pages(views, read, page, written)
        refolding = None if stored is None else Refolding(stored, views.gathering, page, self._pages.at_once)
        self._rebuilding = Rebuilding(
            self._pages, head, refolding, hurried=self._woken.is_set, monotonic=monotonic
        )
        self._halts = Halts()

    def stop(self) -> None:
        """Finish the page in hand, keep what a rebuild has come to, and end."""
        super().stop()
        try:
            self._rebuilding.close()
        except Exception as error:  # noqa: BLE001 whatever it was, they are folded again
            _log.error("a rebuild's last pages could not be written (%s): folded again", whence(error))

    def step(self) -> bool:
        """Fold one page of every generation that has one; whether there may be more."""
        try:
            if self.views.unsure:
                self._rebuilding.refresh()
            if not self._checked:
                self._check()
            self._halts.carry_out(self.views)
            self._rebuilding.begin()
            more = self._pages.advance()
            return self._rebuilding.step() or more if self.views.shadows else more
        except Superseded as error:  # nobody is to wait for what another does
            self._rebuilding.give_up(error)
            raise
        finally:  # whoever waits for what could be folded is told so, whatever could not
            self._settle()

    def catch_up(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Fold until nothing is left, in the caller's thread: for operators where no service runs."""
        while not cancelled():
            self._woken.clear()
            if not self.step():
                if not self.views.shadows:
                    break
                self._woken.wait(self._poll_seconds)  # until nobody reads what is to be replaced

    def rebuild(self, names: Collection[str] | None = None) -> Future[list[Rebuilt]]:
        """Have projections folded anew beside those that serve, or an interrupted rebuild go on.

        Safe from any thread; it is done page by page as the runner runs, or by ``catch_up``.
        """
        future = self._rebuilding.ask(self._named(names))
        self.wake()
        return future

    def _halt(self, name: str, by: str | None) -> Future[None]:
        future = self._halts.ask(name, by)
        self.wake()
        return future

    def _check(self) -> None:
        """Rows of events that the log does not hold are not served as if nothing were wrong."""
        head = self._head()
        for generation in [generation for generation in self.views.generations if generation.position > head]:
            cause = f"the log ends at {head}, before what was folded: was it restored? Rebuild"
            self.views.pause(generation, cause)
        for generation in [generation for generation in self.views.shadows if generation.folded_until > head]:
            self.views.discard(generation)
        self._checked = True
