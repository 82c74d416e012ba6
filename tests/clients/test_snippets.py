"""The snippets of docs/publish.md, run as they stand there against a service, whose ports alone are others."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.clients.conftest import HERE, Node, shown
from tests.end_to_end.service import Up

PAGE = (HERE.parents[1] / "docs" / "publish.md").read_text(encoding="utf-8")


def snippet(language: str, service: Up) -> str:
    """The one of the section that is in this language."""
    section = PAGE.partition("\n## In your language\n")[2].partition("\n## ")[0]
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    door = str(service.http.base_url).removeprefix("http://").rstrip("/")
    found: str = text.replace("127.0.0.1:8080", door)
    return found.replace("nats://127.0.0.1:4222", service.nats)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stands for the folder in which the service was started."""
    (tmp_path / "mentoring-data").symlink_to(tmp_path / "data")
    return tmp_path


async def run(folder: Path, *command: str) -> str:
    """What it prints."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=os.environ | {"no_proxy": "127.0.0.1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert (process.returncode, complained.decode()) == (0, "")
    return said.decode()


@pytest.fixture
async def pair(service: Up, folder: Path) -> str:
    """The relationship that the page has its reader open first."""
    if shutil.which("curl") is None:
        pytest.skip("written for curl")
    opened = json.loads(await run(folder, "bash", "-euc", snippet("bash", service)))
    return str(opened["relationship_id"])


async def test_with_curl(service: Up, pair: str, folder: Path) -> None:
    said = await run(folder, "bash", "-euc", snippet("sh", service))
    assert said == '{"stored":1,"sequences":[1]}'
    assert await shown(service, pair, 1) == {"curl@campus": "scheduled"}


async def test_in_python(service: Up, pair: str, folder: Path) -> None:
    said = await run(folder, sys.executable, "-c", snippet("python", service))
    assert said == "stored as 1\n"
    assert await shown(service, pair, 1) == {"python@campus": "scheduled"}


async def test_in_javascript(node: Node, service: Up, pair: str, folder: Path) -> None:
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    (folder / "publish.mjs").write_text(snippet("js", service), encoding="utf-8")
    said = await run(folder, "node", "publish.mjs")
    assert said == "stored as 1\n"
    assert await shown(service, pair, 1) == {"javascript@campus": "scheduled"}
