"""Folds a share of the relationships: a process that is given events until its standard input ends.

It has no key, no connection and no file: events come as they are stored, with what is sealed in them sealed, and rows
go back as they are kept.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import IO

from workflow.projections.aside.wire import Begin, Page, get, put
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.projection import Projection, heeded
from workflow.projections.rows.folding import Folding
from workflow.projections.rows.generations import Generation, StreamProgress
from workflow.projections.tables import Values, generation_table
from workflow.store.mapper import Decoder

_ROWS = 5_000
"""Rows that are told together: memory has them but once in that form."""

_SOMEWHERE = StreamProgress(0)
"""How far it has come is known to whoever sends the events."""


class Share:
    """What one process has folded and not yet told."""

    def __init__(self, begun: Iterable[Begin], projections: Sequence[Projection] = PROJECTIONS) -> None:
        named = {projection.name: projection for projection in projections}
        self._kept: dict[str, dict[str, list[Values]]] = {}
        begun = list(begun)
        self._by_streams = any(one.by_streams for one in begun)
        self._foldings = [self._folding(named[one.name], one.number, one.position) for one in begun]
        self._projections = [folding.generation.projection for folding in self._foldings]

    def fold(self, decoder: Decoder, page: Page) -> None:
        """Fold a page."""
        for name, rows in page.kept.items():
            kept = self._kept[name]
            for values in rows:
                kept.setdefault(values[0], []).append(values)
        events = decoder.decoded(page.events)
        positions = [folding.position for folding in self._foldings]
        chosen = heeded(self._projections, events, positions, by_streams=self._by_streams)
        for folding, own in zip(self._foldings, chosen, strict=True):
            if self._by_streams:
                folding.fold_streams(own, _SOMEWHERE, len(events), last=False)
            else:
                folding.fold(own, events[-1].position, len(events))

    def answers(self) -> Iterator[list[Values] | tuple[list[Values], bool]]:
        """What each generation comes to: rows to be written, some at a time, and the rest. It is forgotten."""
        self._foldings.reverse()
        while self._foldings:
            folding = self._foldings.pop()
            folded = folding.folded()
            for first in range(0, len(folded.upserts), _ROWS):
                yield folded.upserts[first : first + _ROWS]
            yield folded.removals, folding.raised or folded.failure is not None

    def _folding(self, projection: Projection, number: int, position: int) -> Folding:
        layout = generation_table(projection.table, number)
        generation = Generation(projection, layout, number, live=False, position=position)
        kept = self._kept[projection.name] = {}

        def load(relationships: Collection[str]) -> Iterable[Values]:
            return (values for one in relationships for values in kept.pop(one, ()))

        return Folding(generation, load)


def serve(asked: IO[bytes], answered: IO[bytes]) -> None:
    """Do what is asked: a list begins, a page is folded, None asks what it has come to."""
    decoder, share = Decoder(), Share(())
    while True:
        try:
            said = get(asked)
        except EOFError:
            return
        if said is None:
            for answer in share.answers():
                put(answered, answer)
            share = Share(())
        elif isinstance(said, list):
            share = Share(Begin(*one) for one in said)
        else:
            share.fold(decoder, Page(*said))


def main() -> None:
    """Be a process of its own."""
    asked, answered = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # what an exception says may hold what was recorded
        os.dup2(nothing, standard)
    gc.disable()  # nothing that is folded refers back, and looking for it took a fifth of the time
    serve(asked, answered)


if __name__ == "__main__":
    main()
