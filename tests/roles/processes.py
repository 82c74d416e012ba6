"""Processes of some roles, over one database and one broker."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.patience import PATIENCE
from workflow.failpoints import VARIABLE

COORDINATOR = {"Mentoring-Actor": "coordinator cccccccc-0000-4000-8000-000000000003"}
OPERATOR = {"Mentoring-Actor": "service dddddddd-0000-4000-8000-000000000004"}


SERVE = ("workflow.cli", "serve")
"""The module that is run, and the verb."""


class Died(Exception):
    """A process has ended before it answered."""


class Serving:
    """One process of ``mentoring serve``, from when it answers until it is gone."""

    def __init__(
        self, settings: Mapping[str, str], *roles: str, failpoints: str = "", command: Sequence[str] = SERVE
    ) -> None:
        self.roles = roles
        self._command = command
        self._settings = {**settings, VARIABLE: failpoints}
        self._process: asyncio.subprocess.Process | None = None
        self.http = httpx.AsyncClient()

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *self._command, *self.roles, "--port", "0", "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | self._settings,
        )
        try:
            line = await self._told()
        except BaseException:
            with suppress(ProcessLookupError):
                self._process.kill()
            raise
        self.http = httpx.AsyncClient(
            base_url=json.loads(line)["http"], trust_env=False, timeout=PATIENCE, headers=COORDINATOR
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _told(self) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
            if not line:
                raise Died(f"{self.roles} ended with {await self.gone()}")
        return line

    async def gone(self) -> int:
        """Wait until it has ended; what it ended with."""
        assert self._process is not None
        return await self._process.wait()

    async def end(self, how: signal.Signals) -> int:
        """End it; what it ended with."""
        assert self._process is not None
        self._process.send_signal(how)
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    def pause(self) -> None:
        """Have it hang."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on from where it hung."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def health(self) -> dict[str, Any]:
        """What it says of how all stand."""
        told: dict[str, Any] = (await self.http.get("/v1/health")).json()
        return told

    async def get(self, path: str, **query: object) -> Any:
        """A read that is answered, asked again where what it asks for was not folded soon enough."""
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self.http.get(path, params={name: str(value) for name, value in query.items()})
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                await asyncio.sleep(0.1)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object, headers: Mapping[str, str] = COORDINATOR) -> Any:
        """A write that is answered."""
        answer = await self.http.post(path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()


def settings(folder: Path, facts: str, keys: str, nats: str, **more: str) -> dict[str, str]:
    """What all processes share."""
    master_key = folder / "master.key"
    if not master_key.exists():
        master_key.write_bytes(os.urandom(32))
        master_key.chmod(0o600)
    return {
        "MENTORING_DATABASE": facts,
        "MENTORING_KEY_DATABASE": keys,
        "MENTORING_NATS": nats,
        "MENTORING_MASTER_KEY_FILE": str(master_key),
        **more,
    }
