"""What a projection is, and how a page of events is folded into its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Table

from workflow.aggregates.events import EVENTS, Event
from workflow.projections.tables import Row, shape
from workflow.store.recorded import Recorded

Document = list[Row]
"""All the rows that one projection keeps of one relationship."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A table and the fold that fills it.

    ``fold`` changes the document in place and is given only events of the ``kinds`` named; where none are, those
    that tell an agenda. The first column of the table's primary key is the relationship. ``keep`` gives a row as the
    table keeps it, where the fold works on something else. ``canonical`` gives a row without what depends on when
    we learned of things, or None where the whole row does.
    """

    name: str
    table: Table
    kinds: frozenset[type[Event]] | None
    fold: Callable[[Document, Recorded], None]
    refine: Callable[[Row], Row | None] | None = None
    keep: Callable[[Row], Row] | None = None
    row: str = ""
    """What a row of it is, in words."""
    answers: str = ""
    """What it is asked, in words."""

    def kept(self, row: Row) -> Row:
        """The row as the table keeps it."""
        return row if self.keep is None else self.keep(row)

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
    """A fold raised: a bug, never the event's fault. Nothing after this event was folded.

    ``position`` is the event's; None where it was not an event but the row kept in the end that it stopped on.
    """

    def __init__(self, projection: str, position: int | None, where: str, cause: Exception) -> None:
        self.position = position
        self.cause = f"{type(cause).__name__}: {cause} ({where})"
        super().__init__(f"{projection} {where}")


def heeded(
    projections: Sequence[Projection],
    page: Iterable[Recorded],
    after: Sequence[int],
    *,
    by_streams: bool = False,
) -> list[list[Recorded]]:
    """For each projection the events of a page that matter to it and lie beyond its position.

    The page is gone through once for all. Positions only grow: an event told twice is heeded once. But not where it
    goes ``by_streams``: there each event is told once.
    """
    chosen: list[list[Recorded]] = [[] for _ in projections]
    by_agenda = [into for into, one in zip(chosen, projections, strict=True) if one.kinds is None]
    by_kind: dict[type[Event], list[list[Recorded]]] = {}
    last = least = min(after, default=0)
    for recorded in page:
        if recorded.position <= last:
            continue
        if not by_streams:
            last = recorded.position
        into = by_kind.get(recorded.kind)
        if into is None:
            into = by_kind[recorded.kind] = [
                into
                for into, one in zip(chosen, projections, strict=True)
                if one.kinds is not None and recorded.kind in one.kinds
            ]
        for events in into:
            events.append(recorded)
        if by_agenda and recorded.agenda is not None:
            for events in by_agenda:
                events.append(recorded)
    return [
        events
        if not events or own == least or (not by_streams and events[0].position > own)
        else [one for one in events if one.position > own]
        for events, own in zip(chosen, after, strict=True)
    ]


def fold(projection: Projection, events: Sequence[Recorded], documents: Mapping[str, Document]) -> None:
    """Fold events into the documents that they touch, in order. These go by their stream as text."""
    step = projection.fold
    for recorded in events:
        try:
            step(documents[recorded.stream_text], recorded)
        except Exception as error:
            where = f"on {recorded.kind.name} of {recorded.stream_text}, version {recorded.version}"
            raise FoldFailed(projection.name, recorded.position, where, error) from error


def of_other_columns(projections: Iterable[Projection], shapes: Mapping[str, str]) -> list[str]:
    """Those whose rows were folded into other columns than they have now, by the shapes that are kept with them."""
    return sorted(
        one.name for one in projections if one.name in shapes and shapes[one.name] != shape(one.table)
    )
