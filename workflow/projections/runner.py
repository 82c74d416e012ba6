"""The one runner, for what is live and for what is being rebuilt.

A thread of its own reads events in pages, folds each in memory and writes the rows with the positions. It
looks for events when it is woken, and every now and then in case a hint was lost. A fold that raises is a
bug: that projection stops there and says so until it is rebuilt; the others go on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event, Thread

from workflow import failpoints
from workflow.errors import NotFound
from workflow.places import whence
from workflow.projections.generations import Generation, RunState
from workflow.projections.halts import Halts
from workflow.projections.readers import BeyondTheLog, NotYetFolded, Readers
from workflow.projections.rebuilds import Rebuilds, Rebuilt
from workflow.projections.refolding import Refolding, Stored
from workflow.projections.storage import Busy, Superseded
from workflow.projections.views import Views
from workflow.store.faults import is_away
from workflow.store.recorded import Recorded

PAGE = 20_000
"""Events that are written together: so many that a commit costs little beside them."""

AT_ONCE = 1_000
"""Events that are in memory together: few enough that they are gone before the garbage collector looks for them."""

LONGEST_WAIT = 8.0
FIRST_WAIT = 0.25
"""Seconds until it is tried again to let rebuilt rows serve, where somebody reads those that do; twice as many each
time, for whoever comes meanwhile waits for a moment."""

_log = logging.getLogger(__name__)
_work = logging.getLogger("mentoring.work")


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


class Runner:
    """Keeps the views up to date. ``read`` gives events after a position, ``head`` the last position.

    ``written`` is called when rows were, in the runner's thread: be short. A rebuild reads what is
    ``stored``, where that is told: no more of it than its projections heed.
    """

    def __init__(
        self,
        views: Views,
        read: Callable[[int, int], Sequence[Recorded]],
        head: Callable[[], int],
        *,
        page: int = PAGE,
        poll_seconds: float = 0.5,
        monotonic: Callable[[], float] = time.monotonic,
        written: Callable[[], object] = lambda: None,
        stored: Stored | None = None,
    ) -> None:
        self.views = views
        self._written = written
        self._read = read
        self._head = head
        self._page = page
        self._slice = min(page, AT_ONCE)
        self._refolding = None if stored is None else Refolding(stored, views.gathering, page, self._slice)
        self._poll_seconds = poll_seconds
        self._woken = Event()
        self._stopping = Event()
        self._thread: Thread | None = None
        self._readers = Readers()
        self._rebuilds = Rebuilds()
        self._halts = Halts()
        self._checked = False
        self._monotonic = monotonic
        self._swap_at, self._swap_waits = 0.0, FIRST_WAIT
        self.trouble: str | None = None
        """Why the last look for events failed, None where it did not; the runner goes on trying."""
        self._away = False
        """Whether that was PostgreSQL's being away, which is said once and not at every look."""

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
        """Finish the page in hand, keep what a rebuild has come to, and end."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._refolding is not None:
            self._refolding.close()
        try:
            self.views.write(self.views.shadows)
        except Exception as error:  # noqa: BLE001 whatever it was, they are folded again
            _log.error("a rebuild's last pages could not be written (%s): folded again", whence(error))

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
        self.trouble = f"{type(error).__name__}: {error}"

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

    # --- one page

    def step(self) -> bool:
        """Fold one page of every generation that has one; whether there may be more."""
        try:
            if self.views.unsure:
                self._refresh()
            if not self._checked:
                self._check()
            self._halts.carry_out(self._live, self.views)
            if names := self._rebuilds.to_begin():
                self.views.begin(names)
            more = self._advance()
            return self._rebuild() or more if self.views.shadows else more
        except Superseded as error:  # nobody is to wait for what another does
            self._rebuilds.give_up(error)
            raise
        finally:  # whoever waits for what could be folded is told so, whatever could not
            self._settle()

    def _settle(self) -> None:
        """Nobody is told anything before it is known that the rows are of this log."""
        if self._checked:
            self._readers.settle(self.views.generations)

    def _check(self) -> None:
        """Rows of events that the log does not hold are not served as if nothing were wrong."""
        head = self._head()
        for generation in [generation for generation in self.views.generations if generation.position > head]:
            cause = f"the log ends at {head}, before what was folded: was it restored? Rebuild"
            self.views.pause(generation, cause)
        for generation in [generation for generation in self.views.shadows if generation.folded_until > head]:
            self.views.discard(generation)
        self._checked = True

    def catch_up(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Fold until nothing is left, in the caller's thread: for operators where no service runs."""
        while not cancelled():
            self._woken.clear()
            if not self.step():
                if not self.views.shadows:
                    break
                self._woken.wait(self._poll_seconds)  # until nobody reads what is to be replaced

    def _advance(self) -> bool:
        """Fold one page of what is live and write it; whether there was anything."""
        live, anything = self.views.generations, False
        while True:
            number, full = self._fold(live)
            anything = anything or bool(number)
            if not number or full or number >= self._page or self._gathered(live) >= self._page:
                break
        if anything:
            self._write(live)
        return anything

    def _gathered(self, generations: Sequence[Generation]) -> int:
        """How far those that run have come in memory alone, by the one that is furthest behind."""
        running = [generation for generation in generations if generation.state is RunState.RUNNING]
        return min(map(self.views.gathering.reached, running)) - min(
            generation.position for generation in running
        )

    def _fold(self, generations: Sequence[Generation], until: int | None = None) -> tuple[int, bool]:
        """Fold some events in memory: how many, and whether it is time to write."""
        running = [generation for generation in generations if generation.state is RunState.RUNNING]
        if not running:
            return 0, False
        events = self._read(min(map(self.views.gathering.reached, running)), self._slice)
        if until is not None and events and events[-1].position > until:
            events = [recorded for recorded in events if recorded.position <= until]
        return len(events), bool(events) and self.views.gathering.fold(running, events, events[-1].position)

    def _write(self, generations: Sequence[Generation]) -> None:
        failpoints.hit("projection.before")
        failures = self.views.write(generations)
        failpoints.hit("projection.after")
        self._written()
        for failure in failures:
            _log.error("projection paused: %s (%s)", failure, whence(failure))

    # --- pausing

    def pause(self, name: str, by: str) -> Future[None]:
        """Have a projection fold nothing more, until it is resumed or rebuilt; ``by`` is kept with it.

        Safe from any thread; done, and durable, between two pages.
        """
        return self._halt(name, by)

    def resume(self, name: str) -> Future[None]:
        """Have a projection that somebody paused go on; refused where a failure did, for that is to be rebuilt."""
        return self._halt(name, None)

    def _halt(self, name: str, by: str | None) -> Future[None]:
        (known,) = self._named([name])
        future = self._halts.ask(known, by)
        self.wake()
        return future

    # --- rebuilding

    def rebuild(self, names: Collection[str] | None = None) -> Future[list[Rebuilt]]:
        """Have projections folded anew beside those that serve, or an interrupted rebuild go on.

        Safe from any thread; it is done page by page as the runner runs, or by ``catch_up``.
        """
        future = self._rebuilds.ask(self._named(names))
        self.wake()
        return future

    def _rebuild(self) -> bool:
        """Fold a page of what is rebuilt, or as much of one as there is time for until somebody wakes us."""
        pairs = [(self._live(shadow.name), shadow) for shadow in self.views.shadows]
        bounds = [live.position for live, _ in pairs if live.state is RunState.RUNNING]
        until = min(bounds, default=None)
        folded, full = self._fold_anew(until)
        total = folded
        while folded and not full and total < self._page and not self._woken.is_set():
            folded, full = self._fold_anew(until)
            total += folded
        if full:
            self._write(self.views.shadows)
        level = [
            (live, shadow)
            for live, shadow in pairs
            if shadow.state is RunState.PAUSED
            or (
                not folded
                if live.state is RunState.PAUSED
                else self.views.gathering.reached(shadow) >= live.position
            )
        ]
        for _, shadow in level:
            if shadow.state is RunState.PAUSED:
                self.views.discard(shadow)
                self._rebuilt(shadow, None)
        ready = [(live, shadow) for live, shadow in level if shadow.state is RunState.RUNNING]
        return self._swap(ready) if ready else bool(self.views.shadows)

    def _fold_anew(self, until: int | None) -> tuple[int, bool]:
        """Fold some events of a rebuild: how many, and whether it is time to write."""
        running = [shadow for shadow in self.views.shadows if shadow.state is RunState.RUNNING]
        if self._refolding is None or not running:
            return self._fold(running, until)
        return self._refolding.fold(running, self._head() if until is None else until)

    def _swap(self, pairs: Sequence[tuple[Generation, Generation]]) -> bool:
        """Let them serve, unless somebody is reading: then later; whether there is more to be done at once."""
        if (now := self._monotonic()) < self._swap_at:
            return False
        try:
            differences = self.views.swap(pairs)  # of none, where one had to be paused
        except Busy:
            self._swap_at = now + self._swap_waits
            self._swap_waits = min(2 * self._swap_waits, LONGEST_WAIT)
            return False
        self._swap_at, self._swap_waits = 0.0, FIRST_WAIT
        for (_, shadow), number in zip(pairs, differences, strict=False):
            self._rebuilt(shadow, number)
        if self._refolding is not None and not self.views.shadows:
            self._refolding.close()
        return bool(self.views.shadows)

    def _refresh(self) -> None:
        """Where a commit was lost, what serves tells whether a rebuild had come to its end; else it is begun again."""
        before = {generation.name: generation.number for generation in self.views.generations}
        self.views.refresh()
        for generation in self.views.generations:
            if generation.number != before[generation.name]:
                self._rebuilt(generation, None)
        self._rebuilds.begin_again()

    def _rebuilt(self, generation: Generation, differences: int | None) -> None:
        rebuilt = Rebuilt(
            generation.name, generation.number, generation.position, differences, generation.cause
        )
        self._rebuilds.done(rebuilt)

    def _live(self, name: str) -> Generation:
        return next(generation for generation in self.views.generations if generation.name == name)

    # --- what others ask

    def status(self) -> list[Status]:
        """How every projection stands."""
        head = self._head()
        rebuilding = {
            generation.name: self.views.gathering.progress(generation) for generation in self.views.shadows
        }
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
            for generation in self.views.generations
        ]

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
