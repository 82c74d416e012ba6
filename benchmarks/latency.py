"""Latency: how long HTTP commands take while nothing else happens, and while intake works off a backlog."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

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
def service(folder: Path) -> Iterator[Client]:
    """``mentoring up`` over a folder, as a process of its own."""
    program = str(Path(sys.executable).parent / "mentoring")
    command = [program, "up", "--data", str(folder), "--clock", "simulated"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MENTORING_")}
    with subprocess.Popen(
        [*command, "--port", "0", "--nats-port", "0", "--json"], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        try:
            with closing(Client(json.loads(process.stdout.readline())["http"])) as client:
                yield client
        finally:
            process.terminate()


def idle(client: Client, number: int) -> Latency:
    """So many relationships opened, one after the other."""
    return _latency([client.open() for _ in range(number)])


def beside_intake(client: Client, messages: int) -> Latency:
    """Relationships opened, one after the other, until so many messages are taken in."""
    took: list[float] = []
    while client.ask("GET", "/v1/intake")["received"] < messages:
        took += [client.open() for _ in range(_AT_ONCE)]
    if not took:
        raise SystemExit("latency: intake had worked off its backlog before the first command")
    return _latency(took)


def _latency(took: list[float]) -> Latency:
    cuts = quantiles(took, n=100, method="inclusive")
    return Latency(p50=cuts[49], p99=cuts[98], commands=len(took))
