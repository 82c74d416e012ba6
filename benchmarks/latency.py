"""Latency: how long HTTP commands take while nothing else happens, and while intake works off a backlog."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import httpx

_COORDINATOR = {"Mentoring-Actor": f"coordinator {uuid4()}"}
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds."""

    p50: float
    p99: float
    commands: int


@asynccontextmanager
async def service(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """``mentoring up`` over a folder, as a process of its own."""
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "mentoring"),
        *("up", "--data", str(folder), "--port", "0", "--nats-port", "0", "--clock", "simulated", "--json"),
        stdout=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("MENTORING_")},
    )
    assert process.stdout is not None
    try:
        address = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
        async with httpx.AsyncClient(base_url=address["http"], headers=_COORDINATOR, timeout=60) as client:
            yield client
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def idle(client: httpx.AsyncClient, number: int) -> Latency:
    """So many relationships opened, one after the other."""
    return _latency([await _open(client) for _ in range(number)])


async def beside_intake(client: httpx.AsyncClient, messages: int) -> Latency:
    """Relationships opened, one after the other, for as long as not so many messages are taken in."""
    took: list[float] = []
    while (received := (await client.get("/v1/intake")).json()["received"]) < messages:
        took += [await _open(client) for _ in range(_AT_ONCE)]
    if received > messages or not took:
        raise SystemExit(
            f"latency: {received} of {messages} messages were taken in beside {len(took)} commands"
        )
    return _latency(took)


async def _open(client: httpx.AsyncClient) -> float:
    parties = [
        {"role": role, "identities": [f"email:{uuid4().hex}@example.org"]} for role in ("mentor", "mentee")
    ]
    begin = time.perf_counter()
    answer = await client.post("/v1/relationships", json={"parties": parties})
    took = time.perf_counter() - begin
    answer.raise_for_status()
    return took * 1e3


def _latency(took: list[float]) -> Latency:
    cuts = quantiles(took, n=100, method="inclusive")
    return Latency(p50=cuts[49], p99=cuts[98], commands=len(took))
