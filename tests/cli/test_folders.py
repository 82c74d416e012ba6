"""Verbs act on the folder that they are given, whoever answers at the address that was left in it."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.cli.conftest import run, told, up
from tests.ports import free
from workflow.folder import Folder


def _rows(data: Path) -> list[str]:
    return [row["id"] for row in told("relationship", "list", "--data", data)]


def test_an_address_that_another_service_took_over_is_not_followed(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    (port,) = free(1)
    with up(data, "--port", str(port)) as killed:
        killed.stop(signal.SIGKILL)
    assert Folder(data).address() is not None
    with up(tmp_path / "other", "--port", str(port)) as other:
        assert other.address.http == killed.address.http
        assert _rows(data) == [relationship]
        assert _rows(tmp_path / "other") == []


def test_a_holder_that_does_not_answer_for_itself_is_told_of(tmp_path: Path, data: Path) -> None:
    with up(tmp_path / "other") as other, up(data) as running:
        Folder(data).announce(running.address.model_copy(update={"http": other.address.http}))
        result = run("relationship", "list", "--data", data)
        assert (result.exit_code, "in use by process" in result.stderr) == (3, True)
        Folder(data).announce(running.address)
        assert run("relationship", "list", "--data", data).exit_code == 0


def test_what_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o700)
    shared.chmod(0o777)
    for data, words in ((Path("/etc/passwd"), "cannot be used"), (shared, "chmod 700")):
        result = run("up", "--data", data)
        assert result.exit_code == 3
        assert words in result.stderr
        assert "Traceback" not in result.stderr


def test_a_lost_or_damaged_file_is_not_begun_anew(data: Path, relationship: str) -> None:
    folder = Folder(data)
    for lost, words in (
        (folder.keys, "keys.db is missing"),
        (folder.master_key, "master.key is missing"),
        (folder.events, "events.db is missing"),
    ):
        kept = lost.rename(lost.with_suffix(".kept"))
        result = run("verify", "--data", data)
        assert (result.exit_code, words in result.stderr, lost.exists()) == (3, True, False)
        kept.rename(lost)
    assert _rows(data) == [relationship]
    folder.events.write_bytes(folder.events.read_bytes()[:5000])
    result = run("verify", "--data", data)
    assert result.exit_code == 3
    assert "restore it from its backup" in result.stderr


def test_a_first_start_that_failed_decides_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    ports = "--port", 0, "--nats-port", 0
    failed = run("up", "--data", data, "--clock", "simulated", "--policy", tmp_path / "none.toml", *ports)
    assert failed.exit_code == 2
    asked = run("today", "--data", data)
    assert (asked.exit_code, "nothing is kept in" in asked.stderr) == (3, True)
    assert not Folder(data).events.exists()


def test_keys_that_are_lost_for_good_are_begun_anew_once_an_empty_file_says_so(
    data: Path, relationship: str
) -> None:
    keys = Folder(data).keys
    keys.unlink()
    assert run("today", "--data", data).exit_code == 3
    keys.touch(mode=0o600)
    assert _rows(data) == [relationship]
    assert run("verify", "--data", data).exit_code == 0


def test_the_version_is_told() -> None:
    assert run("--version").exit_code == 0
