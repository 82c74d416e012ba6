"""What is due, and when: the questions that the clock will have to put to each relationship."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, Index, String, Table, func, select

from workflow.aggregates.events import DueKind
from workflow.projections.projection import Document, Projection
from workflow.projections.tables import NOT_CANONICAL, VIEWS, Instant, compact
from workflow.store.instants import stored_text
from workflow.store.recorded import Recorded

agenda = Table(
    "agenda",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("due", Instant, nullable=False),
    Column("known_at", Instant, nullable=False, info=NOT_CANONICAL),
    Column("effective", Instant, nullable=False, info=NOT_CANONICAL),
    Index("agenda_by_time", "effective", "relationship"),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------


def _fold(entries: Document, recorded: Recorded) -> None:
    """An event that tells dues tells them all. One told again unchanged was known since it was first told.

    The clock brings others about while it asks: they are known as of when it asked, not since it came to do so.
    """
    told = recorded.agenda
    assert told is not None  # else it is none of this projection's events
    known = {entry["kind"]: entry for entry in entries}
    relationship, known_at = recorded.stream_text, stored_text(told.known_at)
    entries.clear()
    for kind, instant in told.dues.items():
        due = stored_text(instant)
        if kind in known and known[kind]["due"] == due:
            entries.append(known[kind])
        else:
            entries.append(
                {
                    "relationship": relationship,
                    "kind": kind,
                    "due": due,
                    "known_at": known_at,
                    "effective": due if due > known_at else known_at,
                }
            )


AGENDA = Projection(
    "agenda",
    agenda,
    None,
    _fold,
    row="a due",
    answers="what the clock asks next",
)
"""A row a due. ``effective`` is when the clock asks: never before the fact behind the due was known."""

# --- queries ---------------------------------------------------------------------------------------------


class Due(NamedTuple):
    """One question to be put."""

    relationship: UUID
    kind: DueKind
    due: datetime
    effective: datetime


def due_until(
    connection: Connection, until: datetime, limit: int = 1_000, without: Collection[UUID] = ()
) -> Sequence[Due]:
    """What the clock has to ask up to and at an instant, in (effective due, relationship) order.

    What relationships have to be asked that it is to do ``without`` is passed over.
    """
    return _dues(connection, until=until, without=without, limit=limit)


def listing(connection: Connection, *, relationship: UUID | None = None, limit: int = 100) -> Sequence[Due]:
    """What comes next, of all relationships or of one."""
    return _dues(connection, relationship=relationship, limit=limit)


def _dues(
    connection: Connection,
    *,
    until: datetime | None = None,
    without: Collection[UUID] = (),
    relationship: UUID | None = None,
    limit: int,
) -> Sequence[Due]:
    query = select(agenda.c.relationship, agenda.c.kind, agenda.c.due, agenda.c.effective)
    if until is not None:
        query = query.where(agenda.c.effective <= until)
    if without:
        passed_over = func.json_each(compact([str(one) for one in without])).table_valued("value")
        query = query.where(agenda.c.relationship.not_in(select(passed_over.c.value)))
    if relationship is not None:
        query = query.where(agenda.c.relationship == str(relationship))
    query = query.order_by(agenda.c.effective, agenda.c.relationship, agenda.c.due, agenda.c.kind).limit(
        limit
    )
    return [
        Due(UUID(relationship), DueKind(kind), due, effective)
        for relationship, kind, due, effective in connection.execute(query)
    ]
