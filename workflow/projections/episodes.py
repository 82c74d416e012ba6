"""The episodes of concerns: each from its raising to its clearing."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Column, Connection, Index, Integer, String, Table, select

from workflow.aggregates.events import ConcernCleared, ConcernRaised, Event
from workflow.projections.projection import Document, Projection
from workflow.projections.tables import NOT_CANONICAL, VIEWS, Instant, Row
from workflow.store.recorded import Recorded

episodes = Table(
    "episodes",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, info=NOT_CANONICAL),
    Column("code", String, nullable=False),
    Column("subject", String),
    Column("since", Instant, nullable=False),
    Column("cleared_at", Instant),
    Index("episodes_by_code", "code", "since"),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------

_KINDS: frozenset[type[Event]] = frozenset((ConcernRaised, ConcernCleared))


def _fold(document: Document, recorded: Recorded) -> None:
    event = recorded.told
    code, subject = event.code, event.subject
    episode = next(
        (
            row
            for row in document
            if row["cleared_at"] is None and row["code"] == code and row["subject"] == subject
        ),
        None,
    )
    if recorded.kind is ConcernCleared:
        if episode is not None:  # what a late fact shows never to have been ends where it began
            episode["cleared_at"] = max(episode["since"], event.occurred_at)
    elif episode is not None:
        episode["since"] = event.since
    else:
        document.append(
            {
                "relationship": recorded.stream_text,
                "number": len(document) + 1,
                "code": code,
                "subject": subject,
                "since": event.since,
                "cleared_at": None,
            }
        )


def _refine(row: Row) -> Row | None:
    # Whether a concern was raised and cleared again, or never raised, depends on when we learned of things.
    return None if row["cleared_at"] is not None else row


EPISODES = Projection(
    "episodes",
    episodes,
    _KINDS,
    _fold,
    _refine,
    row="a concern, from its raising to its clearing",
    answers="what comes up how often, and how long it stands",
)
"""A row an episode, in the order in which they were raised. A concern that is revised goes on in the same one."""

# --- queries ---------------------------------------------------------------------------------------------


def listing(connection: Connection, relationship: UUID) -> Sequence[Row]:
    """The episodes of one relationship."""
    query = select(episodes).where(episodes.c.relationship == str(relationship)).order_by(episodes.c.number)
    return [dict(row) for row in connection.execute(query).mappings()]
