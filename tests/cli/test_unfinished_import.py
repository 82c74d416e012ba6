"""An import that was cut short leaves a log that is told by half: it can be looked at, and nobody adds to it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.carrying import IN_THREES, exported, log_of, rows, with_keys
from tests.cli.conftest import run, silent_for_long, told
from tests.web.conftest import AS_MENTOR, AS_OPERATOR
from workflow.lifecycle import offline
from workflow.settings import Settings
from workflow.web.api import create_app

AGAIN = "run the same `mentoring events import` again: it goes on where it was"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one relationship; the file that its log was exported to lies beside it."""
    folder = tmp_path_factory.mktemp("whole")
    silent_for_long(folder / "data")
    exported(folder, folder / "data")
    return folder / "data"


@pytest.fixture(scope="module")
def killed(whole: Path) -> Path:
    """A folder into which six of its events had been brought when the import was killed."""
    other = with_keys(whole, whole.with_name("killed"))
    assert imported(whole, other, "commit.after:2").returncode == -signal.SIGKILL
    assert len(log_of(other)) == 6
    return other


@pytest.fixture
def half(tmp_path: Path, killed: Path) -> Path:
    """A copy of it to be worked on."""
    return Path(shutil.copytree(killed, tmp_path / "half"))


def imported(whole: Path, other: Path, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    """The same import, killed where a failpoint says so."""
    words = [
        "events",
        "import",
        str(whole.with_name("log.jsonl")),
        "--json",
        "--unauthenticated",
        "--data",
        str(other),
    ]
    return subprocess.run(
        [sys.executable, "-c", IN_THREES, *words],
        env=os.environ | {"MENTORING_FAILPOINTS": failpoint},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_no_service_starts_on_it_and_no_verb_adds_to_it(tmp_path: Path, whole: Path, half: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("", encoding="utf-8")
    tables = "stored_events", "clock", "imports", "rounds", "relationships"
    before = {table: rows(half, table) for table in tables}
    for words in (
        ("up", "--port", 0, "--nats-port", 0),
        ("policy", "adopt", policy),
        ("programme", "close", "default"),
        ("parked", "drop", 1),
    ):
        result = run(*words, "--data", half)
        assert result.exit_code == 3, result.output
        said = f"the log here is being imported, up to event 6 of {len(log_of(whole))}; {AGAIN}"
        assert result.stderr == f"mentoring: {said}\n"
    assert {table: rows(half, table) for table in tables} == before


def test_neither_a_command_nor_a_move_of_the_clock_is_taken_by_the_door(half: Path) -> None:
    async def ask() -> list[httpx.Response]:
        async with offline(Settings(data=half), begun=True) as service:
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                (one,) = (await http.get("/v1/relationships")).json()["relationships"]
                path = f"/v1/relationships/{one['id']}/commitments"
                moved = {"to": "2030-01-01T00:00:00Z"}
                return [
                    await http.post(path, headers=AS_MENTOR),
                    await http.post("/v1/clock", json=moved, headers=AS_OPERATOR),
                ]

    for answer in asyncio.run(ask()):
        assert (answer.status_code, answer.json()["code"]) == (503, "import_unfinished")
    assert len(log_of(half)) == 6


def test_verbs_that_only_read_go_on_and_the_doctor_tells_of_it(tmp_path: Path, half: Path) -> None:
    assert len(told("relationship", "list", "--data", half)) == 1
    assert len(run("events", "tail", "--all", "--data", half).stdout.splitlines()) == 6
    today = run("today", "--data", half)
    assert today.exit_code == 0
    assert today.stderr.endswith(f"{AGAIN}; this is told by what is here\n")
    assert today.stderr.count(AGAIN) == 1
    assert told("verify", "--data", half)["equal"]
    assert run("today", "--data", half).exit_code == 0
    looked = run("doctor", "--json", "--data", half)
    (one,) = [one for one in json.loads(looked.stdout)["findings"] if one["about"] == "import"]
    assert (looked.exit_code, one["grade"], one["todo"]) == (1, "trouble", AGAIN)
    assert "up to event 6 of" in one["said"]
    assert len(log_of(half)) == 6


def test_it_is_no_log_to_be_exported_but_for_a_part_that_is_named(tmp_path: Path, half: Path) -> None:
    refused = run("events", "export", tmp_path / "half.jsonl", "--data", half)
    assert (refused.exit_code, AGAIN in refused.stderr) == (3, True), refused.output
    beyond = run("events", "export", tmp_path / "half.jsonl", "--until", 7, "--data", half)
    assert (beyond.exit_code, AGAIN in beyond.stderr) == (3, True), beyond.output
    assert told("events", "export", tmp_path / "part.jsonl", "--until", 5, "--data", half)["events"] == 5


def test_the_same_import_goes_on_and_ends_it(whole: Path, half: Path) -> None:
    dry = told("events", "import", whole.with_name("log.jsonl"), "--dry-run", "--data", half)
    assert (dry["known"], rows(half, "imports") != []) == (6, True)
    done = imported(whole, half)
    assert (done.returncode, json.loads(done.stdout)["known"]) == (0, 6)
    assert (log_of(half), rows(half, "imports")) == (log_of(whole), [])
    assert told("verify", "--data", half)["hash"] == told("verify", "--data", whole)["hash"]
    assert run("doctor", "--data", half).exit_code == 0


def test_a_kill_at_any_page_leaves_it_told_with_the_page(tmp_path: Path, whole: Path) -> None:
    other, until = with_keys(whole, tmp_path / "other"), len(log_of(whole))
    for place, here in (("commit.before:1", 0), ("commit.after:1", 3), ("commit.before:1", 3)):
        assert imported(whole, other, place).returncode == -signal.SIGKILL
        assert len(log_of(other)) == here
        assert [row[1] for row in rows(other, "imports")] == ([until] if here else [])
    pages = (until - 3 + 2) // 3
    assert imported(whole, other, f"commit.after:{pages}").returncode == -signal.SIGKILL
    assert (len(log_of(other)), rows(other, "imports")) == (until, [])


def test_a_file_that_ends_before_what_is_to_come_does_not_end_it(
    tmp_path: Path, whole: Path, half: Path
) -> None:
    told("events", "export", tmp_path / "part.jsonl", "--until", 8, "--data", whole)
    result = run("events", "import", tmp_path / "part.jsonl", "--data", half)
    assert (result.exit_code, "this file ends at 8" in result.stderr) == (1, True), result.output
    assert len(log_of(half)) == 6


def test_identities_that_stayed_closed_before_it_was_killed_are_counted_too(
    tmp_path: Path, whole: Path
) -> None:
    other = tmp_path / "without keys"
    assert imported(whole, other, "commit.after:2").returncode == -signal.SIGKILL
    assert json.loads(imported(whole, other).stdout)["closed"] == 2
