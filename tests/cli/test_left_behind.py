"""What is killed leaves nothing of what is confidential where others may come by, and its own folder is cleared."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.carrying import exported
from tests.cli.conftest import run, silent_for_long, told
from tests.patience import PATIENCE
from workflow.folder import Folder
from workflow.store.exported import LogLines

SERVE = """
import asyncio, os, sys
from pathlib import Path
os.umask(0)
from workflow.lifecycle import serve
from workflow.settings import Settings
from workflow.web.api import door
data = Path(sys.argv[1])
settings = Settings(data=data, port=0, nats_port=0)
asyncio.run(serve(settings, door, lambda address: print(address.http, flush=True)))
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("left") / "sound"
    silent_for_long(folder)
    return folder


@pytest.fixture
def data(sound: Path, tmp_path: Path) -> Path:
    """A folder to work on, apart from the one for what is made meanwhile."""
    return Path(shutil.copytree(sound, tmp_path / "data"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Where the system keeps what is made meanwhile."""
    (elsewhere := tmp_path / "elsewhere").mkdir()
    return elsewhere


def killed(at: str, elsewhere: Path, *words: object) -> None:
    """A verb, killed when it comes to a function of ours."""
    module, _, name = at.rpartition(":")
    script = (
        f"import os, signal, {module} as module\n"
        f"module.{name} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from workflow.cli.main import app\napp()"
    )
    command = [sys.executable, "-c", script, *(str(word) for word in words)]
    ended = subprocess.run(command, env=os.environ | {"TMPDIR": str(elsewhere)}, check=False, timeout=240)
    assert ended.returncode == -signal.SIGKILL


def test_a_comparison_leaves_its_rows_in_the_folder_until_that_is_next_held(
    data: Path, elsewhere: Path
) -> None:
    killed("workflow.projections.running.verify:_compare", elsewhere, "verify", "--data", data)
    assert list(elsewhere.iterdir()) == []
    (left,) = (data / ".scratch").iterdir()
    assert ((data / ".scratch").stat().st_mode & 0o777, left.stat().st_mode & 0o777) == (0o700, 0o700)
    assert run("today", "--data", data).exit_code == 0
    assert not (data / ".scratch").exists()
    assert told("verify", "--data", data)["equal"]
    assert not (data / ".scratch").exists()


def test_an_import_leaves_nothing_outside_of_its_folder(tmp_path: Path, data: Path, elsewhere: Path) -> None:
    file = exported(tmp_path, data)
    for place in ("workflow.store.checked:Checked", "workflow.store.imported:hit"):
        killed(place, elsewhere, "events", "import", file, "--unauthenticated", "--data", tmp_path / "other")
        assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
def test_an_export_of_the_log_leaves_nothing(tmp_path: Path, data: Path, elsewhere: Path, name: str) -> None:
    (to := tmp_path / "to").mkdir()
    killed("workflow.store.exported:_control", elsewhere, "events", "export", to / name, "--data", data)
    killed("workflow.drafts:os.fsync", elsewhere, "events", "export", to / name, "--data", data)
    assert [*to.iterdir(), *elsewhere.iterdir()] == []


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_an_export_for_analysts_leaves_nothing(
    tmp_path: Path, data: Path, elsewhere: Path, format: str
) -> None:
    (to := tmp_path / "to").mkdir()
    place = "workflow.projections.analytics.view_files:_make_room"
    killed(place, elsewhere, "export", "--to", to, "--format", format, "--data", data)
    assert [*to.iterdir(), *elsewhere.iterdir()] == []
    assert run("export", "--to", to, "--format", format, "--data", data).exit_code == 0
    assert {one.stat().st_mode & 0o777 for one in to.iterdir()} == {0o600}


@pytest.mark.parametrize("draft", ["service.new", "master.key.00ff.new"])
def test_a_draft_that_was_left_in_the_folder_goes_and_what_is_not_ours_stays(data: Path, draft: str) -> None:
    for name in (draft, "policy.new"):
        (data / name).write_text("begun", "utf-8")
    assert run("today", "--data", data).exit_code == 0
    assert [one.name for one in data.glob("*.new")] == ["policy.new"]


def test_where_files_have_to_have_a_name_all_else_is_as_it_is(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.drafts._NAMELESS", None)
    (to := tmp_path / "to").mkdir()
    exported(to, data)
    assert [(one.name, one.stat().st_mode & 0o777) for one in to.iterdir()] == [("log.jsonl", 0o600)]
    assert run("export", "--to", to, "--format", "csv", "--data", data).exit_code == 0
    assert run("export", "--to", to, "--format", "csv", "--force", "--data", data).exit_code == 0
    assert [one for one in to.iterdir() if one.suffix == ".new"] == []


def test_a_file_that_came_meanwhile_is_not_written_over(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, ended = tmp_path / "log.jsonl", LogLines.end

    def end(made: LogLines) -> bytes:
        file.write_text("mine", "utf-8")
        return ended(made)

    monkeypatch.setattr(LogLines, "end", end)
    result = run("events", "export", file, "--data", data)
    assert (result.exit_code, "is there already" in result.stderr, file.read_text()) == (1, True, "mine")


def test_whatever_the_umask_all_that_a_service_makes_is_its_own(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(data)], stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline().startswith("http://")
        found = {one: one.stat().st_mode & 0o777 for one in (data, *data.rglob("*"))}
        serving.terminate()
        assert serving.wait(PATIENCE) == 0
    assert {Folder(data).views, Folder(data).keys, Folder(data).events} <= found.keys()
    assert any("jetstream" in one.parts for one in found)
    loose = {str(one): oct(mode) for one, mode in found.items() if mode & 0o077}
    assert loose == {}


def test_what_an_earlier_version_made_for_others_to_read_is_closed_to_them(data: Path) -> None:
    for file in (Folder(data).views, Folder(data).keys, Folder(data).events):
        file.chmod(0o644)
    assert run("today", "--data", data).exit_code == 0
    modes = {one.name: one.stat().st_mode & 0o777 for one in data.glob("*.db*")}
    assert set(modes.values()) == {0o600}, modes
