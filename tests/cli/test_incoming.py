"""What is imported is what was checked, whatever it is read from and whoever writes to it meanwhile."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.carrying import at, exported, log_of, remade, rows, with_keys
from tests.cli.conftest import run, silent_for_long
from tests.patience import PATIENCE
from workflow.app.importing import Imported, bring_in
from workflow.app.incoming import incoming
from workflow.errors import Invalid
from workflow.folder import Folder
from workflow.settings import Settings

IMPORT = [sys.executable, "-m", "workflow.cli", "events", "import"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that was exported once."""
    folder = tmp_path_factory.mktemp("whole")
    silent_for_long(folder / "data")
    return exported(folder, folder / "data")


def brought_in(file: Path, other: Path, once_checked: Callable[[], object]) -> Imported:
    """An import, and what somebody does to the file as soon as it was checked."""

    def heed(doing: str, done: int, total: int | None) -> None:
        if (doing, done) == ("checking", total):
            once_checked()

    with incoming(file, lambda: None) as opened:
        return bring_in(Settings(data=other), opened, dry_run=False, unauthenticated=True, heed=heed)


def test_a_file_that_another_one_takes_the_place_of_is_read_on(tmp_path: Path, whole: Path) -> None:
    file, other = Path(shutil.copy2(whole, tmp_path)), tmp_path / "other"
    replacing = remade(tmp_path, whole, lambda events: events[:3])
    found = brought_in(file, other, lambda: replacing.replace(file))
    assert found.appended == len(log_of(other)) == len(log_of(whole.with_name("data")))


@pytest.mark.parametrize("page", [3, 1000])
def test_nothing_that_was_written_into_it_since_gets_into_the_log(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr("workflow.store.checked.PAGE", page)
    file, other = Path(shutil.copy2(whole, tmp_path)), tmp_path / "other"
    changed = remade(tmp_path, whole, at(4, b'"self_reported"', b'"observed"')).read_bytes()
    with pytest.raises(Invalid, match="was changed while it was being imported"):
        brought_in(file, other, lambda: file.write_bytes(changed))
    there = log_of(other)
    assert there == log_of(whole.with_name("data"))[: 3 if page == 3 else 0]
    assert bool(rows(other, "imports")) == bool(there)
    file.write_bytes(whole.read_bytes())
    assert run("events", "import", file, "--unauthenticated", "--data", other).exit_code == 0
    assert log_of(other) == log_of(whole.with_name("data"))


def test_a_pipe_with_a_name_of_its_own_serves_as_a_file(tmp_path: Path, whole: Path) -> None:
    packed, other = tmp_path / "log.jsonl.gz", tmp_path / "other"
    packed.write_bytes(gzip.compress(whole.read_bytes()))
    words = f"{' '.join(IMPORT)} <(zcat {packed}) --json --unauthenticated --data {other}"
    done = subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=240, check=True)
    assert json.loads(done.stdout)["appended"] == len(log_of(other)) > 0


def test_ctrl_c_ends_the_wait_for_a_pipe_that_nobody_writes_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with (
        subprocess.Popen(
            [*IMPORT, str(pipe), "--unauthenticated", "--data", str(tmp_path / "other")],
            stderr=subprocess.PIPE,
            text=True,
        ) as waiting,
        pipe.open("wb", buffering=0) as written,
    ):  # it is there once this is opened
        written.write(b"{}")
        waiting.send_signal(signal.SIGINT)
        _, said = waiting.communicate(timeout=240)
    assert (waiting.returncode, said) == (130, "mentoring: interrupted\n")
    assert not (tmp_path / "other").exists()


def test_one_that_is_killed_while_it_reads_a_pipe_leaves_nothing(tmp_path: Path, whole: Path) -> None:
    pipe, scratch = tmp_path / "pipe", tmp_path / "scratch"
    os.mkfifo(pipe)
    scratch.mkdir()
    with (
        subprocess.Popen(
            [*IMPORT, str(pipe), "--unauthenticated", "--data", str(tmp_path / "other")],
            env=os.environ | {"TMPDIR": str(scratch)},
        ) as reading,
        pipe.open("wb", buffering=0) as written,
    ):
        written.write(whole.read_bytes()[:60_000])
        written.write(b" " * 200_000)  # more than the pipe holds: some of it was read
        reading.kill()
        reading.wait(PATIENCE)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("name", ["no such file", "."])
def test_what_cannot_be_read_leaves_no_folder(tmp_path: Path, name: str) -> None:
    result = run("events", "import", tmp_path / name, "--unauthenticated", "--data", tmp_path / "other")
    assert result.exit_code == 2, result.output
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("instant", "why"),
    [
        ("9990-01-01T00:00:00Z", "the simulated clock is said to stand at 9990-01-01"),
        ("2026-06-01T00:00:00Z", "nothing that was due until then"),
        ("2025-01-01T00:00:00Z", "recorded later than where the simulated clock stands"),
    ],
)
def test_a_simulated_clock_that_cannot_stand_there_is_refused(
    tmp_path: Path, whole: Path, instant: str, why: str
) -> None:
    first, _, rest = whole.read_bytes().partition(b"\n")
    forged = tmp_path / "forged.jsonl"
    forged.write_bytes(
        re.sub(rb'"instant":"[^"]*"', b'"instant":"%b"' % instant.encode(), first) + b"\n" + rest
    )
    file, other = remade(tmp_path, forged, lambda events: events), tmp_path / "other"
    result = run("events", "import", file, "--unauthenticated", "--data", other)
    assert (result.exit_code, why in result.stderr) == (2, True), result.stderr
    assert not Folder(other).events.exists()


def test_a_part_of_a_log_tells_where_the_simulated_clock_stood_at_its_end(
    tmp_path: Path, whole: Path
) -> None:
    part, other = tmp_path / "part.jsonl", with_keys(whole.with_name("data"), tmp_path / "other")
    run("events", "export", part, "--until", 4, "--data", whole.with_name("data"))
    first, *_, last, _ = [json.loads(line) for line in part.read_bytes().splitlines()]
    told = first["data"]["instant"], last["data"]["metadata"]["recorded_at"]
    assert told[0][:19] == told[1][:19]
    assert run("events", "import", part, "--data", other).exit_code == 0
    assert run("events", "import", whole, "--data", other).exit_code == 0
    assert rows(other, "clock") == rows(whole.with_name("data"), "clock")
