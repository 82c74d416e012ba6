"""Ctrl-C ends a verb with one line and 130, and leaves nothing half done."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest

from tests.cli.conftest import MENTORING, run, told, up
from workflow.cli.__main__ import main
from workflow.demo.stage import service
from workflow.projections.running.rebuilding import Rebuilding


def test_it_ends_so_also_while_the_verbs_are_still_being_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Pressed(MetaPathFinder):
        def find_spec(self, name: str, *_: object) -> None:
            if name == "workflow.cli.main":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "workflow.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Pressed(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "mentoring: interrupted\n"


def test_a_comparison_is_given_up_at_once(
    data: Path, relationship: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []

    def endless(*_: object, heed: Callable[[int], None], **__: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            while True:
                heed(1)
        finally:
            ended.append(True)

    with monkeypatch.context() as patched:
        patched.setattr("workflow.app.service.verify", endless)
        result = run("verify", "--data", data)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "mentoring: interrupted\n")
    assert ended == [True]
    assert told("verify", "--data", data)["equal"]


def test_a_rebuild_that_is_interrupted_leaves_what_serves(
    data: Path, relationship: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted: list[bool] = []

    def never_done(_: Rebuilding) -> bool:
        if not interrupted:
            interrupted.append(True)
            os.kill(os.getpid(), signal.SIGINT)
        return True

    with monkeypatch.context() as patched:
        patched.setattr(Rebuilding, "step", never_done)
        result = run("projections", "rebuild", "--data", data)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "mentoring: interrupted\n")
    assert [row["id"] for row in told("relationship", "list", "--data", data)] == [relationship]
    assert told("verify", "--data", data)["equal"]


def test_following_the_log_ends_with_one_line(data: Path, relationship: str) -> None:
    with (
        up(data),
        subprocess.Popen(
            [*MENTORING, "events", "tail", "-f", "-n", "2", "--data", str(data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as following,
    ):
        assert following.stdout is not None
        shown = [int(following.stdout.readline().split()[0]) for _ in range(2)]
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=240)
        assert (following.returncode, said) == (130, "mentoring: interrupted\n")
    assert shown[1] == shown[0] + 1 == len(run("events", "tail", "--all", "--data", data).stdout.splitlines())


def test_a_demonstration_is_stopped_with_one_line(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*MENTORING, "demo", "--relationships", "200", "--months", "12"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "200"},
    ) as playing:
        assert playing.stdout is not None
        assert playing.stdout.readline().startswith("The service answers at")
        playing.send_signal(signal.SIGINT)
        said, wrong = playing.communicate(timeout=240)
        assert (playing.returncode, wrong) == (130, "")
        assert said.splitlines()[-1].startswith("Stopped. What was kept lies in")


def test_ctrl_c_is_heard_while_a_process_of_the_demonstration_is_made(tmp_path: Path) -> None:
    presses = [signal.SIGINT]

    def press() -> None:
        if presses:
            signal.raise_signal(presses.pop())

    os.register_at_fork(after_in_parent=press)  # where Python only prints what is raised, and goes on
    with pytest.raises(KeyboardInterrupt), service(tmp_path):
        pytest.fail("it was not heard")
    assert not presses


def test_a_terminal_sees_how_far_it_is_and_a_program_only_the_result(data: Path, relationship: str) -> None:
    ours, theirs = pty.openpty()
    try:
        verified = subprocess.run(
            [*MENTORING, "verify", "--data", str(data)],
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            timeout=240,
            env=os.environ | {"TERM": "xterm"},
        )
        shown = os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "folding" in shown
    assert "left" in shown
    assert verified.stdout.startswith("equal: ")
    assert len(verified.stdout.splitlines()) == 1
