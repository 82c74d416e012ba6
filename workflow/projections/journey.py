"""The time that each relationship spent in each state.

A move that was withdrawn never was: its stay is kept, marked, because somebody may have acted on it, but
time runs on in the state before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Column, Connection, Index, Integer, String, Table, func, select

from workflow.aggregates.events import (
    AgreementConcluded,
    Closed,
    CommitmentConfirmed,
    Event,
    MoveRevised,
    Reinvigorated,
    RelationshipOpened,
    StagnationEntered,
    StagnationWithdrawn,
)
from workflow.aggregates.moves import Move, State
from workflow.projections.projection import ENTERING, Document, Projection
from workflow.projections.tables import NOT_CANONICAL, VIEWS, Instant, Row, numbers, stored
from workflow.store.recorded import Recorded

journey = Table(
    "journey",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, info=NOT_CANONICAL),
    Column("state", String, nullable=False),
    Column("entered_at", Instant, nullable=False),
    Column("left_at", Instant),
    Column("move", String),
    Column("declared", Boolean(create_constraint=False)),
    Column("withdrawn", Boolean(create_constraint=False), nullable=False),
    Index("journey_by_state", "state", "entered_at"),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------

_MOVES: dict[type[Event], Move] = {
    CommitmentConfirmed: Move.COMPLETE_ONBOARDING,
    AgreementConcluded: Move.CONCLUDE_AGREEMENT,
    StagnationEntered: Move.STAGNATE,
    Reinvigorated: Move.REINVIGORATE,
    Closed: Move.CLOSE,
}


def _fold(stays: Document, recorded: Recorded) -> None:
    event = recorded.event
    if isinstance(event, RelationshipOpened):
        stays[:] = [_stay(str(recorded.stream), 1, event.entered, event.occurred_at)]
    elif isinstance(event, StagnationWithdrawn):
        _withdraw(stays, Move.STAGNATE, event.occurred_at)
        _be_in(stays, event.entered, event.occurred_at)
    elif isinstance(event, MoveRevised):
        if event.instant is None and event.move is Move.WITHDRAW_STAGNATION:
            _restore(stays, Move.STAGNATE)
            return
        if event.instant is None:
            _withdraw(stays, event.move, event.occurred_at)
            if event.move is Move.STAGNATE:  # what never began, nobody came back from
                _withdraw(stays, Move.REINVIGORATE, event.occurred_at)
        else:
            _shift(stays, event.move, event.instant)
        if event.entered is not None:
            _be_in(stays, event.entered, event.instant or event.occurred_at)
    elif (entered := getattr(event, "entered", None)) is not None:
        declared = event.declared if isinstance(event, StagnationEntered) else None
        _enter(stays, entered, event.occurred_at, _MOVES.get(type(event)), declared)


def _stay(
    relationship: str,
    number: int,
    state: State,
    entered_at: datetime,
    move: Move | None = None,
    declared: bool | None = None,
) -> Row:
    return {
        "relationship": relationship,
        "number": number,
        "state": state.value,
        "entered_at": stored(entered_at),
        "left_at": None,
        "move": None if move is None else move.value,
        "declared": declared,
        "withdrawn": False,
    }


def _standing(stays: Document) -> Document:
    return [stay for stay in stays if not stay["withdrawn"]]


def _enter(
    stays: Document, state: State, at: datetime, move: Move | None, declared: bool | None = None
) -> None:
    _standing(stays)[-1]["left_at"] = stored(at)
    stays.append(_stay(stays[0]["relationship"], len(stays) + 1, state, at, move, declared))


def _shift(stays: Document, move: Move, instant: datetime) -> None:
    """The latest stay that this move began, began at another instant."""
    for before, stay in reversed(list(pairwise(_standing(stays)))):
        if stay["move"] == move.value:
            before["left_at"] = stay["entered_at"] = stored(instant)
            return


def _withdraw(stays: Document, move: Move, at: datetime) -> None:
    """The latest stay that this move began never was."""
    for before, stay in reversed(list(pairwise(_standing(stays)))):
        if stay["move"] == move.value:
            _mark(before, stay, at)
            return


def _restore(stays: Document, move: Move) -> None:
    """The latest stay that this move began, and that was withdrawn, stands after all, and lasts."""
    for stay in reversed(stays):
        if stay["withdrawn"] and stay["move"] == move.value:
            _standing(stays)[-1]["left_at"] = stay["entered_at"]
            stay["withdrawn"], stay["left_at"] = False, None
            return


def _mark(before: Row, stay: Row, at: datetime) -> None:
    before["left_at"] = stay["left_at"]
    stay["left_at"] = stay["left_at"] or stored(at)
    stay["withdrawn"] = True


def _be_in(stays: Document, state: State, at: datetime) -> None:
    """What was entered after a withdrawn move goes with it, back to the state that stands."""
    standing = _standing(stays)
    if state.value not in [stay["state"] for stay in standing]:
        _enter(stays, state, at, None)
        return
    while standing[-1]["state"] != state.value:
        _mark(standing[-2], standing[-1], at)
        standing.pop()


def _refine(stay: Row) -> Row | None:
    # Whether a move was made and withdrawn, or never made, depends on when we learned of things.
    return None if stay["withdrawn"] else stay


JOURNEY = Projection("journey", journey, ENTERING, _fold, _refine)
"""A row a stay in a state, in order of entering."""

# --- queries ---------------------------------------------------------------------------------------------


class Passed(NamedTuple):
    """How many relationships ever did something, a withdrawn inference counted apart."""

    ever_stagnated: int
    reinvigorated: int
    withdrawn: int
    closed: int


def stays(connection: Connection, relationship: UUID) -> Sequence[Row]:
    """The journey of one relationship, withdrawn stays among it."""
    query = select(journey).where(journey.c.relationship == str(relationship)).order_by(journey.c.number)
    return [dict(row) for row in connection.execute(query).mappings()]


def states_at(connection: Connection, at: datetime) -> dict[str, int]:
    """How many relationships were in each state at an instant, as we know it now; every state is named."""
    query = (
        select(journey.c.state, func.count())
        .where(~journey.c.withdrawn, journey.c.entered_at <= at)
        .where((journey.c.left_at.is_(None)) | (journey.c.left_at > at))
        .group_by(journey.c.state)
    )
    return numbers(connection.execute(query), State)


def passed(connection: Connection) -> Passed:
    """How many relationships ever stagnated, came back, had an inferred stagnation withdrawn, closed."""

    def distinct(move: Move, withdrawn: bool) -> int:
        query = select(func.count(journey.c.relationship.distinct())).where(
            journey.c.move == move.value, journey.c.withdrawn == withdrawn
        )
        return connection.execute(query).scalar_one()

    return Passed(
        ever_stagnated=distinct(Move.STAGNATE, withdrawn=False),
        reinvigorated=distinct(Move.REINVIGORATE, withdrawn=False),
        withdrawn=distinct(Move.STAGNATE, withdrawn=True),
        closed=distinct(Move.CLOSE, withdrawn=False),
    )


def days_in_states(connection: Connection, now: datetime) -> dict[str, float]:
    """The mean length in days of the stays in each state ever entered; a present one ends ``now``."""
    end = func.coalesce(func.julianday(journey.c.left_at), func.julianday(stored(now)))
    query = (
        select(journey.c.state, func.avg(end - func.julianday(journey.c.entered_at)))
        .where(~journey.c.withdrawn)
        .group_by(journey.c.state)
        .order_by(journey.c.state)
    )
    return {state: float(days) for state, days in connection.execute(query)}
