"""Reads a rebuild's events and has them folded: by position where they are few, else stream by stream.

By position, rows of a relationship are read and written again each time that memory had to let go of them before its
next event. Stream by stream each is folded once, and memory holds no more of a long log than of a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from workflow.projections.rows.generations import Generation, StreamProgress, names_heeded
from workflow.projections.running.gathering import Gathering
from workflow.store.recorded import Recorded
from workflow.store.recorder import EventRow

FETCHED = 4_000
"""Events that are read together where they are folded elsewhere, or few are heeded: each page costs some requests."""

WORTH_STREAMS = 50_000
"""Events from which on a rebuild goes stream by stream, from its beginning."""

T = TypeVar("T")


class Stored(Protocol):
    """The log as it lies there."""

    @property
    def elsewhere(self) -> bool:
        """Whether another process finds what is asked for: while it does, this one can do something else."""
        ...

    def page(self, after: int, limit: int, names: Collection[str] | None) -> tuple[Sequence[EventRow], int]:
        """Events behind a position, those of some names alone where given; up to where there are no others."""
        ...

    def streams(
        self, behind: str, positions: tuple[int, int], limit: int, names: Collection[str] | None
    ) -> tuple[Sequence[EventRow], str | None]:
        """Whole streams behind one, with about so many events between two positions; the last, None at the end."""
        ...

    def decode(self, rows: Sequence[EventRow]) -> Sequence[Recorded]:
        """The events that these are."""
        ...


class Refolding:
    """Folds what is ``stored`` for a rebuild, ``at_once`` events at a time at most where these are decoded here."""

    def __init__(self, stored: Stored, gathering: Gathering, page: int, at_once: int) -> None:
        self._stored = stored
        self._gathering = gathering
        self._page = page
        self._at_once = at_once
        self._ahead = _Ahead() if stored.elsewhere else None

    def fold(self, running: Sequence[Generation], end: int) -> tuple[int, bool]:
        """Fold some events of these, none behind the position ``end``; how many, and whether it is time to write."""
        if end >= WORTH_STREAMS and (new := [one for one in running if self._gathering.untouched(one)]):
            self._gathering.go_by_streams(new, end)
        progress = {one: self._gathering.stream_progress(one) for one in running}
        if first := next(filter(None, progress.values()), None):
            return self._by_streams([one for one in running if progress[one] == first], first)
        return self._by_position(running, end)

    def close(self) -> None:
        """Read no more ahead."""
        if self._ahead is not None:
            self._ahead.close()

    def _by_position(self, running: Sequence[Generation], end: int) -> tuple[int, bool]:
        after, names = self._reached(running), names_heeded(running)
        aside = self._gathering.aside(running, end - after)
        limit = self._limit(aside, names)
        rows, reached = self._get(self._stored.page, after, limit, names)
        if reached > end:
            rows, reached = [row for row in rows if row[0] <= end], end
        if reached <= after:
            return 0, False
        if reached < end and self._ahead is not None:
            self._ahead.begin(self._stored.page, reached, limit, names)
        if aside:
            return reached - after, self._gathering.fold_aside(running, rows, reached)
        return reached - after, self._gathering.fold(running, self._stored.decode(rows), reached)

    def _by_streams(self, running: Sequence[Generation], at: StreamProgress) -> tuple[int, bool]:
        begun, names = min(one.position for one in running), names_heeded(running)
        aside = self._gathering.aside(running, at.until - at.estimated(begun))
        positions, limit = (begun, at.until), self._limit(aside, names)
        rows, last = self._get(self._stored.streams, at.after, positions, limit, names)
        reached, ended = StreamProgress(at.until, last or at.after), last is None
        if not ended and self._ahead is not None:
            self._ahead.begin(self._stored.streams, reached.after, positions, limit, names)
        gathering, number = self._gathering, max(1, len(rows))  # that these were the last is something, too
        if aside:
            return number, gathering.fold_streams_aside(running, rows, reached, last=ended)
        return number, gathering.fold_streams(running, self._stored.decode(rows), reached, last=ended)

    def _get(self, read: Callable[..., T], *arguments: object) -> T:
        return read(*arguments) if self._ahead is None else self._ahead.get(read, *arguments)

    def _reached(self, running: Sequence[Generation]) -> int:
        return min(map(self._gathering.reached, running))

    def _limit(self, aside: bool, names: Collection[str] | None) -> int:
        return min(self._page, FETCHED) if aside or names is not None else self._at_once


class _Ahead:
    """Reads the next page while the last one is folded: the database works meanwhile."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._asked: tuple[Any, ...] | None = None
        self._page: Future[Any] | None = None

    def begin(self, read: Callable[..., T], *arguments: object) -> None:
        """Begin to read what will be asked for next."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "reading-ahead")
        self._asked, self._page = (read, *arguments), self._thread.submit(read, *arguments)

    def get(self, read: Callable[..., T], *arguments: object) -> T:
        """What is asked for, read ahead or now."""
        asked, page = self._asked, self._page
        self._asked = self._page = None
        if page is not None and asked == (read, *arguments):
            found: T = page.result()
            return found
        return read(*arguments)

    def close(self) -> None:
        """End the thread, once it has read what it reads."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = self._asked = self._page = None
