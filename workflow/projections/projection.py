"""What a projection is, and how a page of events is folded into its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Table

from workflow.aggregates.events import EVENTS, Event
from workflow.projections.tables import Row
from workflow.store.recorded import Recorded

Document = list[Row]
"""All the rows that one projection keeps of one relationship."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A table and the fold that fills it.

    ``fold`` changes the document in place and is given only events of the ``kinds`` named; where none are, those
    that tell an agenda. The first column of the table's primary key is the relationship. ``canonical`` gives a
    row without what depends on when we learned of things, or None where the whole row does.
    """

    name: str
    table: Table
    kinds: frozenset[type[Event]] | None
    fold: Callable[[Document, Recorded], None]
    refine: Callable[[Row], Row | None] | None = None

    def canonical(self, row: Row) -> Row | None:
        """The row as the content hash sees it."""
        left_out = {
            column.name for column in self.table.columns if not column.info.get("canonical", True)
        } | {next(iter(self.table.primary_key)).name}
        if self.refine is not None:
            refined = self.refine(row)
            if refined is None:
                return None
            row = refined
        return {name: value for name, value in row.items() if name not in left_out}


ENTERING: frozenset[type[Event]] = frozenset(
    kind for kind in EVENTS.values() if "entered" in kind.model_fields
)
"""The kinds of events that may say which state was entered."""


class FoldFailed(Exception):
    """A fold raised: a bug, never the event's fault. Nothing after this event was folded."""

    def __init__(self, projection: str, recorded: Recorded, cause: Exception) -> None:
        super().__init__(f"{projection} at position {recorded.position}")
        self.position = recorded.position
        self.cause = (
            f"{type(cause).__name__}: {cause} (on {recorded.kind.name} of {recorded.stream}, "
            f"version {recorded.version})"
        )


def heeded(projection: Projection, page: Iterable[Recorded], after: int) -> list[Recorded]:
    """The events of a page that are new to the projection and matter to it.

    Positions only grow, so an event whose position is not beyond the last one was delivered before.
    """
    kinds = projection.kinds
    chosen = []
    for recorded in page:
        if recorded.position > after:
            after = recorded.position
            if recorded.agenda is not None if kinds is None else recorded.kind in kinds:
                chosen.append(recorded)
    return chosen


def fold(projection: Projection, events: Sequence[Recorded], documents: dict[UUID, Document]) -> None:
    """Fold events into the documents that they touch, in order."""
    step = projection.fold
    for recorded in events:
        try:
            step(documents[recorded.stream], recorded)
        except Exception as error:
            raise FoldFailed(projection.name, recorded, error) from error
