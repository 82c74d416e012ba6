"""A process of its own that opens relationships and lets the simulated clock run: to be killed on the way.

What is done is told by what is stored, so that running it again goes on where the last run was killed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.consumers.clocked import PAIRS, World, active, day, held
from workflow.store.transaction import Transaction


async def run(folder: Path) -> None:
    """Every relationship meets once and is then silent."""
    world = World(folder, page=3)

    def begin(tx: Transaction) -> None:
        for pair in PAIRS:
            if tx.relationship(pair) is None:
                active(pair)(tx)
                held(pair, 0)(tx)

    world.do(begin)
    if world.clock.now() < day(40):
        await world.driver.advance(day(40))
    await world.driver.advance(day(80))
    world.close()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
