"""What one generation has folded and not yet written: its rows in memory, by relationship.

Rows are read from the file when an event first touches their relationship, and what has changed is written once,
whether one page was folded meanwhile or many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from workflow.projections.generations import Folded, Generation
from workflow.projections.projection import Document, FoldFailed, fold
from workflow.store.recorded import Recorded

Kept = Iterable[tuple[Any, ...]]
"""Rows as they are stored, by column."""


class Folding:
    """The rows of the relationships that events have touched, and the ``position`` that they are of."""

    __slots__ = ("_before", "_documents", "_load", "events", "failure", "generation", "position")

    def __init__(self, generation: Generation, load: Callable[[Iterable[str]], Kept]) -> None:
        self.generation = generation
        self.position = generation.position
        self.events = 0
        """How many events were looked at."""
        self.failure: FoldFailed | None = None
        self._load = load
        self._forget()

    def fold(self, events: Sequence[Recorded], end: int, number: int) -> None:
        """Fold what a page of so many events, up to the position ``end``, has for this projection.

        Where a fold raises, all is folded up to the event before, if these events are the first; else what is in
        memory is given up, for there is no way back in it.
        """
        if self.failure is not None:
            return
        while True:
            self._fetch(events)
            try:
                fold(self.generation.projection, events, self._documents)
                break
            except FoldFailed as failure:
                self._forget()
                self.failure, end = failure, failure.position - 1
                if self.events:
                    self.position = self.generation.position
                    return
                events = [recorded for recorded in events if recorded.position <= end]
        self.position = max(self.position, end)
        self.events += number

    def folded(self) -> Folded:
        """What is to be written. A document may have many rows, and an event mostly touches one of them."""
        layout, kept = self.generation.layout, self.generation.projection.kept
        before, upserts = self._before, []
        for stream in sorted(self._documents):
            for row in self._documents[stream]:
                values = layout.values(kept(row))
                if not before or before.pop(layout.identity(values), None) != values:
                    upserts.append(values)
        return Folded(self.generation, self.position, upserts, sorted(before), self.failure)

    def _forget(self) -> None:
        self._documents: dict[int, Document] = {}
        self._before: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def _fetch(self, events: Iterable[Recorded]) -> None:
        known, new = self._documents, []
        for recorded in events:
            stream = recorded.stream
            if stream.int not in known:
                known[stream.int] = []
                new.append(stream)
        if not new or not self.generation.position:
            return  # a generation at its beginning has no rows
        layout, before = self.generation.layout, self._before
        documents = {str(stream): known[stream.int] for stream in new}
        for values in self._load(sorted(documents)):
            identity = layout.identity(values)
            before[identity] = values
            documents[identity[0]].append(layout.row(values))
