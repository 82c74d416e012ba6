from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.end_to_end.service import Request, Up

HERE = Path(__file__).parent
DEMANDED = "NODE_TESTS"
"""Set to `demanded`, this variable makes a failure of what is left out without Node.js."""

Node = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def node() -> Node:
    """Runs a program of Node.js in this folder, where other people's clients and parsers are installed."""
    if shutil.which("node") is None or not (HERE / "node_modules").is_dir():
        said = "Node.js with npm was not found: other people's JavaScript clients and parsers are left out"
        if os.environ.get(DEMANDED) == "demanded":
            pytest.fail(f"{said}, and {DEMANDED}=demanded demands them")
        pytest.skip(said)

    def run(*command: str, told: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=HERE, input=told, capture_output=True, text=True, timeout=120, check=False
        )

    return run


COORDINATOR = "coordinator 2d4f6a1e-9c3b-4a76-8f52-b0c1d2e3f405"
ADA, GRACE = "email:ada@example.org", "email:grace@example.org"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Up]:
    async with Up(tmp_path / "data", "--nats-port", "0") as up:
        yield up


@pytest.fixture
async def pair(service: Up) -> str:
    """A relationship of Ada and Grace."""
    parties = [
        {"role": role, "identities": [identity]} for role, identity in (("mentor", ADA), ("mentee", GRACE))
    ]
    opened = await service.ask(Request("POST", "/v1/relationships", COORDINATOR, {"parties": parties}))
    return str(opened["relationship_id"])


async def shown(service: Up, pair: str, last: int) -> dict[str, str]:
    """The meetings of the relationship, by uid, once everything is taken in."""
    counts = await service.taken_in(last)
    parked = (await service.read("/v1/parked"))["parked"]
    assert (parked, counts["waiting"]) == ([], 0)
    found = await service.read(f"/v1/relationships/{pair}/meetings")
    return {one["meeting"]: one["outcome"] for one in found["meetings"]}
