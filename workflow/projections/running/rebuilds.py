"""Rebuilds that were asked for, and what they came to."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the rebuild of one projection came to.

    ``differences`` counts rows that differed from those that served; None where these stood at another
    position, or had other columns. ``failure`` is what the fold raised: then the old rows serve on.
    """

    name: str
    generation: int
    position: int
    differences: int | None
    failure: str | None = None


@dataclass(slots=True, eq=False)
class _Asked:
    left: set[str]
    rebuilt: list[Rebuilt]
    future: Future[list[Rebuilt]]
    begun: bool = False


class Rebuilds:
    """Who waits for which rebuild. Asked from any thread; begun and ended by the runner's."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: list[_Asked] = []

    def ask(self, names: frozenset[str]) -> Future[list[Rebuilt]]:
        """A future of what becomes of them all."""
        asked = _Asked(set(names), [], Future())
        with self._lock:
            self._asked.append(asked)
        return asked.future

    def to_begin(self) -> frozenset[str]:
        """The names asked for since the last time."""
        with self._lock:
            fresh = [asked for asked in self._asked if not asked.begun]
            for asked in fresh:
                asked.begun = True
            return frozenset(name for asked in fresh for name in asked.left)

    def begin_again(self) -> None:
        """It is not known which were begun."""
        with self._lock:
            for asked in self._asked:
                asked.begun = False

    def give_up(self, error: Exception) -> None:
        """None of them will come to an end here."""
        with self._lock:
            asked, self._asked = self._asked, []
        for one in asked:
            if one.future.set_running_or_notify_cancel():
                one.future.set_exception(error)

    def done(self, rebuilt: Rebuilt) -> None:
        """One of them has come to its end."""
        with self._lock:
            for asked in [asked for asked in self._asked if asked.begun and rebuilt.name in asked.left]:
                asked.left.remove(rebuilt.name)
                asked.rebuilt.append(rebuilt)
                if not asked.left:
                    self._asked.remove(asked)
                    if asked.future.set_running_or_notify_cancel():
                        asked.future.set_result(asked.rebuilt)
