"""A process that closes a programme page by page, after adopting a policy: ``python -m … FOLDER``.

It may be killed at any of its failpoints, and the next start goes on with what that one left.
"""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID, uuid5

from tests.consumers.world import ORIGIN, World
from workflow.aggregates.commands import Actor
from workflow.aggregates.events import Role
from workflow.aggregates.policy import Policy
from workflow.consumers import rounds
from workflow.store.transaction import Transaction

IDS = UUID("1c1b0d2e-7e8f-5a51-9d0c-3d2b8a90f311")
OPERATOR = Actor(IDS, Role.SERVICE)
OTHER = Policy.model_validate({"onboarding": {"remind_mentee_days": 5}})
PAIRS, PAGE = 30, 7


def pair(number: int) -> UUID:
    """The id of one relationship, the same in every run."""
    return uuid5(IDS, str(number))


def opened(tx: Transaction) -> int:
    """How many were opened."""
    return sum(tx.relationship(pair(number)) is not None for number in range(PAIRS))


def close(tx: Transaction) -> None:
    """Adopt another policy and, in the same transaction, close the programme."""
    if tx.known_programme("default").closed_at is None:
        tx.adopt_policy("default", OTHER, ORIGIN, actor=OPERATOR)
        tx.close_programme("default", ORIGIN, actor=OPERATOR)


def main(folder: Path) -> None:
    """Open what is not open yet, close the programme, and go round until nobody is left."""
    rounds.PAGE = PAGE
    world = World(folder)
    for number in range(world.do(opened), PAIRS):
        world.open(f"ext:mentor:{number}", f"ext:mentee:{number}", id=pair(number))
    world.do(close)
    while world.do(rounds.go_round):
        pass
    world.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
