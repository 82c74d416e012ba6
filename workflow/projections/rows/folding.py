"""What one generation has folded and not yet written: its rows in memory, by relationship.

Rows are read when an event first touches their relationship, and what has changed is written once, whether one page
was folded meanwhile or many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from workflow.projections.projection import Document, FoldFailed, fold
from workflow.projections.rows.generations import Folded, Generation, StreamProgress
from workflow.projections.tables import Values
from workflow.store.recorded import Recorded


class Folding:
    """The rows of the relationships that events have touched, and the ``position`` that they are of."""

    __slots__ = (
        "_before",
        "_documents",
        "_failing",
        "_load",
        "events",
        "failure",
        "generation",
        "position",
        "stream_progress",
    )

    def __init__(self, generation: Generation, load: Callable[[Sequence[str]], Iterable[Values]]) -> None:
        self.generation = generation
        self.position = generation.position
        self.stream_progress = generation.stream_progress
        self.events = 0
        """How many events were looked at."""
        self.failure: FoldFailed | None = None
        """What the fold raised, once all before it is folded."""
        self._failing: FoldFailed | None = None
        self._load = load
        self._forget()

    @property
    def touched(self) -> int:
        """Of how many relationships it holds the rows."""
        return len(self._documents)

    @property
    def raised(self) -> bool:
        """Whether its fold has raised, be it that all before that event is yet to be folded again."""
        return self._failing is not None

    def fold(self, events: Sequence[Recorded], end: int, number: int) -> None:
        """Fold what a page of so many events, up to the position ``end``, has for this projection.

        Where a fold raises, there is no way back in memory: all since the last writing is given up and asked for
        again, and folded up to the event before.
        """
        if self.failure is not None:
            return
        while True:
            failing = self._failing
            if failing is not None and failing.position is not None and failing.position <= end:
                end = failing.position - 1
                events = [recorded for recorded in events if recorded.position <= end]
                self.failure = failing
            self._fetch(events)
            try:
                fold(self.generation.projection, events, self._documents)
                break
            except FoldFailed as failure:
                self._forget()
                self._failing, self.failure = failure, None
                if self.events:
                    self.position, self.events = self.generation.position, 0
                    return
        self.position = max(self.position, end)
        self.events += number

    def fold_streams(
        self, events: Sequence[Recorded], reached: StreamProgress, number: int, *, last: bool
    ) -> None:
        """Fold what a page of so many events has for this projection, which are all that some streams have.

        They are the ``last`` where no others are left. Where a fold raises, nothing of what is in memory is kept.
        """
        if self.failure is not None:
            return
        self._fetch(events)
        try:
            fold(self.generation.projection, events, self._documents)
        except FoldFailed as failure:
            self._forget()
            self.stream_progress = self.generation.stream_progress
            self._failing = self.failure = failure
            return
        self.events += number
        self.position, self.stream_progress = (
            (max(self.position, reached.until), None) if last else (self.position, reached)
        )

    def folded(self) -> Folded:
        """What is to be written. A document may have many rows, and an event mostly touches one of them.

        Where a row cannot be kept, nothing is.
        """
        layout, kept = self.generation.layout, self.generation.projection.kept
        before, upserts, stream = self._before, [], ""
        try:
            for stream in sorted(self._documents):
                for row in self._documents[stream]:
                    values = layout.values(kept(row))
                    if not before or before.pop(layout.identity(values), None) != values:
                        upserts.append(values)
        except Exception as error:  # noqa: BLE001 a bug like one in the fold, whatever it raises
            failure = FoldFailed(self.generation.name, None, f"on a row of {stream}", error)
            known = self.generation
            return Folded(known, known.position, [], [], failure, known.stream_progress)
        return Folded(
            self.generation, self.position, upserts, sorted(before), self.failure, self.stream_progress
        )

    def _forget(self) -> None:
        self._documents: defaultdict[str, Document] = defaultdict(list)
        self._before: dict[Values, Values] = {}

    def _fetch(self, events: Iterable[Recorded]) -> None:
        if not self.generation.position:
            return  # a generation at its beginning has no rows
        known, documents = self._documents, {}
        for recorded in events:
            if recorded.stream_text not in known:
                documents[recorded.stream_text] = known[recorded.stream_text]
        layout, before = self.generation.layout, self._before
        for values in self._load(sorted(documents)) if documents else ():
            identity = layout.identity(values)
            before[identity] = values
            documents[identity[0]].append(layout.row(values))
