"""Measure: every case in several rounds, ours and the others taking turns, and report the medians."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psycopg

from benchmarks import growth, intake, latency, rebuild, report
from benchmarks.backlog import fill, rewind, serving
from benchmarks.engines import Measured, copied, files, of_server
from benchmarks.longer import longer
from benchmarks.machine import machine
from benchmarks.place import empty, prepare
from benchmarks.reference import reference
from benchmarks.workload import Workload, workload
from tests.postgres import PostgresServer
from workflow.lifecycle import tune_interpreter

_KEY = secrets.token_bytes(32)
"""What comes in lies encrypted, as it does in a service of its own."""

_ONE_BY_ONE = 3_000
"""Events folded by the library's runner, with a transaction each."""

_COMMANDS = 300
"""HTTP commands sent while nothing else happens."""


def main() -> None:
    """``python -m benchmarks``; with ``growth`` first, what ``benchmarks.growth`` measures."""
    if sys.argv[1:2] == ["growth"]:
        growth.main(sys.argv[2:])
        return
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
    parser.add_argument(
        "--times", type=int, default=8, help="as long a log is rebuilt as intake leaves behind"
    )
    parser.add_argument("--processes", type=int, default=2, help="that take messages in over PostgreSQL")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder for latest.json")
    asked = parser.parse_args()
    work = workload(asked.messages or None, asked.relationships)
    with TemporaryDirectory(prefix="mentoring-bench-") as name:
        results, postgres = asyncio.run(_measure(Path(name), work, asked))
    found = machine(postgres)
    report.write(results, found, asked.to)
    report.show(results, found)


async def _measure(
    folder: Path, work: Workload, asked: argparse.Namespace
) -> tuple[list[report.Result], str]:
    results: list[report.Result] = []
    with PostgresServer(18, durable=True, shared_buffers="1GB", max_wal_size="4GB") as server:
        for measured in (files(), of_server(server, asked.processes)):
            place = folder / measured.name
            place.mkdir()
            results.append(await intake_case(measured, place, work, asked.rounds, asked.share))
            results += rebuild_cases(measured, place, work, asked.rounds, asked.times)
            results += await latency.cases(measured, place, place / "prepared", work, _COMMANDS)
        with psycopg.connect(server.dsn()) as connection:
            version = str(connection.info.parameter_status("server_version"))
    return results, version


async def intake_case(
    measured: Measured, folder: Path, work: Workload, rounds: int, share: int
) -> report.Result:
    """Intake beside the documented way, on one pair of ``share``, and beside the limit."""
    fewer = work.one_in(share)
    expected, expected_of_fewer = reference(work), reference(fewer)
    prepared = prepare(measured.kept, folder / "prepared", work)
    intake.prepare_naive(measured.naive(folder / "naive.prepared"), fewer)
    ours: list[float] = []
    naive: list[float] = []
    limit: list[float] = []
    tune_interpreter()  # as the service does, once everything is in place; the documented way gains by it too
    filled = await fill(folder / "nats", work.messages, _KEY, measured.processes)
    filled_with_fewer = await fill(folder / "nats-fewer", fewer.messages, _KEY)
    async with serving(filled_with_fewer, _KEY) as url_of_fewer:
        for number in range(1, rounds + 1):
            print(f"intake, {measured.name}, round {number} of {rounds}", flush=True)
            finished = measured.fresh(prepared, folder / "finished")
            async with serving(copied(filled, folder / "nats-again"), _KEY) as url:
                ours.append(await intake.ours(measured, url, finished, work, expected))
            env = measured.fresh_naive(folder / "naive.prepared", folder / "naive.again")
            await rewind(url_of_fewer, "naive")
            naive.append(await intake.documented(url_of_fewer, env, fewer, expected_of_fewer))
            limit.append(_limit(measured, prepared, finished, folder))
    told = {"ours": median(ours), "naive": median(naive), "limit": median(limit)}
    return report.rate("intake", measured.name, "messages", **told)


def _limit(measured: Measured, prepared: Path, finished: Path, folder: Path) -> float:
    into = measured.fresh(prepared, folder / "limit")
    if measured.name == "sqlite":
        return intake.Rows(prepared, finished).insert(into)
    before, after, target = (measured.dsn(measured.kept.names(one)[0]) for one in (prepared, finished, into))
    return intake.DatabaseRows(before, after).insert(target)


def rebuild_cases(
    measured: Measured, folder: Path, work: Workload, rounds: int, times: int
) -> list[report.Result]:
    """Rebuilding what intake left behind, so many times over: all projections, and one alone.

    The library's runner has it as it is, and folds the last events of it.
    """
    tune_interpreter()
    finished = folder / "finished"
    long = longer(measured, finished, folder / "long", times)
    for one in (finished, long):
        rebuild.fold(measured, one)
    taken: dict[str, list[float]] = defaultdict(list)
    for number in range(1, rounds + 1):
        print(f"rebuild, {measured.name}, round {number} of {rounds}", flush=True)
        taken["ours"].append(rebuild.ours(measured, long))
        events = min(_ONE_BY_ONE, len(work.messages))
        taken["naive"].append(rebuild.documented(measured, finished, empty(folder), events))
        taken["limit"].append(rebuild.limit(measured, long, empty(folder)))
        taken["alone"].append(rebuild.ours(measured, long, [rebuild.ALONE]))
        taken["read"].append(rebuild.read(measured, long))
    told = {name: median(rates) for name, rates in taken.items()}
    return [
        report.rate(
            "rebuild", measured.name, "events", ours=told["ours"], naive=told["naive"], limit=told["limit"]
        ),
        report.rate(
            f"rebuild, {rebuild.ALONE} alone, beside the log read",
            measured.name,
            "events",
            ours=told["alone"],
            naive=None,
            limit=told["read"],
        ),
    ]


if __name__ == "__main__":
    main()
