"""The time that each relationship spent in each state.

A move that was withdrawn never was: its stay is kept, marked, because somebody may have acted on it, but
time runs on in the state before it. Where a move is shifted beyond a later one, the later one's stay begins
where the earlier one's does: ``moved_at`` is when the move was made, ``entered_at`` when that took effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, Connection, Index, Integer, String, Table, func, literal, select

from workflow.aggregates.events import (
    AgreementConcluded,
    Closed,
    CommitmentConfirmed,
    Event,
    MoveRevised,
    OnboardingCompleted,
    OnboardingStepCompleted,
    PartyLeft,
    Reinvigorated,
    RelationshipOpened,
    StagnationEntered,
    StagnationWithdrawn,
)
from workflow.aggregates.moves import Move, State
from workflow.projections.projection import ENTERING, Document, Projection
from workflow.projections.tables import NOT_CANONICAL, VIEWS, Instant, Row
from workflow.store.instants import stored
from workflow.store.recorded import Recorded

journey = Table(
    "journey",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, info=NOT_CANONICAL),
    Column("state", String, nullable=False),
    Column("moved_at", Instant, nullable=False),
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
    OnboardingCompleted: Move.COMPLETE_ONBOARDING,
    OnboardingStepCompleted: Move.COMPLETE_ONBOARDING,
    PartyLeft: Move.COMPLETE_ONBOARDING,
    AgreementConcluded: Move.CONCLUDE_AGREEMENT,
    StagnationEntered: Move.STAGNATE,
    Reinvigorated: Move.REINVIGORATE,
    Closed: Move.CLOSE,
}


def _fold(stays: Document, recorded: Recorded) -> None:
    event, kind = recorded.told, recorded.kind
    if kind is RelationshipOpened:
        stays[:] = [_stay(recorded.stream_text, 1, event.entered, event.occurred_at)]
        return
    if kind is StagnationWithdrawn:
        at = event.occurred_at
        _withdraw(stays, Move.STAGNATE, at)
        _be_in(stays, event.entered, at)
    elif kind is MoveRevised:
        _revise(stays, event)
    elif (entered := getattr(event, "entered", None)) is not None:
        declared = event.declared if kind is StagnationEntered else None
        _enter(stays, entered, event.occurred_at, _MOVES.get(kind), declared)
    else:
        return
    _join(stays)


def _revise(stays: Document, event: Any) -> None:
    move = Move(event.move)
    if event.instant is None and move is Move.WITHDRAW_STAGNATION:
        _restore(stays, Move.STAGNATE)
        return
    at = event.instant or event.occurred_at
    if event.instant is not None:
        _shift(stays, move, at)
    else:
        _withdraw(stays, move, at)
        if move is Move.STAGNATE:  # what never began, nobody came back from
            _withdraw(stays, Move.REINVIGORATE, at)
    if event.entered is not None:
        _be_in(stays, event.entered, at)


def _stay(
    relationship: str,
    number: int,
    state: str,
    entered_at: str,
    move: Move | None = None,
    declared: bool | None = None,
) -> Row:
    return {
        "relationship": relationship,
        "number": number,
        "state": state,
        "moved_at": entered_at,
        "entered_at": entered_at,
        "left_at": None,
        "move": None if move is None else move.value,
        "declared": declared,
        "withdrawn": False,
    }


def _standing(stays: Document) -> Document:
    return [stay for stay in stays if not stay["withdrawn"]]


def _enter(stays: Document, state: str, at: str, move: Move | None, declared: bool | None = None) -> None:
    stays.append(_stay(stays[0]["relationship"], len(stays) + 1, state, at, move, declared))


def _latest(stays: Document, move: Move, *, withdrawn: bool) -> Row | None:
    """The latest stay that this move began."""
    for stay in reversed(stays):
        if stay["move"] == move.value and stay["withdrawn"] == withdrawn:
            return stay
    return None


def _shift(stays: Document, move: Move, at: str) -> None:
    """The move was made at another instant."""
    if (stay := _latest(stays, move, withdrawn=False)) is not None:
        stay["moved_at"] = at


def _withdraw(stays: Document, move: Move, at: str) -> None:
    """The move was never made."""
    if (stay := _latest(stays, move, withdrawn=False)) is not None:
        _mark(stay, at)


def _restore(stays: Document, move: Move) -> None:
    """The move that was withdrawn stands after all, and what it began lasts."""
    if (stay := _latest(stays, move, withdrawn=True)) is not None:
        stays.remove(stay)
        stays.append(stay)
        stay["withdrawn"] = False
        for number, one in enumerate(stays, 1):
            one["number"] = number


def _mark(stay: Row, at: str) -> None:
    stay["left_at"] = stay["left_at"] or at
    stay["withdrawn"] = True


def _be_in(stays: Document, state: str, at: str) -> None:
    """What was entered after a withdrawn move goes with it, back to the state that stands."""
    standing = _standing(stays)
    if state not in [stay["state"] for stay in standing]:
        _enter(stays, state, at, None)
        return
    while standing[-1]["state"] != state:
        _mark(standing.pop(), at)


def _join(stays: Document) -> None:
    """Let each stay that stands begin where the one before it ends, and none end before it began."""
    standing = _standing(stays)
    for before, stay in pairwise(standing):
        before["left_at"] = stay["entered_at"] = max(stay["moved_at"], before["entered_at"])
    standing[-1]["left_at"] = None


def _refine(stay: Row) -> Row | None:
    # Whether a move was made and withdrawn, or never made, depends on when we learned of things.
    return None if stay["withdrawn"] else stay


JOURNEY = Projection(
    "journey",
    journey,
    ENTERING,
    _fold,
    _refine,
    row="a stay in a state",
    answers="time in each state; how many stagnate, and come back",
)
"""A row a stay in a state, in order of entering."""

# --- queries ---------------------------------------------------------------------------------------------


def stays(connection: Connection, relationship: UUID) -> Sequence[Row]:
    """The journey of one relationship, withdrawn stays among it."""
    query = select(journey).where(journey.c.relationship == str(relationship)).order_by(journey.c.number)
    return [dict(row) for row in connection.execute(query).mappings()]


def time_in_state(connection: Connection, now: datetime) -> Sequence[Row]:
    """For each state but closure: how many stays have ended and their mean days, how many last and theirs so far.

    What was withdrawn never was. The means are None where there is nothing to take them of.
    """
    ended = journey.c.left_at.is_not(None)
    begin = func.julianday(journey.c.entered_at)
    lasted, so_far = func.julianday(journey.c.left_at) - begin, func.julianday(literal(stored(now))) - begin
    query = (
        select(
            journey.c.state,
            func.count().filter(ended).label("ended"),
            func.avg(lasted).filter(ended).label("days"),
            func.count().filter(~ended).label("lasting"),
            func.avg(so_far).filter(~ended).label("days_so_far"),
        )
        .where(~journey.c.withdrawn)
        .group_by(journey.c.state)
    )
    found = {row["state"]: dict(row) for row in connection.execute(query).mappings()}
    none = {"ended": 0, "days": None, "lasting": 0, "days_so_far": None}
    return [
        found.get(state.value, {"state": state.value, **none})
        for state in State
        if state is not State.CLOSURE
    ]
