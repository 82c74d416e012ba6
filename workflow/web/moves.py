"""What takes a relationship on from its state: what people can do, by which route, and what follows by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from workflow.aggregates.moves import Move
from workflow.web.bodies import Out

_BASE = "POST /v1/relationships/{relationship_id}"
ROUTES: dict[Move, tuple[str, ...]] = {
    Move.COMPLETE_ONBOARDING: (f"{_BASE}/commitments",),
    Move.CONCLUDE_AGREEMENT: (f"{_BASE}/agreements", f"{_BASE}/agreements/{{version}}/signatures"),
    Move.STAGNATE: (f"{_BASE}/stagnation",),
    Move.REINVIGORATE: (
        f"{_BASE}/fresh-looks",
        f"{_BASE}/measures/{{measure_id}}/completion",
        f"{_BASE}/measures/{{measure_id}}/drops",
    ),
    Move.CLOSE: (f"{_BASE}/closure",),
}
"""By which routes people bring a move about. One that is missing here follows from facts alone."""


class MovesOut(Out):
    """Which moves a state allows, and whose doing each is."""

    possible: tuple[Move, ...] = Field(description="the moves that people can bring about from its state")
    routes: dict[Move, tuple[str, ...]] = Field(
        description="the routes by which they do, in the order in which they are needed"
    )
    follows: tuple[Move, ...] = Field(
        description="the moves that nobody makes: they follow once facts call for them"
    )


def moves_out(moves: Iterable[str]) -> dict[str, Any]:
    """The moves that a state allows, as ``MovesOut`` tells them."""
    allowed = tuple(map(Move, moves))
    possible = tuple(move for move in allowed if move in ROUTES)
    return {
        "possible": possible,
        "routes": {move: ROUTES[move] for move in possible},
        "follows": tuple(move for move in allowed if move not in ROUTES),
    }
