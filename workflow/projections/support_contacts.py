"""The coordinator's contacts with each pair. When the next one is due stands in the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Connection, Index, Integer, String, Table, select

from workflow.aggregates.events import Event, SupportContactMade
from workflow.projections.projection import Document, Projection
from workflow.projections.tables import NOT_CANONICAL, VIEWS, Instant, Row
from workflow.store.recorded import Recorded

support_contacts = Table(
    "support_contacts",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, info=NOT_CANONICAL),
    Column("made_at", Instant, nullable=False),
    Index("support_contacts_by_time", "made_at"),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------

_KINDS: frozenset[type[Event]] = frozenset({SupportContactMade})


def _fold(document: Document, recorded: Recorded) -> None:
    document.append(
        {
            "relationship": recorded.stream_text,
            "number": len(document) + 1,
            "made_at": recorded.told.occurred_at,
        }
    )


SUPPORT_CONTACTS = Projection(
    "support_contacts",
    support_contacts,
    _KINDS,
    _fold,
    row="a contact",
    answers="when each was made, and how many; the next is in the agenda",
)
"""A row a contact, in the order in which they were told."""

# --- queries ---------------------------------------------------------------------------------------------


def listing(connection: Connection, relationship: UUID) -> Sequence[Row]:
    """The contacts with one pair, by when they were made."""
    query = (
        select(support_contacts)
        .where(support_contacts.c.relationship == str(relationship))
        .order_by(support_contacts.c.made_at, support_contacts.c.number)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
