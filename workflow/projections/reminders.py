"""Every reminder that was due: issued, or suppressed for a reason; and what followed it.

Whom it went to is told as a role: which of two mentees was reminded is nobody's figure. Of those to check in not even
that is told, for the party that got none has checked in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Index, Integer, String, Table, func, select

from workflow.aggregates.events import Event, ReminderIssued, ReminderKind, ReminderSuppressed
from workflow.aggregates.events.reminders import hidden_of
from workflow.projections.meetings import meetings
from workflow.projections.projection import Document, Projection
from workflow.projections.relationships import relationships
from workflow.projections.tables import NOT_CANONICAL, VIEWS, Instant, Row
from workflow.store.recorded import Recorded

reminders = Table(
    "reminders",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, info=NOT_CANONICAL),
    Column("kind", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("about", Instant, nullable=False),
    Column("step", Integer, nullable=False),
    Column("issued_at", Instant),
    Column("suppressed_at", Instant),
    Column("reason", String),
    Index("reminders_by_kind", "kind", "issued_at"),
    sqlite_with_rowid=False,
)

SOME_PARTY = "party"
"""The audience where a role would tell too much."""

# --- the fold --------------------------------------------------------------------------------------------

_KINDS: frozenset[type[Event]] = frozenset((ReminderIssued, ReminderSuppressed))


def _fold(document: Document, recorded: Recorded) -> None:
    event, issued = recorded.told, recorded.kind is ReminderIssued
    at = event.occurred_at
    document.append(
        {
            "relationship": recorded.stream_text,
            "number": len(document) + 1,
            "kind": event.kind,
            "audience": SOME_PARTY if "audience" in hidden_of(ReminderKind(event.kind)) else event.audience,
            "about": event.about,
            "step": event.step,
            "issued_at": at if issued else None,
            "suppressed_at": None if issued else at,
            "reason": None if issued else event.reason,
        }
    )


REMINDERS = Projection(
    "reminders",
    reminders,
    _KINDS,
    _fold,
    row="a reminder that was due",
    answers="how many were issued and suppressed; after how many a meeting was booked within 7 days",
)
"""A row a reminder, in the order in which they were told."""

# --- queries ---------------------------------------------------------------------------------------------

FOLLOWED_WITHIN = timedelta(days=7)
"""A meeting booked so soon after a reminder is taken to have followed it."""


def listing(
    connection: Connection, relationship: UUID, *, within: timedelta = FOLLOWED_WITHIN
) -> Sequence[Row]:
    """The reminders of one relationship, with ``followed``: whether a meeting was booked soon after."""
    query = (
        select(reminders, _followed(within).label("followed"))
        .where(reminders.c.relationship == str(relationship))
        .order_by(reminders.c.number)
    )
    return [
        {**row, "followed": row["issued_at"] is not None and bool(row["followed"])}
        for row in connection.execute(query).mappings()
    ]


def by_kind(
    connection: Connection, *, programme: str | None = None, within: timedelta = FOLLOWED_WITHIN
) -> Sequence[Row]:
    """For each kind and audience: how many were issued, suppressed and followed, in how many relationships.

    Followed are those issued ones after which a meeting of the same relationship was booked soon. That does not
    say that it came of them.
    """
    query = (
        select(
            reminders.c.kind,
            reminders.c.audience,
            func.count(reminders.c.issued_at).label("issued"),
            func.count(reminders.c.suppressed_at).label("suppressed"),
            func.count(reminders.c.issued_at).filter(_followed(within)).label("followed"),
            func.count(reminders.c.relationship.distinct()).label("relationships"),
        )
        .group_by(reminders.c.kind, reminders.c.audience)
        .order_by(reminders.c.kind, reminders.c.audience)
    )
    if programme is not None:
        query = query.join(relationships, relationships.c.id == reminders.c.relationship).where(
            relationships.c.programme == programme
        )
    return [dict(row) for row in connection.execute(query).mappings()]


def _followed(within: timedelta) -> ColumnElement[bool]:
    """Whether a meeting was booked in the time after; both ends belong to it. Told to the millisecond."""
    days = func.julianday(meetings.c.booked_at) - func.julianday(reminders.c.issued_at)
    return (
        select(meetings.c.relationship)
        .where(
            meetings.c.relationship == reminders.c.relationship,
            meetings.c.booked_at >= reminders.c.issued_at,
            func.round(days * _MILLISECONDS) <= within.total_seconds() * 1_000,
        )
        .correlate(reminders)
        .exists()
    )


_MILLISECONDS = 86_400_000.0
"""Those of a day."""
