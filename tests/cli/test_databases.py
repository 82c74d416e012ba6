"""Verbs where facts, keys and projections lie in databases: the same as on a folder, and the doctor looks there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.postgres import PostgresServer

Verb = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    with PostgresServer(durable=True) as server:
        yield server


@pytest.fixture
def names(durable: PostgresServer) -> dict[str, str]:
    return {"MENTORING_DATABASE": durable.database(), "MENTORING_KEY_DATABASE": durable.database()}


@pytest.fixture
def mentoring(tmp_path: Path, names: dict[str, str]) -> Verb:
    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "workflow.cli", *words, "--data", str(tmp_path / "data")]
        env = os.environ | names | more
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)

    return run


def begin(tmp_path: Path, names: dict[str, str]) -> None:
    """A service was there, and has ended."""
    program = (
        "import asyncio, sys; from pathlib import Path; from workflow.lifecycle import offline;"
        "from workflow.settings import read_settings\n"
        "async def main():\n"
        "    async with offline(read_settings(data=Path(sys.argv[1]))): pass\n"
        "asyncio.run(main())"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "data")],
        env=os.environ | names,
        check=True,
        timeout=60,
    )


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(done.stdout)["findings"]:
        found.setdefault(one["about"], []).append(one)
    return found


def test_nothing_is_begun_by_looking(mentoring: Verb) -> None:
    done = mentoring("relationship", "list")
    assert (done.returncode, done.stdout) == (3, "")
    assert "MENTORING_DATABASE" in done.stderr


def test_verbs_do_on_databases_what_they_do_on_a_folder(
    mentoring: Verb, tmp_path: Path, names: dict[str, str]
) -> None:
    begin(tmp_path, names)
    for words in (
        ("relationship", "list"),
        ("projections", "status"),
        ("projections", "rebuild", "goals"),
        ("verify",),
        ("export", "--format", "csv", "--to", str(tmp_path / "views")),
        ("events", "export", str(tmp_path / "log.gz")),
    ):
        done = mentoring(*words)
        assert done.returncode == 0, (words, done.stderr)
    assert not (tmp_path / "data" / "events.db").exists()


def test_the_doctor_finds_sound_databases_sound(
    mentoring: Verb, tmp_path: Path, names: dict[str, str]
) -> None:
    begin(tmp_path, names)
    done = mentoring("doctor", "--json")
    assert done.returncode == 0, done.stdout
    found = findings(done)
    assert {
        "database",
        "database of the keys",
        "master key",
        "log",
        "receipts",
        "projections",
    } <= found.keys()
    assert "folder" not in found


def test_the_doctor_tells_who_is_at_work(mentoring: Verb, tmp_path: Path, names: dict[str, str]) -> None:
    begin(tmp_path, names)
    assert findings(mentoring("doctor", "--json"))["processes"][0]["said"] == "none of the service is there"
    with psycopg.connect(names["MENTORING_DATABASE"], autocommit=True) as connection:
        for role, host, told in (
            ("api", "one", {"at_work": True, "troubles": []}),
            ("intake", "one", {"at_work": True, "troubles": ["the broker does not answer"]}),
            ("intake", "two", {"at_work": False, "troubles": []}),
        ):
            connection.execute(
                "INSERT INTO mentoring.notices (instance, role, host, told) VALUES (%s, %s, %s, %s)",
                (str(uuid4()), role, host, json.dumps(told)),
            )
    done = mentoring("doctor", "--json")
    assert done.returncode == 1
    said = {one["said"]: one["todo"] for one in findings(done)["processes"]}
    assert {"api: one at work", "intake: one at work; two standing by"} <= said.keys()
    assert said["nobody is at work as clock"] == "start `mentoring serve clock`"
    assert "the broker does not answer" in said


def test_the_doctor_tells_what_is_wrong_with_them(
    mentoring: Verb, tmp_path: Path, names: dict[str, str]
) -> None:
    begin(tmp_path, names)
    (tmp_path / "other.key").write_bytes(bytes(32))
    (tmp_path / "other.key").chmod(0o600)
    found = findings(mentoring("doctor", "--json", MENTORING_MASTER_KEY_FILE=str(tmp_path / "other.key")))
    assert found["master key"][0]["grade"] == "trouble"
    with psycopg.connect(names["MENTORING_DATABASE"], autocommit=True) as connection:
        connection.execute("UPDATE mentoring.counts SET number = 7")
        connection.execute("INSERT INTO mentoring.counts VALUES ('applied', 7) ON CONFLICT DO NOTHING")
        connection.execute("DELETE FROM mentoring.stored_events WHERE notification_id = 1")
    found = findings(mentoring("doctor", "--json"))
    assert found["receipts"][0]["grade"] == "trouble"
    assert found["log"][0]["grade"] == "trouble"
    assert "missing" in found["log"][0]["said"]
    assert "restore the database" in found["log"][0]["todo"]


def test_the_doctor_says_that_a_server_does_not_sync_or_does_not_answer(
    mentoring: Verb, postgres: PostgresServer
) -> None:
    lax = {"MENTORING_DATABASE": postgres.database()}  # that of other tests, which syncs nothing
    found = findings(mentoring("doctor", "--json", **lax))
    assert found["database"][0]["grade"] == "trouble"
    assert "fsync" in found["database"][0]["said"]
    away = {"MENTORING_DATABASE": "postgresql://nobody@127.0.0.1:9/nothing"}
    done = mentoring("doctor", "--json", **away)
    found = findings(done)
    assert found["database"][0]["grade"] == "trouble"
    assert "log" not in found, "nothing else can be looked at, and nothing is to be thrown away for it"
