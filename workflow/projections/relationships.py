"""One row a relationship: where it stands, and what to look at. ``today`` asks it whom to contact now, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Index, Integer, RowMapping, String, Table, func, select

from workflow.aggregates.events import (
    AgreementAmended,
    AgreementConcluded,
    Closed,
    ConcernCleared,
    ConcernCode,
    ConcernRaised,
    Event,
    MoveRevised,
    PartyLeft,
    Reinvigorated,
    RelationshipOpened,
    ReminderIssued,
    Role,
    StagnationEntered,
    StagnationSuspected,
    StagnationWithdrawn,
    SuspicionCleared,
)
from workflow.aggregates.moves import Move, State
from workflow.projections.concerns import urgency
from workflow.projections.projection import ENTERING, Document, Projection
from workflow.projections.tables import JSON_TEXT, NOT_CANONICAL, VIEWS, Instant, Row, numbers
from workflow.store.recorded import Recorded

relationships = Table(
    "relationships",
    VIEWS,
    Column("id", String(36), primary_key=True),
    Column("programme", String, nullable=False),
    Column("state", String, nullable=False),
    Column("mentors", Integer, nullable=False),
    Column("mentees", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("active_since", Instant),
    Column("term_ends_at", Instant),
    Column("closed_at", Instant),
    Column("manner", String),
    Column("reason", String),
    Column("suspected_since", Instant),
    Column("concerns", JSON_TEXT, nullable=False),
    Column("stagnations", Integer, nullable=False),
    Column("stagnations_withdrawn", Integer, nullable=False, info=NOT_CANONICAL),
    Column("reinvigorations", Integer, nullable=False),
    Column("reminders_issued", Integer, nullable=False),
    Column("last_reminder_at", Instant),
    Column("pair", Integer, nullable=False, info=NOT_CANONICAL),
    Column("pressing", String, info=NOT_CANONICAL),
    Index("relationships_by_state", "state"),
    Index("relationships_to_contact", "pressing", "id"),
    Index("relationships_by_pair", "pair"),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------


_AT_FIRST: Row = {
    **dict.fromkeys(relationships.columns.keys()),
    **dict.fromkeys(("stagnations", "stagnations_withdrawn", "reinvigorations", "reminders_issued"), 0),
}


def _opened(stream: str, position: int, event: Any) -> Row:
    return {
        **_AT_FIRST,
        "id": stream,
        "pair": position,
        "programme": event.programme,
        "state": event.entered,
        "mentors": sum(party["role"] == Role.MENTOR for party in event.parties),
        "mentees": sum(party["role"] == Role.MENTEE for party in event.parties),
        "opened_at": event.occurred_at,
        "concerns": [],
    }


def _left(row: Row, event: Any) -> None:
    if event.role is not None:
        row["mentors" if event.role == Role.MENTOR else "mentees"] -= 1


def _agreed(row: Row, event: Any) -> None:
    row["active_since"] = event.occurred_at
    _amended(row, event)


def _amended(row: Row, event: Any) -> None:
    row["term_ends_at"] = event.term_ends_at


def _raised(row: Row, event: Any) -> None:
    concern = {
        "clears": event.clears,
        "code": event.code,
        "evidence": event.evidence,
        "since": event.since,
        "subject": event.subject,
    }
    concerns = [*_without(row, event), concern]
    if len(concerns) > 1:
        concerns.sort(key=lambda one: (one["code"], one["subject"] or ""))
    row["concerns"] = concerns


def _cleared(row: Row, event: Any) -> None:
    row["concerns"] = _without(row, event)


def _without(row: Row, event: Any) -> list[dict[str, Any]]:
    code, subject = event.code, event.subject
    return [one for one in row["concerns"] if one["code"] != code or one["subject"] != subject]


def _suspected(row: Row, event: Any) -> None:
    row["suspected_since"] = event.occurred_at


def _unsuspected(row: Row, event: Any) -> None:  # noqa: ARG001 one table, one signature
    row["suspected_since"] = None


def _stagnated(row: Row, event: Any) -> None:  # noqa: ARG001 as above
    row["stagnations"] += 1


def _reinvigorated(row: Row, event: Any) -> None:  # noqa: ARG001 as above
    row["reinvigorations"] += 1


def _withdrawn(row: Row, event: Any) -> None:  # noqa: ARG001 as above
    _withdraw(row, Move.STAGNATE)


def _reminded(row: Row, event: Any) -> None:
    row["reminders_issued"] += 1
    row["last_reminder_at"] = max(row["last_reminder_at"] or "", event.occurred_at)


def _closed(row: Row, event: Any) -> None:
    row["closed_at"] = event.occurred_at
    row["suspected_since"] = None
    row["manner"] = event.manner
    row["reason"] = event.reason


def _withdraw(row: Row, move: Move) -> None:
    if move is Move.STAGNATE and row["stagnations"]:
        row["stagnations"] -= 1
        row["stagnations_withdrawn"] += 1
    elif move is Move.REINVIGORATE and row["reinvigorations"]:
        row["reinvigorations"] -= 1
    elif move is Move.CONCLUDE_AGREEMENT:  # and with it all that came of it
        row["active_since"] = row["term_ends_at"] = None
        row["stagnations_withdrawn"] += row["stagnations"]
        row["stagnations"] = row["reinvigorations"] = 0


def _revise(row: Row, event: Any) -> None:
    move = Move(event.move)
    if event.instant is None and move is Move.WITHDRAW_STAGNATION:
        if row["stagnations_withdrawn"]:
            row["stagnations"] += 1
            row["stagnations_withdrawn"] -= 1
    elif event.instant is None:
        _withdraw(row, move)
        if move is Move.STAGNATE:  # what never began, nobody came back from
            _withdraw(row, Move.REINVIGORATE)
    elif move is Move.CONCLUDE_AGREEMENT:
        row["active_since"] = event.instant
        if event.term_ends_at is not None:
            row["term_ends_at"] = event.term_ends_at


_APPLIERS: dict[type[Event], Callable[[Row, Any], None]] = {
    PartyLeft: _left,
    AgreementConcluded: _agreed,
    AgreementAmended: _amended,
    ConcernRaised: _raised,
    ConcernCleared: _cleared,
    StagnationSuspected: _suspected,
    SuspicionCleared: _unsuspected,
    StagnationEntered: _stagnated,
    Reinvigorated: _reinvigorated,
    StagnationWithdrawn: _withdrawn,
    MoveRevised: _revise,
    ReminderIssued: _reminded,
    Closed: _closed,
}
"""What each kind of event does to the row, beside the state that it may say was entered."""

_KINDS: frozenset[type[Event]] = ENTERING | {
    AgreementAmended,
    ConcernRaised,
    ConcernCleared,
    StagnationSuspected,
    SuspicionCleared,
    ReminderIssued,
}


def _fold(document: Document, recorded: Recorded) -> None:
    event, kind = recorded.told, recorded.kind
    if kind is RelationshipOpened:
        document[:] = [_opened(recorded.stream_text, recorded.position, event)]
        return
    (row,) = document
    if (apply := _APPLIERS.get(kind)) is not None:
        apply(row, event)
    if kind in ENTERING and event.entered is not None:
        row["state"] = event.entered


def _keep(row: Row) -> Row:
    """With how urgent its most urgent concern is, and since when it stands: as text that sorts in that order."""
    told = () if row["state"] == State.CLOSURE.value else row["concerns"]
    pressing = min((f"{urgency(one['code']):02}{one['since']}" for one in told), default=None)
    return {**row, "pressing": pressing}


def _refine(row: Row) -> Row:
    kept = [{name: one[name] for name in one if name != "evidence"} for one in row["concerns"]]
    return {**row, "concerns": kept}


RELATIONSHIPS = Projection(
    "relationships",
    relationships,
    _KINDS,
    _fold,
    _refine,
    _keep,
    row="a relationship",
    answers="where each stands now; whom to contact, and why",
)
"""A row a relationship. Evidence names versions of events, so the canonical row leaves it out.

