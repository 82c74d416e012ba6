"""``python -m benchmarks.growth``: what grows with the number of relationships, and what does not.

Ten thousand lives of some ten events are laid down as often as there are to be relationships, one number after the
other. Of each number the same ten thousand are active: a backlog tells of them, and it is the same backlog.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks import questions
from benchmarks.backlog import fill, serving
from benchmarks.engines import Measured, copied, files, of_server
from benchmarks.figures import keep
from benchmarks.laying import lay
from benchmarks.lives import Lives, live, lives
from benchmarks.place import empty, open_store
from benchmarks.questions import median_of
from tests.postgres import PostgresServer
from workflow.store.receipts import Disposition

Found = dict[str, Any]

KEY = secrets.token_bytes(32)
_FEW_TIMES = 10
"""Laid down more often, each thing is measured once."""


async def measure(
    measured: Measured,
    folder: Path,
    lived: Path,
    filled: Path,
    told: Lives,
    times: int,
    rounds: int,
    *,
    again: bool,
) -> Found:
    """All that is measured of one number of relationships over one store."""
    place = folder / f"{measured.name}-{times}"
    begin = time.perf_counter()
    lay(measured.kept, lived, place, told, times)
    laid = time.perf_counter() - begin
    _settle(measured, place)
    found: Found = {
        "store": measured.name,
        "relationships": len(told.work.pairs) * times,
        "active": len(told.work.pairs),
        "laid_in_seconds": round(laid, 1),
    }
    _say(found)
    with open_store(measured.kept, place) as store:
        found["events"] = store.head()
    found["first_rebuild"] = await _aside(measured, place, "rebuild")
    _say(found)
    _settle(measured, place)
    found["bytes"] = _bytes(measured, place)
    found["queries_ms"] = questions.queries(measured, place, told)
    _say(found)
    found["clock"] = await questions.clock(measured, place, told)
    _say(found)
    taken = []
    for number in range(1, rounds + 1):
        there = measured.fresh(place, folder / "again") if number < rounds else place
        taken.append(await intake(measured, there, copied(filled, folder / "nats"), told))
    found["intake"] = median_of(taken)
    _say(found)
    if again:
        found["rebuild"] = await _aside(measured, place, "rebuild")
        _say(found)
    rounded: Found = _rounded(found)
    return rounded


def _say(found: Found) -> None:
    print(json.dumps(found), flush=True)


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _rounded(one) for name, one in found.items()}
    if isinstance(found, float):
        return round(found) if found >= 1_000 else round(found, 2)
    return found


async def _aside(measured: Measured, place: Path, what: str, **more: object) -> Found:
    """In a process of its own."""
    names = [measured.dsn(name) for name in measured.kept.names(place)] or ["", ""]
    where = {"folder": str(place), "facts": names[0], "keys": names[1], "server": measured.server}
    told = {"what": what, **where, **more}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.growing", json.dumps(told), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise SystemExit(f"growth: {what} did not come to its end")
    found: Found = json.loads(said)
    return found


async def intake(measured: Measured, place: Path, backlog: Path, told: Lives) -> Found:
    """The backlog about the active ones, taken in by one process; each of its messages has to be applied or known."""
    number = len(told.first) + len(told.later)
    before = _received(measured, place)
    async with serving(backlog, KEY) as url:
        found = await _aside(
            measured,
            place,
            "intake",
            url=url,
            now=told.then.isoformat(),
            first=len(told.first),
            all=number,
        )
    after = _received(measured, place)
    if sum(after.values()) - sum(before.values()) != number or after[Disposition.PARKED]:
        raise SystemExit(f"growth: {number} messages became {after}, where there were {before}")
    return found


def _received(measured: Measured, place: Path) -> dict[Disposition, int]:
    with open_store(measured.kept, place) as store, store.ledger() as ledger:
        return ledger.receipts.counts()


def _settle(measured: Measured, place: Path) -> None:
    """What a server does by itself soon after, done now: else it would do it beside what is measured."""
    if measured.name == "postgres":
        for name in measured.kept.names(place):
            with psycopg.connect(measured.dsn(name), autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")
                connection.execute("CHECKPOINT")


_SIZES = """
    SELECT coalesce(sum(pg_table_size(oid)) FILTER (WHERE relname = 'stored_events'), 0),
        coalesce(sum(pg_indexes_size(oid)) FILTER (WHERE relname = 'stored_events'), 0),
        coalesce(sum(pg_total_relation_size(oid)) FILTER (
            WHERE relname <> 'stored_events' AND relnamespace = to_regnamespace('mentoring')
        ), 0),
        coalesce(sum(pg_total_relation_size(oid)) FILTER (WHERE relnamespace = to_regnamespace('projections')), 0),
        coalesce(sum(pg_total_relation_size(oid)) FILTER (WHERE relnamespace = to_regnamespace('mentoring_keys')), 0)
    FROM pg_class WHERE relkind = 'r'
"""


def _bytes(measured: Measured, place: Path) -> Found:
    """How much room everything takes."""
    if measured.name == "sqlite":
        return {name: (place / f"{name}.db").stat().st_size for name in ("events", "views", "keys")}
    found = []
    for name in measured.kept.names(place):
        with psycopg.connect(measured.dsn(name)) as connection:
            found.append(connection.execute(_SIZES).fetchone())
    facts, keys = found
    assert facts is not None
    assert keys is not None
    names = ("events", "indexes of events", "beside events", "projections")
    return dict(zip(names, map(int, facts), strict=False)) | {"keys": int(keys[4])}


async def run(asked: argparse.Namespace, folder: Path) -> None:
    """Every number over every store, one after the other."""
    told = lives(asked.lives)
    print(
        f"{len(told.first)} + {len(told.later)} messages, {len(told.work.messages)} before them", flush=True
    )
    lived = empty(folder)
    await live(lived, told)
    filled = await fill(folder / "nats-filled", [*told.first, *told.later], KEY)
    results: list[Found] = []
    with PostgresServer(18, durable=True, shared_buffers="1GB", max_wal_size="4GB") as server:
        for times in asked.times:
            stores = [of_server(server, 1)]
            if times <= asked.files_up_to:
                stores.append(files())
            for measured in stores:
                begun = measured, folder, lived, filled, told, times
                few = times <= _FEW_TIMES
                results.append(await measure(*begun, asked.rounds if few else 1, again=few))
                keep(asked.to, growth=results)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("--lives", type=int, default=10_000, help="so many are active")
    parser.add_argument(
        "--times", type=int, nargs="+", default=[1, 10], help="how often they are laid down (100: a million)"
    )
    parser.add_argument(
        "--files-up-to", type=int, default=10, help="times up to which SQLite is measured too"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of intake")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder for growth.json")
    asked = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="mentoring-bench-") as name:
        asyncio.run(run(asked, Path(name)))


if __name__ == "__main__":
    main()
