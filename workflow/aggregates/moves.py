"""The states of a mentoring relationship and the one table of moves between them.

The table is held by the ``transitions`` library. Deciding looks a move up in a dict compiled from it at
import: the look-up happens with every command, and asking the machine itself costs forty times as much.
A test proves the two equal, cell by cell.
"""

from __future__ import annotations

from transitions import Machine

from workflow.aggregates.words import Word
from workflow.errors import Refused


class State(Word):
    """Where a relationship stands. Paused, and having concerns, are not states: they lie across these."""

    ONBOARDING = "onboarding"
    AGREEMENT = "agreement"
    ACTIVE = "active"
    STAGNATION = "stagnation"
    CLOSURE = "closure"


class Move(Word):
    """What takes a relationship from one state to the next."""

    COMPLETE_ONBOARDING = "complete_onboarding"
    CONCLUDE_AGREEMENT = "conclude_agreement"
    STAGNATE = "stagnate"
    WITHDRAW_STAGNATION = "withdraw_stagnation"
    REINVIGORATE = "reinvigorate"
    CLOSE = "close"


OPEN = (State.ONBOARDING, State.AGREEMENT, State.ACTIVE, State.STAGNATION)
"""Every state but closure."""

MOVES: tuple[tuple[Move, tuple[State, ...], State], ...] = (
    (Move.COMPLETE_ONBOARDING, (State.ONBOARDING,), State.AGREEMENT),
    (Move.CONCLUDE_AGREEMENT, (State.AGREEMENT,), State.ACTIVE),
    (Move.STAGNATE, (State.ACTIVE,), State.STAGNATION),
    (Move.WITHDRAW_STAGNATION, (State.STAGNATION,), State.ACTIVE),
    (Move.REINVIGORATE, (State.STAGNATION,), State.ACTIVE),
    (Move.CLOSE, OPEN, State.CLOSURE),
)

FOLLOWS = frozenset({Move.WITHDRAW_STAGNATION})
"""Moves that nobody asks for: they follow by themselves, once facts call for them."""

MACHINE = Machine(
    model=None,
    states=[state.value for state in State],
    transitions=[
        {"trigger": move.value, "source": [state.value for state in sources], "dest": target.value}
        for move, sources, target in MOVES
    ],
    initial=State.ONBOARDING.value,
    auto_transitions=False,
)
"""The table that runs, and from which the diagram in the documentation is drawn."""


def _compile(machine: Machine) -> dict[tuple[State, Move], State]:
    return {
        (State(str(transition.source)), Move(trigger)): State(str(transition.dest))
        for trigger, event in machine.events.items()
        for transitions in event.transitions.values()
        for transition in transitions
    }


_TABLE = _compile(MACHINE)


def possible(state: State) -> tuple[Move, ...]:
    """The moves that the table allows from ``state``, in the table's order."""
    return tuple(move for move in Move if (state, move) in _TABLE)


def destination(state: State, move: Move) -> State:
    """The state that ``move`` leads to from ``state``; else refused, with the moves possible."""
    try:
        return _TABLE[state, move]
    except KeyError:
        moves = tuple(move.value for move in possible(state))
        can = ", ".join(move for move in moves if move not in FOLLOWS) or "nothing more"
        raise Refused(
            f"a relationship in {state.value} cannot {move.value.replace('_', ' ')}; it can: {can}",
            code="move_not_possible",
            possible=moves,
        ) from None
