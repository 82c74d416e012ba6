"""The processes of a demonstration: the service in a fresh folder, and the publisher that plays to it."""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workflow.demo.cast import START
from workflow.errors import Unavailable

UP = "from workflow.cli.main import app; app(prog_name='mentoring')"
PR_SET_PDEATHSIG = 1
STOPS_WITHIN = 30


@contextmanager
def service(folder: Path) -> Iterator[dict[str, Any]]:
    """``mentoring up`` over ``folder`` with a simulated clock; where it answers. Stopped at the end."""
    log = folder / "service.log"
    words = ["up", "--data", str(folder / "data"), "--port", "0", "--nats-port", "0", "--json"]
    words += ["--clock", "simulated", "--start", START.strftime("%Y-%m-%dT%H:%M:%SZ")]
    with log.open("w") as stderr, _child([sys.executable, "-c", UP, *words], stderr=stderr) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.wait()
            raise Unavailable(f"the service did not start:\n{log.read_text()[-2000:]}")
        yield json.loads(line)


@contextmanager
def publisher(address: dict[str, Any], words: Sequence[str]) -> Iterator[Iterator[dict[str, Any]]]:
    """The publisher, playing to the service at ``address``; what it tells of its progress."""
    command = [sys.executable, "-m", "workflow.demo.publisher"]
    command += ["--api", address["http"], "--nats", address["nats"], *words]
    with _child(command) as process:
        yield _told(process)


def _told(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        said = json.loads(line)
        if "failed" in said:
            raise Unavailable(f"the publisher gave up: {said['failed']}")
        yield said
    if process.wait():
        raise Unavailable(f"the publisher ended with {process.returncode}")


@contextmanager
def _child(command: list[str], stderr: Any = None) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with us, and is otherwise asked to end in its own order.

    It has a session of its own: Ctrl-C comes to us alone, and we stop the publisher before the service.
    """
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=stderr,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
