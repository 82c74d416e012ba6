from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from tests.web.conftest import AS_OPERATOR, active
from workflow.cli.main import app
from workflow.folder import Address
from workflow.lifecycle import offline
from workflow.settings import ClockKind, Settings
from workflow.web.api import create_app

MENTORING = [sys.executable, "-m", "workflow.cli"]
"""The command, in a process of its own."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def run(*words: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner(env={"COLUMNS": "200", **(env or {})}).invoke(app, [str(word) for word in words])


def told(*words: object) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def relationship(data: Path) -> str:
    """The one relationship of a folder that no service runs on; it has been silent for long."""
    return silent_for_long(data)


def silent_for_long(data: Path) -> str:
    """A folder with one relationship, active and silent since; its id."""

    async def begin() -> str:
        async with offline(Settings(data=data, clock=ClockKind.SIMULATED)) as service:
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                relationship = await active(http)
                await http.post("/v1/clock", json={"to": "2026-03-01T00:00:00Z"}, headers=AS_OPERATOR)
                return relationship

    return asyncio.run(begin())


@dataclass
class Running:
    process: subprocess.Popen[str]
    address: Address

    def client(self) -> httpx.Client:
        """A client of its API, which waits for as long as a busy machine takes."""
        return httpx.Client(base_url=self.address.http, trust_env=False, timeout=240)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=240)
        return self.process.returncode, said


@contextmanager
def up(data: Path, *more: str) -> Iterator[Running]:
    """A service in a process of its own, on ports that are free."""
    command = [*MENTORING, "up", "--data", str(data), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--nats-port", "0", "--json", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield Running(process, Address.model_validate_json(line))
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
