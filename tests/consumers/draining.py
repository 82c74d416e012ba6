"""A process in which more waits for an opening than one unit works off: ``python -m … FOLDER``.

It may be killed at any of its failpoints, and the next start goes on with what that one left.
"""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

from tests.consumers.world import ADA, BOB, UPSTREAM, World, event, scheduled
from workflow.consumers.meetings import waiting
from workflow.store.transaction import Transaction

PAIR = UUID("0d3f1c52-5d0e-4b8e-9a55-6c1c2f0b7a11")
MESSAGES, PAGE = 60, 7


def opened(tx: Transaction) -> bool:
    return tx.relationship(PAIR) is not None


def main(folder: Path) -> None:
    """Messages come in, the relationship that they are about is opened, and a last message binds more."""
    waiting.PAGE = PAGE
    world = World(folder)
    if world.do(lambda tx: tx.position(UPSTREAM)) == 0:
        bookings = (scheduled(str(n), uid=f"m{n}", day=1 + n % 9) for n in range(MESSAGES // 2))
        outcomes = (event("missed", f"o{n}", uid="m0", missed_by=[ADA]) for n in range(MESSAGES // 2))
        world.take(*outcomes, *bookings)
    if not world.do(opened):
        world.open(ADA, BOB, id=PAIR)
    while world.go_on():
        pass
    world.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
