"""Measure: every case in several rounds, ours and the others taking turns, and report the medians."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import intake, latency, rebuild, report
from benchmarks.backlog import fill, rewind, serving
from benchmarks.machine import machine
from benchmarks.place import fresh, prepare
from benchmarks.reference import reference
from benchmarks.workload import Workload, workload
from workflow.app import broker_key
from workflow.lifecycle import tune_interpreter
from workflow.store.master import load_master_key

_KEY = secrets.token_bytes(32)
"""What comes in lies encrypted, as it does in a service of its own."""

_ONE_BY_ONE = 3_000
"""Events folded with a transaction each."""

_COMMANDS = 300
"""HTTP commands sent while nothing else happens."""


def main() -> None:
    """``python -m benchmarks``."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--messages", type=int, default=24_000, help="0: all that the relationships send")
    parser.add_argument("--relationships", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--share",
        type=int,
        default=10,
        help="the documented way takes in one pair of so many, each with all of its messages",
    )
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder for latest.json")
    asked = parser.parse_args()
    work = workload(asked.messages or None, asked.relationships)
    with TemporaryDirectory(prefix="mentoring-bench-") as name:
        results = asyncio.run(_measure(Path(name), work, asked.rounds, asked.share))
    found = machine()
    report.write(results, found, asked.to)
    report.show(results, found)


async def _measure(folder: Path, work: Workload, rounds: int, share: int) -> list[report.Result]:
    results = [await intake_case(folder, work, rounds, share), rebuild_case(folder, work, rounds)]
    return results + await latency_cases(folder, work)


async def intake_case(folder: Path, work: Workload, rounds: int, share: int) -> report.Result:
    """Intake beside the documented way, on one pair of ``share``, and beside the limit."""
    fewer = work.one_in(share)
    expected, expected_of_fewer = reference(work), reference(fewer)
    prepared = prepare(folder / "prepared", work)
    prepared_naive = intake.prepare_naive(folder / "naive.prepared", fewer)
    ours: list[float] = []
    naive: list[float] = []
    limit: list[float] = []
    tune_interpreter()  # as the service does, once everything is in place; the documented way gains by it too
    filled = await fill(folder / "nats", work.messages, _KEY)
    filled_with_fewer = await fill(folder / "nats-fewer", fewer.messages, _KEY)
    async with serving(filled_with_fewer, _KEY) as url_of_fewer:
        for number in range(1, rounds + 1):
            print(f"intake, round {number} of {rounds}", flush=True)
            finished = fresh(prepared, folder / "finished")
            async with serving(fresh(filled, folder / "nats-again"), _KEY) as url:
                ours.append(await intake.ours(url, finished, work, expected))
            file = folder / f"naive.{number}"
            shutil.copyfile(prepared_naive, file)
            await rewind(url_of_fewer, "naive")
            naive.append(await intake.documented(url_of_fewer, file, fewer, expected_of_fewer))
            rows = intake.Rows(prepared, finished)
            limit.append(rows.insert(fresh(prepared, folder / "limit")))
    return report.rate("intake", "messages", ours=median(ours), naive=median(naive), limit=median(limit))


def rebuild_case(folder: Path, work: Workload, rounds: int) -> report.Result:
    """Rebuilding what intake left behind, beside one event a transaction and beside the limit."""
    tune_interpreter()
    finished = folder / "finished"
    rebuild.fold(finished)
    ours: list[float] = []
    naive: list[float] = []
    limit: list[float] = []
    for number in range(1, rounds + 1):
        print(f"rebuild, round {number} of {rounds}", flush=True)
        ours.append(rebuild.ours(finished))
        naive.append(rebuild.one_by_one(finished, min(_ONE_BY_ONE, len(work.messages))))
        limit.append(rebuild.limit(finished))
    return report.rate("rebuild", "events", ours=median(ours), naive=median(naive), limit=median(limit))


async def latency_cases(folder: Path, work: Workload) -> list[report.Result]:
    """HTTP commands to a service of its own, beside intake and then alone."""
    print("latency of HTTP commands", flush=True)
    data = fresh(folder / "prepared", folder / "served")
    key = broker_key(load_master_key(data / "master.key"))
    await fill(data / "nats", work.messages, key)
    with latency.service(data) as client:
        beside = latency.beside_intake(client, len(work.messages))
        idle = latency.idle(client, _COMMANDS)
    return [
        report.latency("HTTP command, idle", **asdict(idle)),
        report.latency("HTTP command, while intake works off a backlog", **asdict(beside)),
    ]


if __name__ == "__main__":
    main()
