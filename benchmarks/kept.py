"""``python -m benchmarks.kept FOLDER``: rebuilding a folder's own projections, whatever its log holds.

The log is copied first, so the folder may be in use by nobody, and nothing in it changes. Every kind of event is
folded here, where the workload of ``make bench`` holds meetings and what follows from them.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import rebuild, report
from benchmarks.engines import files
from benchmarks.machine import machine
from benchmarks.place import empty
from workflow.lifecycle import tune_interpreter

_ONE_BY_ONE = 3_000
"""Events folded with a transaction each."""


def main() -> None:
    """Print the medians of some rounds, and write nothing."""
    parser = argparse.ArgumentParser(prog="benchmarks.kept", description=__doc__)
    parser.add_argument("folder", type=Path, help="a data folder that no service holds")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    ours, naive, limit = [], [], []
    tune_interpreter()
    with TemporaryDirectory(prefix="mentoring-bench-") as name:
        folder = Path(name) / "kept"
        folder.mkdir()
        for file in ("master.key", "keys.db", "events.db", "events.db-wal"):
            if (asked.folder / file).exists():
                shutil.copy(asked.folder / file, folder)
        measured = files()
        rebuild.fold(measured, folder)
        for number in range(1, asked.rounds + 1):
            print(f"rebuild, round {number} of {asked.rounds}", flush=True)
            ours.append(rebuild.ours(measured, folder))
            naive.append(rebuild.documented(measured, folder, empty(Path(name)), _ONE_BY_ONE))
            limit.append(rebuild.limit(measured, folder, empty(Path(name))))
    found = report.rate(
        "rebuild", measured.name, "events", ours=median(ours), naive=median(naive), limit=median(limit)
    )
    report.show([found], machine())


if __name__ == "__main__":
    main()
