"""Latency: how long HTTP commands take while nothing else happens, while intake works off a backlog, beside a rebuild
of all projections, and beside both. ``python -m benchmarks.latency`` measures it over both stores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from benchmarks import report
from benchmarks.backlog import fill, serving
from benchmarks.engines import Measured, files, of_server
from benchmarks.figures import keep
from benchmarks.place import prepare
from benchmarks.report import Result
from benchmarks.workload import Workload, workload
from tests.postgres import PostgresServer
from workflow.app import broker_key
from workflow.store.master import load_master_key

_HEADERS = {"Mentoring-Actor": f"coordinator {uuid4()}", "Content-Type": "application/json"}
_AT_ONCE = 8
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float
    commands: int


class Client:
    """One connection, kept open; a client library would cost as much as the service does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._connection = HTTPConnection(urlsplit(address).netloc, timeout=_SECONDS)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer; every command has to have one, and a good one."""
        self._connection.request(method, path, None if body is None else json.dumps(body), _HEADERS)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"latency: {method} {path} was answered {answer.status}: {said.decode()}")
        return json.loads(said)

    def open(self) -> float:
        """Open a relationship; the milliseconds that this took."""
        parties = [
            {"role": role, "identities": [f"email:{uuid4().hex}@example.org"]}
            for role in ("mentor", "mentee")
        ]
        begin = time.perf_counter()
        self.ask("POST", "/v1/relationships", {"parties": parties})
        return (time.perf_counter() - begin) * 1e3

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def service(folder: Path, kept: Mapping[str, str] | None = None) -> Iterator[Client]:
    """``mentoring up`` over a folder, as a process of its own; ``kept`` are settings that say where else facts lie."""
    up = ("up", "--data", str(folder), "--clock", "simulated", "--nats-port", "0")
    with _process(*up, settings=kept or {}) as address, closing(Client(address)) as client:
        yield client


@contextmanager
def _process(*command: str, settings: Mapping[str, str]) -> Iterator[str]:
    """A process of the service, and its address."""
    program = str(Path(sys.executable).parent / "mentoring")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MENTORING_")}
    with subprocess.Popen(
        [program, *command, "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        env=environment | dict(settings),
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["http"]
        finally:
            process.terminate()


def idle(client: Client, number: int) -> Latency:
    """So many relationships opened, one after the other."""
    return _latency([client.open() for _ in range(number)])


def beside_intake(client: Client, messages: int) -> Latency:
    """Relationships opened, one after the other, until so many messages are taken in."""
    return _latency(_while(client, lambda: _received(client) < messages))


def beside_rebuild(client: Client, number: int) -> Latency:
    """So many relationships opened, one after the other, while all projections are folded anew over and over."""
    with _rebuilding(client):
        return idle(client, number)


def beside_both(client: Client, messages: int) -> Latency:
    """The same until so many messages are taken in."""
    with _rebuilding(client):
        return beside_intake(client, messages)


def _received(client: Client) -> int:
    return int(client.ask("GET", "/v1/intake")["received"])


def _while(client: Client, goes_on: Callable[[], bool]) -> list[float]:
    took: list[float] = []
    while goes_on():
        took += [client.open() for _ in range(_AT_ONCE)]
    if not took:
        raise SystemExit("latency: intake had worked off its backlog before the first command")
    return took


@contextmanager
def _rebuilding(client: Client) -> Iterator[None]:
    """All projections are folded anew, time and again, from before it is entered until it is left."""
    begun, over = Event(), Event()

    def rebuild() -> None:
        with closing(Client(client.address)) as other:
            while not over.is_set():
                begun.set()
                other.ask("POST", "/v1/projections/rebuild")

    thread = Thread(target=rebuild)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _latency(took: list[float]) -> Latency:
    cuts = quantiles(took, n=100, method="inclusive")
    return Latency(p50=cuts[49], p99=cuts[98], commands=len(took))


async def cases(measured: Measured, folder: Path, prepared: Path, work: Workload, idly: int) -> list[Result]:
    """Each case, to services of their own over copies of a prepared folder and of what goes by it."""
    found: list[Result] = []

    def add(beside: str, latency: Latency) -> None:
        print(f"latency over {measured.name}, {beside}: {latency}", flush=True)
        found.append(report.latency(beside, measured.name, **asdict(latency)))

    messages = len(work.messages)
    with _serving(measured, prepared, folder / "served") as (data, up):
        await fill(data / "nats", work.messages, broker_key(load_master_key(data / "master.key")))
        with up() as client:
            add("while intake works off a backlog", beside_intake(client, messages))
            add("while all is rebuilt", beside_rebuild(client, idly))
            add("idle", idle(client, idly))
    with _serving(measured, prepared, folder / "served") as (data, up):
        await fill(data / "nats", work.messages, broker_key(load_master_key(data / "master.key")))
        with up() as client:
            add("while both go on", beside_both(client, messages))
    if measured.server:
        data = measured.fresh(prepared, folder / "served")
        facts, keys = (measured.dsn(name) for name in measured.kept.names(data))
        with psycopg.connect(facts) as connection:
            connection.execute("DELETE FROM mentoring.clock")  # roles go by the real one
        filled = await fill(data / "nats", work.messages)
        async with serving(filled) as url:
            settings = {
                "MENTORING_DATABASE": facts,
                "MENTORING_KEY_DATABASE": keys,
                "MENTORING_MASTER_KEY_FILE": str(data / "master.key"),
                "MENTORING_NATS": url,
            }
            with (
                _process("serve", "api", settings=settings) as door,
                closing(Client(door)) as client,
                _process("serve", "intake", "project", "deliver", settings=settings),
            ):
                add("by a door of its own, while intake works off a backlog", beside_intake(client, messages))
    return found


@contextmanager
def _serving(
    measured: Measured, prepared: Path, data: Path
) -> Iterator[tuple[Path, Callable[[], AbstractContextManager[Client]]]]:
    measured.fresh(prepared, data)
    names = [measured.dsn(name) for name in measured.kept.names(data)]
    settings = dict(zip(("MENTORING_DATABASE", "MENTORING_KEY_DATABASE"), names, strict=False))
    yield data, lambda: service(data, settings)


async def _measure(asked: argparse.Namespace) -> list[Result]:
    work = workload(asked.messages, asked.relationships)
    found: list[Result] = []
    with (
        TemporaryDirectory(prefix="mentoring-bench-") as name,
        PostgresServer(18, durable=True, shared_buffers="1GB", max_wal_size="4GB") as server,
    ):
        for measured in (files(), of_server(server, 1)):
            folder = Path(name) / measured.name
            folder.mkdir()
            prepared = prepare(measured.kept, folder / "prepared", work)
            found += await cases(measured, folder, prepared, work, asked.commands)
    return found


def main() -> None:
    """Measure over both stores, and keep what was found."""
    parser = argparse.ArgumentParser(prog="benchmarks.latency", description=__doc__)
    parser.add_argument("--messages", type=int, default=24_000)
    parser.add_argument("--relationships", type=int, default=2_000)
    parser.add_argument(
        "--commands", type=int, default=300, help="sent one after the other where nothing is to end"
    )
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder for growth.json")
    asked = parser.parse_args()
    keep(asked.to, latency=asyncio.run(_measure(asked)))


if __name__ == "__main__":
    main()
