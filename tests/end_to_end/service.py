"""``mentoring up`` in a process of its own, and one client that goes on where the service died."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from workflow.failpoints import VARIABLE

PATIENCE = 240
"""Seconds after which something that should have come about is taken for a hang."""


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked by HTTP. With a key of its own it may be asked again until it is answered."""

    method: str
    path: str
    actor: str
    body: Mapping[str, Any] | None = None
    key: str | None = None


OPERATOR = {"Mentoring-Actor": "service dddddddd-0000-4000-8000-000000000004"}


class Died(Exception):
    """The service's process has ended."""


class Up:
    """One life of a service on a folder."""

    def __init__(
        self,
        data: Path,
        *options: str,
        clock: str = "simulated",
        failpoints: str = "",
        packages: Path | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self._command = [sys.executable, "-m", "workflow.cli", "up", "--data", str(data), "--port", "0"]
        self._command += ["--clock", clock, "--json", *options]
        self._more = {VARIABLE: failpoints, **(more or {})}
        if packages is not None:  # installed beside ours
            self._more["PYTHONPATH"] = os.pathsep.join(
                filter(None, (str(packages), os.environ.get("PYTHONPATH")))
            )
        self._process: asyncio.subprocess.Process | None = None
        self._http: httpx.AsyncClient | None = None
        self.nats = ""
        self.nats_token: str | None = None

    @property
    def http(self) -> httpx.AsyncClient:
        """A client of its API."""
        assert self._http is not None
        return self._http

    @property
    def ended(self) -> int | None:
        """What the process ended with, None while it lives."""
        return self._process.returncode if self._process else None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        """Start it; raises ``Died`` where it ends before it answers."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | self._more,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
            if not line:
                await self._process.wait()
                raise Died(f"ended with {self._process.returncode}")
        address = json.loads(line)
        self.nats = address["nats"]
        if address["nats_token_file"] is not None:
            self.nats_token = (await asyncio.to_thread(Path(address["nats_token_file"]).read_text)).strip()
        self._http = httpx.AsyncClient(
            base_url=address["http"],
            trust_env=False,
            timeout=httpx.Timeout(PATIENCE, read=5 * PATIENCE),  # a move of the clock may be a lot of work
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, as an operator does, unless it is gone."""
        if self._http is not None:
            await self._http.aclose()
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise

    def kill(self) -> None:
        """Kill it as it stands."""
        assert self._process is not None
        self._process.kill()

    def stop(self) -> None:
        """Have it stop, as an operator does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    async def gone(self) -> int:
        """Wait until the process has ended; what it ended with."""
        assert self._process is not None
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    async def ask(self, request: Request, *, refused: list[str] | None = None) -> dict[str, Any]:
        """Ask, and have it done; ``Died`` where the service died before it answered.

        Where there are to be refusals that pass (503), their codes go to ``refused``, and it is asked again.
        """
        while True:
            answer = await self._asked(request)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or refused is None:
                break
            refused.append(answer.json()["code"])
            await asyncio.sleep(0.1)
        assert answer.is_success, f"{request.method} {request.path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def _asked(self, request: Request) -> httpx.Response:
        headers = {"Mentoring-Actor": request.actor}
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        try:
            return await self.http.request(request.method, request.path, json=request.body, headers=headers)
        except httpx.TimeoutException:
            raise
        except httpx.TransportError as error:
            await self.gone()
            raise Died(type(error).__name__) from error

    async def read(self, path: str, **query: Any) -> dict[str, Any]:
        """What a route answers."""
        answer = await self.http.get(path, params=query)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def begin(
        self, steps: Iterable[Request | bytes], publish: Callable[[bytes], Awaitable[int]]
    ) -> None:
        """One step after the other: ask, or publish a message and wait until it is taken in."""
        for step in steps:
            if isinstance(step, Request):
                await self.ask(step)
            else:
                counts = await self.taken_in(await publish(step))
                assert counts["received"] == counts["applied"], counts

    async def taken_in(self, last: int) -> dict[str, Any]:
        """Wait until the stream is taken in up to ``last``; the counts. It may take its time while it gets on."""
        reached = 0
        async with asyncio.timeout(PATIENCE) as limit:
            while True:
                counts = await self.read("/v1/intake")
                sequence = max((one["sequence"] for one in counts["upstreams"]), default=0)
                if sequence >= last:
                    return counts
                if sequence > reached:
                    reached = sequence
                    limit.reschedule(asyncio.get_running_loop().time() + PATIENCE)
                await asyncio.sleep(0.02)

    async def verify(self) -> dict[str, Any]:
        """Have everything folded, and folded anew and compared."""
        head = (await self.read("/v1/projections"))["head"]
        while True:
            answer = await self.http.post("/v1/verify", params={"after": head}, headers=OPERATOR)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            await asyncio.sleep(0.1)  # it is not folded yet
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found
