"""What became of each meeting: the rows, and what is asked of them. ``meetings_fold`` fills them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Double,
    Index,
    Integer,
    String,
    Table,
    and_,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from workflow.aggregates.meetings import Status
from workflow.aggregates.moves import State
from workflow.projections.policies import is_late
from workflow.projections.relationships import relationships
from workflow.projections.tables import JSON_TEXT, NOT_CANONICAL, READ_LATE, VIEWS, Instant, Row, shown

meetings = Table(
    "meetings",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("uid", String, primary_key=True),
    Column("recurrence_id", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("status", String, nullable=False),
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Column("booked_at", Instant, info=NOT_CANONICAL),
    Column("lead_seconds", Integer, info=NOT_CANONICAL),
    Column("cancelled_at", Instant),
    Column("notice_seconds", Integer),
    Column("cancelled_by", String),
    Column("missed_by", String),
    Column("contradicted_at", Instant),
    Column("entries", Integer, nullable=False),
    Column("registers", JSON_TEXT, nullable=False, info=READ_LATE),
    # What months are counted by is in the index: the rows are long, for the registers that they keep.
    Index(
        "meetings_by_start",
        "starts_at",
        "status",
        "relationship",
        "cancelled_at",
        "notice_seconds",
        "lead_seconds",
    ),
    info=shown("uid <> ''"),  # a calendar's UID has at least one character
    sqlite_with_rowid=False,
)

# --- queries -------------------------------------------------------------------------------------------

_ANSWERS = tuple(column for column in meetings.columns if column.name not in ("entries", "registers"))
COUNTS = and_(
    meetings.c.starts_at.is_not(None),
    or_(relationships.c.closed_at.is_(None), meetings.c.starts_at < relationships.c.closed_at),
)
"""Meetings that start at or after the closing count nowhere, nor do those whose start nobody told."""


def listing(connection: Connection, relationship: UUID) -> Sequence[Row]:
    """The meetings of one relationship by start; ``late``: called off so by the policy that was in force then.

    Those whose start nobody told come first.
    """
    query = (
        select(*_ANSWERS, _IS_LATE.label("late"))
        .join(relationships, relationships.c.id == meetings.c.relationship)
        .where(meetings.c.relationship == str(relationship))
        .order_by(meetings.c.starts_at.nulls_first(), meetings.c.uid, meetings.c.recurrence_id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def by_month(
    connection: Connection,
    *,
    programme: str | None = None,
    begin: date | None = None,
    end: date | None = None,
) -> Sequence[Row]:
    """For each month of their start (UTC): how many meetings stand as what, how many were called off late.

    ``lead_days`` is the mean time from the booking to the start, of those whose booking was told. Only those count
    that start on the days from ``begin`` to ``end`` (UTC), where these are given.
    """
    month = func.substr(meetings.c.starts_at, 1, 7).label("month")
    query = (
        select(
            month,
            *(
                func.count().filter(meetings.c.status == status.value).label(status.value)
                for status in _DATED
            ),
            func.count().filter(_IS_LATE).label("cancelled_late"),
            (func.avg(cast(meetings.c.lead_seconds, Double)) / 86_400.0).label("lead_days"),
        )
        .join(relationships, relationships.c.id == meetings.c.relationship)
        .where(COUNTS)
        .group_by(month)
        .order_by(month)
    )
    if programme is not None:
        query = query.where(relationships.c.programme == programme)
    if begin is not None:
        query = query.where(meetings.c.starts_at >= datetime.combine(begin, time(), UTC))
    if end is not None:
        query = query.where(meetings.c.starts_at < datetime.combine(end + timedelta(days=1), time(), UTC))
    return [dict(row) for row in connection.execute(query).mappings()]


def with_next_booked(
    connection: Connection, at: datetime, *, programme: str | None = None
) -> tuple[int, int]:
    """Of the relationships that are active: how many have a meeting booked after an instant, and how many are."""
    booked = (
        select(meetings.c.relationship)
        .where(meetings.c.relationship == relationships.c.id, meetings.c.starts_at > at)
        .where(meetings.c.status == Status.SCHEDULED.value)
        .exists()
    )
    query = select(func.count().filter(booked), func.count()).where(
        relationships.c.state == State.ACTIVE.value
    )
    if programme is not None:
        query = query.where(relationships.c.programme == programme)
    with_next, active = connection.execute(query).one()
    return with_next, active


_DATED = tuple(status for status in Status if status is not Status.UNKNOWN)


_IS_LATE: ColumnElement[bool] = literal_column(
    is_late("relationships.programme", "meetings.cancelled_at", "meetings.notice_seconds"), Boolean
)
