"""What each pair has agreed, and how far the signing of the latest draft is. Topics are counted, not told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Float, Integer, String, Table, cast, func, select

from workflow.aggregates.events import (
    AgreementAmended,
    AgreementConcluded,
    AgreementDrafted,
    AgreementSigned,
    Event,
    MoveRevised,
    PartyLeft,
    RelationshipOpened,
    TopicReclassified,
    Visibility,
)
from workflow.aggregates.moves import Move
from workflow.projections.projection import Document, Projection
from workflow.projections.relationships import relationships
from workflow.projections.tables import JSON_TEXT, NOT_CANONICAL, VIEWS, Instant, Row
from workflow.store.recorded import Recorded

agreements = Table(
    "agreements",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("in_force_since", Instant),
    Column("version", Integer),
    Column("cadence_days", Float),
    Column("duration_months", Integer),
    Column("term_ends_at", Instant),
    *(Column(visibility.value, Integer, nullable=False) for visibility in Visibility),
    Column("drafted", Integer),
    Column("signed", Integer, nullable=False),
    Column("parties", Integer, nullable=False),
    Column("facts", JSON_TEXT, nullable=False, info=NOT_CANONICAL),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------

_IN_FORCE = ("in_force_since", "version", "cadence_days", "duration_months", "term_ends_at")
_KINDS: frozenset[type[Event]] = frozenset(
    {
        RelationshipOpened,
        PartyLeft,
        AgreementDrafted,
        AgreementSigned,
        AgreementConcluded,
        AgreementAmended,
        TopicReclassified,
        MoveRevised,
    }
)


_OPEN = [visibility.value for visibility in Visibility].index
_AT_FIRST: Row = dict.fromkeys(agreements.columns.keys())


def _fold(document: Document, recorded: Recorded) -> None:
    if recorded.kind is RelationshipOpened:
        document[:] = [_opened(recorded.stream_text, recorded.told)]
    else:
        _apply(document[0], recorded.kind, recorded.told)


def _opened(relationship: str, event: Any) -> Row:
    return {
        **_AT_FIRST,
        "relationship": relationship,
        "facts": {
            "draft": {"duration_months": None, "topics": {}},
            "parties": sorted(party["person"] for party in event.parties),
            "signed": [],
            "topics": {},
        },
    }


def _apply(row: Row, kind: type[Event], event: Any) -> None:
    facts = row["facts"]
    if kind is AgreementSigned:
        if event.version == row["drafted"]:
            facts["signed"] = sorted({*facts["signed"], event.party})
    elif kind is AgreementDrafted:
        topics = dict(sorted((topic["topic"], topic["visibility"]) for topic in event.topics))
        row["drafted"] = event.version
        facts["draft"] = {"duration_months": event.duration_months, "topics": topics}
        facts["signed"] = []
        if row["in_force_since"] is None:
            facts["topics"] = dict(topics)
    elif kind is AgreementConcluded or kind is AgreementAmended:
        row["in_force_since"] = event.occurred_at
        row["version"] = event.version
        row["cadence_days"] = float(event.cadence_days)
        row["duration_months"] = facts["draft"]["duration_months"]
        row["term_ends_at"] = event.term_ends_at
        if kind is AgreementAmended:
            facts["topics"] = dict(facts["draft"]["topics"])
    elif kind is PartyLeft:
        facts["parties"] = [party for party in facts["parties"] if party != event.party]
    elif kind is TopicReclassified:
        if event.topic in facts["topics"]:
            facts["topics"][event.topic] = event.visibility
        drafted = facts["draft"]["topics"]
        if event.topic in drafted:  # what was written down before opens nothing that has been closed since
            drafted[event.topic] = min(drafted[event.topic], event.visibility, key=_OPEN)
    elif kind is MoveRevised:
        _revise(row, event)


def _revise(row: Row, event: Any) -> None:
    """What the first held meeting concluded follows that meeting's facts."""
    if event.move != Move.CONCLUDE_AGREEMENT:
        return
    if event.instant is None:
        row.update(dict.fromkeys(_IN_FORCE))
    elif row["in_force_since"] is not None:
        if row["version"] is None:  # what was amended since is in force since then
            row["in_force_since"] = event.instant
        if event.term_ends_at is not None:
            row["term_ends_at"] = event.term_ends_at


def _keep(row: Row) -> Row:
    """With what is to be counted, once all is folded."""
    facts: dict[str, Any] = row["facts"]
    shown = [] if row["in_force_since"] is None else list(facts["topics"].values())
    return {
        **row,
        **{visibility.value: shown.count(visibility.value) for visibility in Visibility},
        "parties": len(facts["parties"]),
        "signed": sum(party in facts["signed"] for party in facts["parties"]),
    }


AGREEMENTS = Projection(
    "agreements",
    agreements,
    _KINDS,
    _fold,
    keep=_keep,
    row="a relationship",
    answers="what is agreed and for how long; how many topics may be shared with whom; "
    "how far the signing of the latest draft is",
)
"""A row a relationship. ``version`` to ``shareable`` tell of the agreement in force, all of them None or 0 while
there is none; its ``version`` is None where the first held meeting concluded it. ``drafted`` is the latest version
written down, which ``signed`` of the ``parties`` have signed: those who are still there count."""

# --- queries ---------------------------------------------------------------------------------------------

_ANSWERS = tuple(column for column in agreements.columns if column.name != "facts")


def one(connection: Connection, relationship: UUID) -> Row | None:
    """What one relationship has agreed and drafted; None where there is no such relationship."""
    query = select(*_ANSWERS).where(agreements.c.relationship == str(relationship))
    return next((dict(row) for row in connection.execute(query).mappings()), None)


def in_force(connection: Connection, *, after: UUID | None = None, limit: int = 100) -> Sequence[Row]:
    """The agreements in force, by relationship, at most ``limit`` of them beyond the one named by ``after``."""
    query = select(*_ANSWERS).where(agreements.c.in_force_since.is_not(None))
    if after is not None:
        query = query.where(agreements.c.relationship > str(after))
    query = query.order_by(agreements.c.relationship).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def topics_by_visibility(connection: Connection, *, programme: str | None = None) -> dict[str, int]:
    """How many topics of agreements in force may be shared with whom."""
    counted = select(
        *(cast(func.coalesce(func.sum(agreements.c[one.value]), 0), BigInteger) for one in Visibility)
    )
    if programme is not None:
        counted = counted.join(relationships, relationships.c.id == agreements.c.relationship).where(
            relationships.c.programme == programme
        )
    return dict(zip((one.value for one in Visibility), connection.execute(counted).one(), strict=True))
