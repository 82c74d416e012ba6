"""A browser, and services that it looks at. Without a browser these tests are left out, unless one is demanded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.patience import PATIENCE
from workflow.demo.stage import Running, publisher, service

NAMES = ("chromium", "chromium-browser", "google-chrome")
DEMANDED = "BROWSER_TESTS"
PICTURE = "PICTURE"
TOKEN = "a-token-of-enough-letters"


CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
LEFT_OUT = CHROMIUM is None and os.environ.get(DEMANDED) != "demanded"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window. It runs as whoever runs the tests, who may be root in a container.

    Closed with its module: as long as Playwright is at work it keeps an event loop, beside which nobody runs another.
    """
    assert CHROMIUM is not None, f"no Chromium was found, and {DEMANDED}=demanded demands one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def life(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service in the middle of a programme's life, as the demonstration plays it, and now quiet."""
    folder = tmp_path_factory.mktemp("life")
    pairs, months, until = (60, 9, 190) if os.environ.get(PICTURE) == "write" else (24, 6, 115)
    words = ["--relationships", str(pairs), "--months", str(months), "--seed", "7"]
    with service(folder) as running:
        with publisher(running, [*words, "--truth", str(folder / "truth.json")]) as told:
            for said in told:
                if said.get("day", 0) >= until:
                    break
        yield running


@pytest.fixture(scope="module")
def guarded(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service that demands a token, and keeps nothing yet."""
    folder = tmp_path_factory.mktemp("guarded")
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with up(folder / "data", "--token-file", str(token)) as address:
        yield address


@contextmanager
def up(data: Path, *options: str) -> Iterator[str]:
    """``mentoring up`` over a folder; where it answers."""
    command = [sys.executable, "-m", "workflow.cli", "up", "--data", str(data), "--json"]
    command += ["--port", "0", "--nats-port", "0", "--clock", "simulated", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["http"]
        finally:
            process.terminate()
            process.wait(PATIENCE)
