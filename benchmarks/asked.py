"""``python -m benchmarks.asked``: how many questions the clock has asked about pairs by their 15th and their 45th day.

What is due about a pair does not depend on how many there are: the difference is what a month of each asks for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figures, keep
from benchmarks.lives import live, lives
from benchmarks.place import empty

_DAYS = (15, 45)


async def asked(pairs: int, folder: Path, days: Sequence[int] = _DAYS) -> list[Figures]:
    """A row for each number of days."""
    found = []
    for number in days:
        told = lives(pairs, timedelta(days=number))
        found.append({"pairs": pairs, "days": number, "questions": await live(empty(folder), told)})
        print(json.dumps(found[-1]), flush=True)
    return found


def main() -> None:
    """Count, and keep what was found."""
    parser = argparse.ArgumentParser(prog="benchmarks.asked", description=__doc__)
    parser.add_argument("--pairs", type=int, default=2_000)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder for growth.json")
    given = parser.parse_args()
    with TemporaryDirectory(prefix="mentoring-bench-") as name:
        keep(given.to, asked=asyncio.run(asked(given.pairs, Path(name))))


if __name__ == "__main__":
    main()
