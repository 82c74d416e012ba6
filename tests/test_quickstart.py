"""The walk-through of docs/quickstart.md, walked: every command as it stands there, and what it says comes of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "quickstart.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DOOR = "127.0.0.1:8080"


@dataclass(frozen=True)
class Step:
    """Commands, and the kind and text of the block that shows what they answer, where one follows."""

    commands: str
    kind: str
    shown: str


def steps() -> list[Step]:
    blocks = [*_BLOCK.findall(PAGE.read_text(encoding="utf-8")), ("sh", "")]
    assert {kind for kind, _ in blocks} <= {"sh", "json", "text"}
    return [
        Step(text, *(("", "") if after[0] == "sh" else after))
        for (kind, text), after in pairwise(blocks)
        if kind == "sh"
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stands for the project's folder, so that what the page names is here and nowhere else."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def environment() -> dict[str, str]:
    """What a newcomer has, with ports that nobody else uses."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MENTORING_")}
    return kept | {
        "MENTORING_PORT": "0",
        "MENTORING_NATS_PORT": "0",
        "COLUMNS": "200",
        "no_proxy": "127.0.0.1",
    }


@contextmanager
def first_terminal(folder: Path, step: Step) -> Iterator[str]:
    """The service of the first step, until Ctrl-C; where it answers."""
    up = subprocess.Popen(
        ["bash", "-c", f"exec {step.commands}"],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert up.stdout is not None
        said = "".join(up.stdout.readline() for _ in step.shown.splitlines())
        assert _without_ports(said) == _without_ports(step.shown), up.communicate()[1]
        yield said.split()[1].removeprefix("http://").removesuffix("/v1")
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=240)
        assert up.returncode == 0
    finally:
        if up.poll() is None:
            up.kill()
            up.communicate()


def second_terminal(folder: Path, door: str, commands: list[str]) -> list[str]:
    """What each of the commands prints, typed one after the other into one shell."""
    typed = "\n".join(
        f"{{ {text.replace(_DOOR, door)}\n}} > said.{number}" for number, text in enumerate(commands)
    )
    shell = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", typed],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (shell.returncode, shell.stderr) == (0, "")
    return [(folder / f"said.{number}").read_text(encoding="utf-8") for number in range(len(commands))]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the walk-through is written for curl")
def test_every_command_of_the_walk_through_does_what_the_page_says(folder: Path) -> None:
    start, *walk, clear_away = steps()
    with first_terminal(folder, start) as door:
        answers = second_terminal(folder, door, [step.commands for step in walk])
    for step, answer in zip(walk, answers, strict=True):
        assert _holds(answer, step), f"{step.commands}\nanswers\n{answer}\nand not\n{step.shown}"
    assert (folder / "quickstart" / "events.db").exists()
    subprocess.run(["bash", "-euc", clear_away.commands], cwd=folder, check=True)
    assert not (folder / "quickstart").exists()


def _holds(answer: str, step: Step) -> bool:
    """Whether the answer is the one shown, which may leave things out."""
    match step.kind:
        case "json":
            return _within(json.loads(step.shown), json.loads(answer))
        case "text":
            said = [line.split() for line in answer.splitlines()]
            return all(line.split() in said for line in step.shown.splitlines())
        case _:
            return answer == ""


def _within(shown: Any, told: Any) -> bool:
    """Whether what is shown is told: of an object some members, of a list every element."""
    if isinstance(shown, dict) and isinstance(told, dict):
        return all(name in told and _within(value, told[name]) for name, value in shown.items())
    if isinstance(shown, list) and isinstance(told, list):
        return len(shown) == len(told) and all(map(_within, shown, told))
    return bool(shown == told)


def _without_ports(text: str) -> str:
    return re.sub(r":\d+", ":0", text)
