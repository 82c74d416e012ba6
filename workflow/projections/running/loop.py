"""Looks for what is new in a thread of its own, and tells whoever asks how far projections have come."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from concurrent.futures import Future
from threading import Event, Thread

from workflow.errors import NotFound
from workflow.logs import WORK
from workflow.places import whence
from workflow.projections.rows.storage import Superseded
from workflow.projections.running.readers import BeyondTheLog, NotYetFolded, Readers
from workflow.projections.running.rebuilds import Rebuilt
from workflow.projections.running.status import Status, statuses
from workflow.projections.running.views import Views
from workflow.store.faults import is_away

_log = logging.getLogger(__name__)
_work = logging.getLogger(WORK)


class Loop(ABC):
    """Follows the log, or whoever folds it. Looks when it is woken, and every now and then in case a hint was lost.

    ``head`` is the last position of the log.
    """

    def __init__(self, views: Views, head: Callable[[], int], *, poll_seconds: float) -> None:
        self.views = views
        self._head = head
        self._poll_seconds = poll_seconds
        self._woken = Event()
        self._stopping = Event()
        self._thread: Thread | None = None
        self._readers = Readers()
        self._checked = False
        """Whether what serves is known to be of this log: before, nobody is told that anything is reached."""
        self.trouble: str | None = None
        """Why the last look for events failed, None where it did not; it goes on trying."""
        self._away = False
        """Whether that was PostgreSQL's being away, which is said once and not at every look."""

    @abstractmethod
    def step(self) -> bool:
        """Look once; whether there may be more at once."""

    # --- while the service runs

    def start(self) -> None:
        """Begin to follow the events, be it again."""
        self._stopping.clear()
        self._thread = Thread(target=self._follow, name="projections", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be something new. Cheap, and safe from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """Finish what is in hand, and end."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _follow(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                more = self.step()
                self._goes_on()
            except Superseded as error:
                _log.error("projections are folded by another process: %s", error.detail)
                self.trouble = error.detail
                self.views.unsure = True  # for whoever starts it again
                return
            except Exception as error:  # noqa: BLE001 whatever it was, the loop must live to report it
                self._tell(error)
                more = False
            if not more:
                self._woken.wait(self._poll_seconds)

    def _tell(self, error: Exception) -> None:
        away = is_away(error)
        if away and not self._away:
            _work.warning(
                "PostgreSQL does not answer, and projections wait for it (%s): nothing is lost, and everything goes on "
                "by itself once it does",
                whence(error),
            )
        elif not away:
            _log.error("projections cannot go on (%s); trying again", whence(error))
        self._away = away
        self.trouble = "PostgreSQL does not answer" if away else f"{type(error).__name__}: {error}"

    def _goes_on(self) -> None:
        if self._away:
            _work.info("PostgreSQL answers again, and projections go on")
        elif self.trouble is not None:
            _work.info("projections go on")
        self._away, self.trouble = False, None

    @property
    def given_up(self) -> bool:
        """Whether it has ended by itself, since another process has folded as well; it may be started again."""
        thread = self._thread
        return thread is not None and not thread.is_alive() and not self._stopping.is_set()

    # --- what others ask

    @abstractmethod
    def rebuild(self, names: Collection[str] | None = None) -> Future[list[Rebuilt]]:
        """Have projections folded anew beside those that serve; what came of it. Safe from any thread."""

    def pause(self, name: str, by: str) -> Future[None]:
        """Have a projection fold nothing more, until it is resumed or rebuilt; ``by`` is kept with it.

        Safe from any thread; done, and durable, between two pages.
        """
        self._named([name])
        return self._halt(name, by)

    def resume(self, name: str) -> Future[None]:
        """Have a projection that somebody paused go on; refused where a failure did, for that is to be rebuilt."""
        self._named([name])
        return self._halt(name, None)

    @abstractmethod
    def _halt(self, name: str, by: str | None) -> Future[None]: ...

    def _settle(self) -> None:
        if self._checked:
            self._readers.settle(self.views.generations)

    def status(self) -> list[Status]:
        """How every projection stands."""
        return statuses(self.views, self._head())

    def position(self, names: Collection[str] | None = None) -> int:
        """The position that all the projections named have folded."""
        return min(
            generation.position
            for generation in self.views.generations
            if generation.name in self._named(names)
        )

    def reaching(self, position: int, names: Collection[str] | None = None) -> Future[int]:
        """A future that ends once the projections named have folded up to a position."""
        future = self._readers.add(position, self._named(names))
        self._settle()
        self.wake()
        return future

    async def reached(
        self, position: int, names: Collection[str] | None = None, timeout_seconds: float = 5.0
    ) -> int:
        """Wait for the projections named; ``NotYetFolded`` where it takes too long or one is paused.

        ``BeyondTheLog`` where no such position is recorded: whoever told of one, it was in the log by then.
        """
        if position > self.position(names) and position > (head := await asyncio.to_thread(self._head)):
            raise BeyondTheLog(position, head)
        future = self.reaching(position, names)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            reached = self.position(names)
            raise NotYetFolded(f"position {position} is asked for, {reached} is reached", reached) from None

    def _named(self, names: Collection[str] | None) -> frozenset[str]:
        known = {projection.name for projection in self.views.projections}
        if names is None:
            return frozenset(known)
        if not known.issuperset(names):
            raise NotFound(f"no projection has this name; there are: {', '.join(sorted(known))}")
        return frozenset(names)