``pair`` is the position of its opening, by which analysts call it, and ``pressing`` is by what those to contact are
found in their order, however many there are; no answer about a relationship shows either.
"""

# --- queries ---------------------------------------------------------------------------------------------

CONCERN = func.json_each(relationships.c.concerns).table_valued("value")
CODE = func.json_extract(CONCERN.c.value, "$.code")
"""Each of the concerns that a row holds, and its code."""

ANSWERS = tuple(column for column in relationships.columns if column.name not in ("pair", "pressing"))
"""What is told of a relationship where its id is: an analyst's number for it is told of none."""


def one(connection: Connection, relationship: UUID) -> Row | None:
    """The row of one relationship, or None where there is none."""
    query = select(*ANSWERS).where(relationships.c.id == str(relationship))
    return next((told(row) for row in connection.execute(query).mappings()), None)


def listing(
    connection: Connection,
    *,
    state: State | None = None,
    programme: str | None = None,
    concern: ConcernCode | None = None,
    prefix: str = "",
    after: UUID | None = None,
    limit: int = 100,
) -> Sequence[Row]:
    """Relationships by id, at most ``limit`` of them, beyond the one named by ``after``.

    ``prefix`` is how their ids begin, as ids are written.
    """
    query = select(*ANSWERS).order_by(relationships.c.id).limit(limit)
    if state is not None:
        query = query.where(relationships.c.state == state.value)
    if programme is not None:
        query = query.where(relationships.c.programme == programme)
    if concern is not None:
        query = query.where(select(CODE).where(CODE.in_([concern.value])).exists())
    if prefix:  # a range, which the primary key finds; "g" lies beyond all that an id is written with
        query = query.where(relationships.c.id >= prefix, relationships.c.id < prefix + "g")
    if after is not None:
        query = query.where(relationships.c.id > str(after))
    return [told(row) for row in connection.execute(query).mappings()]


def told(row: RowMapping) -> Row:
    """A row with the most urgent concern first, and among equals the one that stands longest."""
    concerns = sorted(
        row["concerns"], key=lambda one: (urgency(one["code"]), one["since"], one["subject"] or "")
    )
    return {**row, "concerns": concerns}


def count_by_state(connection: Connection) -> dict[str, int]:
    """How many relationships are in each state now; every state is named."""
    counted = select(relationships.c.state, func.count()).group_by(relationships.c.state)
    return numbers(connection.execute(counted), State)
