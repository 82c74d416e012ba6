"""The processes of a demonstration: the service in a fresh folder, and the publisher that plays to it."""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from workflow.demo.cast import START, STEP
from workflow.errors import Unavailable

UP = "from workflow.cli.__main__ import main; main()"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
STOPS_WITHIN = 30
POLICY = f'onboarding.steps = ["{STEP}"]\n'
"""The programme of a demonstration asks for an introduction; all else is by default."""


@dataclass(frozen=True, slots=True)
class Running:
    """A service at work, and where it answers."""

    http: str
    nats: str
    nats_token_file: str
    data: str
    process: subprocess.Popen[str]


@contextmanager
def service(folder: Path) -> Iterator[Running]:
    """``mentoring up`` over ``folder`` with a simulated clock. Stopped at the end."""
    log = folder / "service.log"
    words = ["up", "--data", str(folder / "data"), "--port", "0", "--nats-port", "0", "--json"]
    policy = folder / "policy.toml"
    policy.write_text(POLICY, "utf-8")
    words += [
        "--policy",
        str(policy),
        "--clock",
        "simulated",
        "--start",
        START.strftime("%Y-%m-%dT%H:%M:%SZ"),
    ]
    with log.open("w") as stderr, _child([sys.executable, "-c", UP, *words], stderr=stderr) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            ended = _ended(process.wait())
            raise Unavailable(f"the service {ended} before it answered:\n{log.read_text()[-2000:]}")
        address = json.loads(line)
        yield Running(address["http"], address["nats"], address["nats_token_file"], address["data"], process)


@contextmanager
def publisher(running: Running, words: Sequence[str]) -> Iterator[Iterator[dict[str, Any]]]:
    """The publisher, playing to a service; what it tells of its progress."""
    command = [sys.executable, "-m", "workflow.demo.publisher"]
    command += ["--api", running.http, "--nats", running.nats]
    command += ["--nats-token-file", running.nats_token_file, *words]
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
        raise Unavailable(f"the publisher {_ended(process.returncode)}")


def _ended(code: int) -> str:
    """How a process ended that should not have."""
    if code >= 0:
        return f"ended with {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


@contextmanager
def _child(command: list[str], stderr: Any = None) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with us, and is otherwise asked to end in its own order.

    It has a session of its own: Ctrl-C comes to us alone, and we stop the publisher before the service. Held back
    while the process is made, it is heard right after: Python swallows what is raised as it forks.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    process: subprocess.Popen[str] | None = None
    try:
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=stderr,
                stdin=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
                preexec_fn=partial(_begin, mask),
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        yield process
    finally:
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _begin(mask: set[int]) -> None:
    """What the new process does first: it hears Ctrl-C again, and on Linux it ends with its parent."""
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
