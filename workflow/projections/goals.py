"""Goals: when they were set, how far they have come, and how they ended. What they say is sealed and not here."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, Connection, Index, Integer, String, Table, func, select

from workflow.aggregates.events import Event, GoalAchieved, GoalDropped, GoalReviewed, GoalRevised, GoalSet
from workflow.aggregates.meetings import Status
from workflow.projections.meetings import COUNTS, meetings
from workflow.projections.projection import Document, Projection
from workflow.projections.relationships import relationships
from workflow.projections.tables import NOT_CANONICAL, VIEWS, Instant, Row, numbers
from workflow.store.recorded import Recorded


class GoalStatus(StrEnum):
    """What has become of a goal."""

    OPEN = "open"
    ACHIEVED = "achieved"
    DROPPED = "dropped"


goals = Table(
    "goals",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("goal", String(36), primary_key=True, info=NOT_CANONICAL),
    Column("set_at", Instant, nullable=False),
    Column("revisions", Integer, nullable=False),
    Column("reviews", Integer, nullable=False),
    Column("reviewed_at", Instant),
    Column("reached_percent", Integer),
    Column("status", String, nullable=False),
    Column("ended_at", Instant),
    Index("goals_by_time", "set_at"),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------

_ENDINGS: dict[type[Event], GoalStatus] = {
    GoalAchieved: GoalStatus.ACHIEVED,
    GoalDropped: GoalStatus.DROPPED,
}
_KINDS: frozenset[type[Event]] = frozenset({GoalSet, GoalReviewed, GoalRevised, *_ENDINGS})


def _fold(document: Document, recorded: Recorded) -> None:
    event, kind = recorded.told, recorded.kind
    goal, at = event.goal, event.occurred_at
    row = next((row for row in document if row["goal"] == goal), None)
    if kind is GoalSet:
        if row is None:
            document.append(_set(recorded.stream_text, goal, at))
    elif row is None:
        return
    elif kind is GoalReviewed:
        row["reviews"] += 1
        if at >= (row["reviewed_at"] or ""):  # one told later may be of an earlier day
            row["reviewed_at"], row["reached_percent"] = at, event.reached_percent
    elif kind is GoalRevised:
        row["revisions"] += 1
    else:
        row["status"], row["ended_at"] = _ENDINGS[kind].value, at


def _set(relationship: str, goal: str, at: str) -> Row:
    return {
        "relationship": relationship,
        "goal": goal,
        "set_at": at,
        "revisions": 0,
        "reviews": 0,
        "reviewed_at": None,
        "reached_percent": None,
        "status": GoalStatus.OPEN.value,
        "ended_at": None,
    }


GOALS = Projection(
    "goals",
    goals,
    _KINDS,
    _fold,
    row="a goal",
    answers="how far goals have come; how many pairs had one by their second meeting",
)
"""A row a goal. ``reached_percent`` is what the latest review said, by when that review took place."""

# --- queries ---------------------------------------------------------------------------------------------

_HELD_BEFORE = (
    select(func.count())
    .select_from(meetings.join(relationships, relationships.c.id == meetings.c.relationship))
    .where(
        meetings.c.relationship == goals.c.relationship,
        meetings.c.status == Status.HELD.value,
        meetings.c.ends_at <= goals.c.set_at,
        COUNTS,
    )
    .correlate(goals)
    .scalar_subquery()
)
"""Counted when it is asked for: a meeting may become known, or be corrected, long after the goal was set."""


def listing(connection: Connection, relationship: UUID) -> Sequence[Row]:
    """The goals of one relationship as they were set, with ``held_before``: the meetings held by then."""
    query = (
        select(goals, _HELD_BEFORE.label("held_before"))
        .where(goals.c.relationship == str(relationship))
        .order_by(goals.c.set_at, goals.c.goal)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def count_by_status(connection: Connection, *, programme: str | None = None) -> dict[str, int]:
    """How many goals are open, achieved and dropped."""
    counted = select(goals.c.status, func.count()).group_by(goals.c.status)
    if programme is not None:
        counted = counted.join(relationships, relationships.c.id == goals.c.relationship).where(
            relationships.c.programme == programme
        )
    return numbers(connection.execute(counted), GoalStatus)


def set_by_meeting(
    connection: Connection, number: int = 2, *, programme: str | None = None
) -> tuple[int, int]:
    """How many relationships had a goal by their so-manyeth held meeting, of how many that came so far.

    A goal set at that meeting's end or before it counts.
    """
    held = (
        select(
            meetings.c.relationship,
            meetings.c.ends_at,
            func.row_number()
            .over(partition_by=meetings.c.relationship, order_by=meetings.c.ends_at)
            .label("number"),
        )
        .join(relationships, relationships.c.id == meetings.c.relationship)
        .where(meetings.c.status == Status.HELD.value, COUNTS)
    )
    if programme is not None:
        held = held.where(relationships.c.programme == programme)
    reached = held.subquery()
    had_goal = (
        select(goals.c.goal)
        .where(goals.c.relationship == reached.c.relationship, goals.c.set_at <= reached.c.ends_at)
        .correlate(reached)
        .exists()
    )
    query = select(func.count().filter(had_goal), func.count()).where(reached.c.number == number)
    with_goal, all_of_them = connection.execute(query.select_from(reached)).one()
    return with_goal, all_of_them
