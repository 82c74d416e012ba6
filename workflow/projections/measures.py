"""Measures that pairs wrote down in fresh looks: whose, by when, and what became of them. What they say is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Index, String, Table, and_, func, select

from workflow.aggregates.events import (
    Event,
    FreshLookHeld,
    MeasureCompleted,
    MeasureDropped,
    PartyLeft,
    RelationshipOpened,
)
from workflow.aggregates.moves import Move, State
from workflow.projections.journey import journey
from workflow.projections.parties import roles
from workflow.projections.projection import Document, Projection
from workflow.projections.relationships import relationships
from workflow.projections.tables import (
    JSON_TEXT,
    NOT_CANONICAL,
    VIEWS,
    Instant,
    Row,
    numbers,
    shown,
)
from workflow.store.instants import stored_text
from workflow.store.recorded import Recorded


class MeasureStatus(StrEnum):
    """What has become of a measure."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


measures = Table(
    "measures",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("measure", String(36), primary_key=True, info=NOT_CANONICAL),
    Column("looked_at", Instant),
    Column("by_when", Instant),
    Column("role", String),
    Column("status", String, nullable=False),
    Column("settled_at", Instant),
    Column("facts", JSON_TEXT, nullable=False, info=NOT_CANONICAL),
    Index("measures_by_status", "status", "by_when"),
    info=shown("measure <> ''"),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------

_KINDS: frozenset[type[Event]] = frozenset(
    {RelationshipOpened, PartyLeft, FreshLookHeld, MeasureCompleted, MeasureDropped}
)


_AT_FIRST: Row = dict.fromkeys(measures.columns.keys())


def _fold(document: Document, recorded: Recorded) -> None:
    event, kind = recorded.told, recorded.kind
    if kind is RelationshipOpened:
        document[:] = [_row(recorded.stream_text, "", {"left": {}, "roles": roles(event)})]
        return
    first, *known = document
    if kind is FreshLookHeld:
        ids = {row["measure"] for row in known}
        new = [measure for measure in event.measures if measure["measure"] not in ids]
        document += [_written(first, event.occurred_at, measure) for measure in new]
    elif kind is PartyLeft:
        left = {**first["facts"]["left"], event.party: event.occurred_at}
        first["facts"]["left"] = dict(sorted(left.items()))
        for row in known:
            _settle(row, first)
    else:
        for row in known:
            if row["measure"] == event.measure:
                _note(row, kind, event)
                _settle(row, first)


def _row(relationship: str, measure: str, facts: dict[str, Any]) -> Row:
    return {
        **_AT_FIRST,
        "relationship": relationship,
        "measure": measure,
        "status": MeasureStatus.OPEN.value,
        "facts": facts,
    }


def _written(first: Row, at: str, measure: Row) -> Row:
    return {
        **_row(first["relationship"], measure["measure"], {"done_at": None, "dropped": {}}),
        "looked_at": at,
        "by_when": stored_text(measure["by_when"]),
        "role": first["facts"]["roles"].get(measure["who"]),
    }


def _note(row: Row, kind: type[Event], event: Any) -> None:
    facts, at = row["facts"], event.occurred_at
    if kind is MeasureCompleted:
        facts["done_at"] = at
    else:
        facts["dropped"] = dict(sorted({**facts["dropped"], event.party: at}.items()))


def _settle(row: Row, first: Row) -> None:
    """Done, or dropped by every party that is still there, whichever came first.

    Where the last party to hold on to it left instead, that was when it was dropped.
    """
    facts, left = row["facts"], first["facts"]["left"]
    staying = first["facts"]["roles"].keys() - left.keys()
    dropped = [facts["dropped"].get(party) for party in staying]
    gone = [at for party, at in left.items() if party not in facts["dropped"]]
    found = []
    if facts["done_at"] is not None:
        found.append((facts["done_at"], MeasureStatus.DONE.value))
    if all(at is not None for at in dropped):
        found.append((max([*dropped, *gone]), MeasureStatus.DROPPED.value))
    row["settled_at"], row["status"] = min(found, default=(None, MeasureStatus.OPEN.value))


def _refine(row: Row) -> Row | None:
    return row if row["measure"] else None


MEASURES = Projection(
    "measures",
    measures,
    _KINDS,
    _fold,
    _refine,
    row="a measure of a fresh look",
    answers="whose it is, by when; after which measures pairs come back from stagnation",
)
"""A row a measure; ``role`` is that of the party who took it on. A row without an id remembers the parties, and is
in no view."""

# --- queries ---------------------------------------------------------------------------------------------

_ANSWERS = tuple(column for column in measures.columns if column.name != "facts")


def listing(connection: Connection, relationship: UUID) -> Sequence[Row]:
    """The measures of one relationship, those of one fresh look by their date."""
    query = (
        select(*_ANSWERS)
        .where(measures.c.relationship == str(relationship))
        .order_by(measures.c.looked_at, measures.c.by_when, measures.c.measure)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def count_by_status(connection: Connection, *, programme: str | None = None) -> dict[str, int]:
    """How many measures are open, done and dropped."""
    counted = select(measures.c.status, func.count()).group_by(measures.c.status)
    if programme is not None:
        counted = counted.join(relationships, relationships.c.id == measures.c.relationship).where(
            relationships.c.programme == programme
        )
    return numbers(connection.execute(counted), MeasureStatus)


def before_returns(connection: Connection, *, programme: str | None = None) -> Sequence[Row]:
    """How often relationships came back from stagnation, by how many measures were settled during it.

    ``done`` and ``dropped`` are those of one stagnation; ``returns`` how many came back after so many.
    """
    stay, back = journey.alias("stay"), journey.alias("back")
    spells = (
        select(stay.c.relationship, stay.c.number, *_settled(stay.c.entered_at, stay.c.left_at))
        .join(
            back,
            and_(
                back.c.relationship == stay.c.relationship,
                back.c.entered_at == stay.c.left_at,
                back.c.move == Move.REINVIGORATE.value,
                ~back.c.withdrawn,
            ),
        )
        .outerjoin(measures, measures.c.relationship == stay.c.relationship)
        .where(stay.c.state == State.STAGNATION.value, ~stay.c.withdrawn)
        .group_by(stay.c.relationship, stay.c.number)
    )
    if programme is not None:
        spells = spells.join(relationships, relationships.c.id == stay.c.relationship).where(
            relationships.c.programme == programme
        )
    spell = spells.subquery()
    query = (
        select(spell.c.done, spell.c.dropped, func.count().label("returns"))
        .group_by(spell.c.done, spell.c.dropped)
        .order_by(spell.c.done, spell.c.dropped)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _settled(begin: Any, end: Any) -> list[Any]:
    during = measures.c.settled_at.between(begin, end)
    return [
        func.count().filter(and_(during, measures.c.status == status.value)).label(status.value)
        for status in (MeasureStatus.DONE, MeasureStatus.DROPPED)
    ]
