"""What generations have folded and not yet written: in this process, or in processes of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from workflow.places import whence
from workflow.projections.aside.aside import Aside, Broken, Load, Processes
from workflow.projections.projection import heeded
from workflow.projections.rows.folding import Folding
from workflow.projections.rows.generations import Folded, Generation, RunState, StreamProgress
from workflow.projections.tables import GenerationTable, Values
from workflow.store.recorded import Recorded
from workflow.store.recorder import EventRow

GATHERED = 400_000
"""Events after which a rebuild writes their rows: so many are soon folded again."""

TOUCHED = 12_500
"""Relationships whose rows a rebuild holds at most before it writes them: memory has room for so many, of any log."""

_log = logging.getLogger(__name__)


class Unwritten(NamedTuple):
    """What is to be written: of which generations, and what each comes to, worked out as it is asked for."""

    generations: Sequence[Generation]
    folded: Iterable[Folded]


class Gathering:
    """All that is folded and not yet written. ``load`` reads rows that are.

    ``processes`` fold for a rebuild that has far to go, one generation at a time in one way alone. Where they fail,
    what they had is folded again here, where it is told what it fails on.
    """

    def __init__(self, load: Load, processes: Processes | None) -> None:
        self._load = load
        self._processes = processes
        self._foldings: dict[Generation, Folding] = {}
        self._aside: Aside | None = None
        self._here = False

    def reached(self, generation: Generation) -> int:
        """The position up to which a generation is folded, be it in memory alone."""
        aside = self._aside  # others ask as well, while it may end
        if aside is not None and generation in aside.generations:
            return max(generation.position, aside.position)
        folding = self._foldings.get(generation)
        return generation.position if folding is None else folding.position

    def progress(self, generation: Generation) -> int:
        """The position that one has come to, for people to see: estimated where it goes stream by stream."""
        streams = self.stream_progress(generation)
        return self.reached(generation) if streams is None else streams.estimated(generation.position)

    def stream_progress(self, generation: Generation) -> StreamProgress | None:
        """How far one has come that goes stream by stream, be it in memory alone."""
        aside = self._aside
        if aside is not None and generation in aside.generations:
            return aside.stream_progress
        folding = self._foldings.get(generation)
        return generation.stream_progress if folding is None else folding.stream_progress

    def untouched(self, generation: Generation) -> bool:
        """Whether nothing is folded of one yet, in whichever order."""
        return self.reached(generation) == 0 and self.stream_progress(generation) is None

    # --- in this process

    def fold(self, generations: Sequence[Generation], page: Sequence[Recorded], end: int) -> bool:
        """Fold a page that ends at a position; whether it is time to write what has gathered in memory."""
        with self._all_or_none(generations) as foldings:
            for folding, events in zip(foldings, _heeded(foldings, page), strict=True):
                folding.fold(events, end, len(page))
        return self._full(foldings)

    def fold_streams(
        self,
        generations: Sequence[Generation],
        page: Sequence[Recorded],
        reached: StreamProgress,
        *,
        last: bool,
    ) -> bool:
        """Fold all that some streams have, the ``last`` where no others are left; whether it is time to write.

        In the end it is: from there on events of these streams come again, and their rows are to be read.
        """
        with self._all_or_none(generations) as foldings:
            for folding, events in zip(foldings, _heeded(foldings, page, by_streams=True), strict=True):
                folding.fold_streams(events, reached, len(page), last=last)
        return last or self._full(foldings)

    @contextmanager
    def _all_or_none(self, generations: Sequence[Generation]) -> Iterator[list[Folding]]:
        try:
            yield [self._folding(generation) for generation in generations]
        except BaseException:
            self.forget(generations)
            raise

    def _full(self, foldings: Iterable[Folding]) -> bool:
        return any(
            folding.failure is not None or folding.events >= GATHERED or folding.touched >= TOUCHED
            for folding in foldings
        )

    def _folding(self, generation: Generation) -> Folding:
        folding = self._foldings.get(generation)
        if folding is None:
            folding = self._foldings[generation] = Folding(generation, self._rows(generation.layout))
        return folding

    def _rows(self, layout: GenerationTable) -> Callable[[Collection[str]], Iterable[Values]]:
        return lambda relationships: self._load(layout, relationships)

    # --- in processes of their own

    def aside(self, generations: Sequence[Generation], number: int) -> bool:
        """Whether processes of their own are to fold these, where so many events lie before them."""
        if self._aside is not None:
            if self._aside.generations == generations:
                return True
            self.end_aside()
        return (
            self._processes is not None
            and not self._here
            and self._processes.pay(len(generations), number)
            and not any(generation in self._foldings for generation in generations)
        )

    def fold_aside(self, generations: Sequence[Generation], page: Sequence[EventRow], end: int) -> bool:
        """Have them fold a page that ends at a position; whether it is time to write what has gathered there."""
        return self._send(generations, lambda aside: aside.fold(page, end))

    def fold_streams_aside(
        self,
        generations: Sequence[Generation],
        page: Sequence[EventRow],
        reached: StreamProgress,
        *,
        last: bool,
    ) -> bool:
        """Have them fold all that some streams have, as ``fold_streams`` does."""
        return self._send(generations, lambda aside: aside.fold_streams(page, reached, last=last)) or last

    def _send(self, generations: Sequence[Generation], fold: Callable[[Aside], None]) -> bool:
        try:
            if self._aside is None:
                assert self._processes is not None
                self._aside = self._processes.begin(generations, self._load)
            fold(self._aside)
        except Broken as error:
            self.fold_here(error)
            return False
        except BaseException:
            self.end_aside()
            raise
        return self._aside.events >= GATHERED or self._aside.touched >= TOUCHED

    def fold_here(self, error: Broken) -> None:
        """Fold without them, from what is written on, until another rebuild is begun."""
        _log.warning("a rebuild goes on in the process of the service alone: %s (%s)", error, whence(error))
        self.end_aside()
        self._here = True

    def end_aside(self) -> None:
        """End the processes, and forget what they had."""
        if self._aside is not None:
            self._aside.close()
            self._aside = None

    # --- to be written

    def begin(self) -> None:
        """Another rebuild is begun."""
        self._here = False

    def take(self, generations: Collection[Generation]) -> Unwritten:
        """What these have come to, and all that are folded aside where one of them is; memory lets go of it."""
        aside = self._aside
        if aside is not None and not set(generations).isdisjoint(aside.generations):
            return Unwritten(aside.generations, aside.folded() if aside.moved else ())
        found = [self._foldings.pop(one) for one in generations if one in self._foldings]
        return Unwritten([folding.generation for folding in found], _folded(found))

    def written(self) -> None:
        """What was taken is written: who folds aside goes on with those that are still rebuilt."""
        if self._aside is not None:
            left = [one for one in self._aside.generations if not one.live and one.state is RunState.RUNNING]
            if left:
                self._aside.go_on(left)
            else:
                self.end_aside()

    def go_by_streams(self, generations: Iterable[Generation], until: int) -> None:
        """Have these, of which nothing is folded yet, folded stream by stream up to a position."""
        for generation in generations:
            generation.stream_progress = StreamProgress(until)

    def forget(self, generations: Iterable[Generation]) -> None:
        """Let go of what these have come to: it is folded again."""
        for generation in generations:
            self._foldings.pop(generation, None)
            if self._aside is not None and generation in self._aside.generations:
                self.end_aside()

    def clear(self) -> None:
        """Let go of everything."""
        self._foldings.clear()
        self.end_aside()


def _heeded(
    foldings: Sequence[Folding], page: Sequence[Recorded], *, by_streams: bool = False
) -> list[list[Recorded]]:
    positions = [folding.position for folding in foldings]
    projections = [folding.generation.projection for folding in foldings]
    return heeded(projections, page, positions, by_streams=by_streams)


def _folded(foldings: list[Folding]) -> Iterator[Folded]:
    """What each comes to, gone from memory once it is written."""
    while foldings:
        yield foldings.pop().folded()
