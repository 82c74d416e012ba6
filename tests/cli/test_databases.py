"""Verbs where facts, keys and projections lie in databases: the same as on a folder, and the doctor looks there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from typer.testing import Result

from tests.cli.conftest import run, up
from tests.patience import until
from tests.postgres import PostgresServer
from workflow.clocks import RealClock
from workflow.errors import Stopped
from workflow.lifecycle import offline
from workflow.settings import read_settings
from workflow.store.postgres.clock import DatabaseClock

Verb = Callable[..., Result]


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    with PostgresServer(durable=True) as server:
        yield server


@pytest.fixture
def names(durable: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    names = {"MENTORING_DATABASE": durable.database(), "MENTORING_KEY_DATABASE": durable.database()}
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    return names


@pytest.fixture
def mentoring(data: Path, names: dict[str, str]) -> Verb:
    return lambda *words, **more: run(*words, "--data", data, env=more)


def begin(data: Path, **settings: str) -> None:
    """A service was there, and has ended."""

    async def begun() -> None:
        async with offline(read_settings(data=data, **settings)):
            pass

    asyncio.run(begun())


def findings(done: Result) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(done.stdout)["findings"]:
        found.setdefault(one["about"], []).append(one)
    return found


async def test_the_time_is_the_databases_wherever_the_clock_of_this_machine_is_set(
    data: Path, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(names["MENTORING_DATABASE"], autocommit=True) as database:

        def time() -> Any:
            return database.execute("SELECT clock_timestamp()").fetchall()[0][0]

        before = time()
        monkeypatch.setattr(RealClock, "now", lambda _: datetime(2040, 1, 1, tzinfo=UTC))
        async with offline(read_settings(data=data)) as service:
            recorded = service.store.read(0, 100)[-1].metadata.recorded_at
        assert before < recorded < time()


async def test_the_time_of_the_database_is_followed_while_a_service_runs(
    data: Path, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.store.postgres.clock.EVERY", 0.01)
    async with offline(read_settings(data=data)) as service:
        later = datetime(2040, 1, 1, tzinfo=UTC)
        monkeypatch.setattr(DatabaseClock, "_look", lambda clock: (later, clock._monotonic()))
        await until(lambda: service.clock.now() >= later)


def test_nothing_is_begun_by_looking(mentoring: Verb) -> None:
    done = mentoring("relationship", "list")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "MENTORING_DATABASE" in done.stderr


def test_verbs_do_on_databases_what_they_do_on_a_folder(
    mentoring: Verb, tmp_path: Path, data: Path, names: dict[str, str]
) -> None:
    begin(data)
    for words in (
        ("relationship", "list"),
        ("projections", "status"),
        ("projections", "rebuild", "goals"),
        ("verify",),
        ("export", "--format", "csv", "--to", str(tmp_path / "views")),
        ("events", "export", str(tmp_path / "log.gz")),
    ):
        done = mentoring(*words)
        assert done.exit_code == 0, (words, done.stderr)
    assert not (data / "events.db").exists()


def test_verbs_do_not_say_that_nothing_runs_where_nobody_has_named_a_service(
    mentoring: Verb, data: Path, tmp_path: Path
) -> None:
    begin(data)
    (tmp_path / "events").write_text("{}\n")
    for words in (("health",), ("intake",), ("today",), ("publish", tmp_path / "events")):
        done = mentoring(*words)
        assert "MENTORING_API does not say where the service answers" in done.output, words
        assert "`mentoring doctor` tells which processes are at work" in done.output, words
        assert "ervice runs on" not in done.output, words


def test_facts_and_keys_that_do_not_belong_together_are_refused(
    mentoring: Verb, data: Path, names: dict[str, str], durable: PostgresServer
) -> None:
    facts, keys, empty = names["MENTORING_DATABASE"], names["MENTORING_KEY_DATABASE"], durable.database()
    again = make_conninfo(facts, host="localhost", hostaddr="127.0.0.1")
    with pytest.raises(Stopped, match="one and the same database"):
        begin(data, database=facts, key_database=again)
    begin(data)
    for database, key_database, why in (
        (facts, again, "one and the same database"),
        (keys, facts, "a database that holds"),
        (keys, empty, "a database that holds keys"),
        (empty, facts, "a database that holds facts"),
        (facts, empty, "no keys in the one that MENTORING_KEY_DATABASE names"),
    ):
        done = mentoring("today", MENTORING_DATABASE=database, MENTORING_KEY_DATABASE=key_database)
        assert (done.exit_code, done.stdout) == (3, ""), why
        assert why in done.stderr
    for database, own in ((facts, "mentoring"), (keys, "mentoring_keys"), (empty, None)):
        with psycopg.connect(database) as connection:
            there = connection.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'mentoring%'"
            ).fetchall()
        assert there == ([] if own is None else [(own,)]), "nothing was made"
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA mentoring_keys")
    assert mentoring("today", MENTORING_KEY_DATABASE=empty).exit_code == 0, "who has lost the keys goes on"


def test_the_doctor_finds_sound_databases_sound(
    mentoring: Verb, tmp_path: Path, data: Path, names: dict[str, str]
) -> None:
    begin(data)
    done = mentoring("doctor", "--json")
    assert done.exit_code == 0, done.stdout
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


def test_the_doctor_tells_who_is_at_work(mentoring: Verb, data: Path, names: dict[str, str]) -> None:
    begin(data)
    (none,) = findings(mentoring("doctor", "--json"))["processes"]
    assert (none["grade"], none["said"].partition(":")[0]) == ("warning", "none of the service is there")
    assert "start `mentoring serve api intake project clock deliver`" in none["todo"]
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
    assert done.exit_code == 1
    said = {one["said"]: one["todo"] for one in findings(done)["processes"]}
    assert {"api: one at work", "intake: one at work; two standing by"} <= said.keys()
    assert said["nobody is at work as clock"] == "start `mentoring serve clock`"
    assert "the broker does not answer" in said


def test_the_doctor_tells_what_is_wrong_with_them(
    mentoring: Verb, tmp_path: Path, data: Path, names: dict[str, str]
) -> None:
    begin(data)
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


def test_the_doctor_says_that_a_server_does_not_sync_and_looks_on(
    mentoring: Verb, data: Path, postgres: PostgresServer
) -> None:
    lax = {"MENTORING_DATABASE": postgres.database()}  # that of other tests, which syncs nothing
    begin(data, database=lax["MENTORING_DATABASE"])
    found = findings(mentoring("doctor", "--json", **lax))
    assert found["database"][0]["grade"] == "trouble"
    assert "fsync" in found["database"][0]["said"]
    assert found["log"][0]["grade"] == "ok"


def test_the_doctor_looks_at_all_that_does_not_need_the_database_that_is_away(
    mentoring: Verb, data: Path
) -> None:
    begin(data)
    away = "postgresql://nobody@127.0.0.1:9/nothing"
    found = findings(mentoring("doctor", "--json", MENTORING_DATABASE=away))
    assert found["database"][0]["grade"] == "trouble"
    assert not found.keys() & {"both databases", "log", "import", "receipts", "projections", "processes"}, (
        "nothing of it can be looked at, and nothing is to be thrown away for it"
    )
    assert found["database of the keys"][0]["grade"] == found["master key"][0]["grade"] == "ok"
    assert "broker" in found
    with up(data):
        (broker,) = findings(mentoring("doctor", "--json", MENTORING_DATABASE=away))["broker"]
    assert (broker["grade"], "could not be read" in broker["said"]) == ("ok", True), (
        "not that it lost anything"
    )
    found = findings(mentoring("doctor", "--json", MENTORING_KEY_DATABASE=away))
    assert found["database of the keys"][0]["grade"] == "trouble"
    assert not found.keys() & {"both databases", "master key"}
    assert found["log"][0]["grade"] == found["projections"][0]["grade"] == "ok"


@pytest.mark.parametrize("schema", ["mentoring", "projections", "mentoring_keys"])
def test_the_doctor_judges_nothing_that_a_newer_version_made(
    mentoring: Verb, data: Path, names: dict[str, str], schema: str
) -> None:
    begin(data)
    setting = "MENTORING_KEY_DATABASE" if schema == "mentoring_keys" else "MENTORING_DATABASE"
    with psycopg.connect(names[setting], autocommit=True) as connection:
        connection.execute(f"INSERT INTO {schema}.migrations VALUES (9000, 'of_tomorrow')")
    found = findings(mentoring("doctor", "--json"))
    about = "database of the keys" if schema == "mentoring_keys" else "database"
    sound, newer = found[about]
    assert (sound["grade"], newer["grade"], newer["todo"]) == ("ok", "trouble", "run that version")
    assert f"the schema {schema} was made by a newer version (step 9000" in newer["said"]
    assert ("log" in found) == (schema == "mentoring_keys")
    assert ("master key" in found) == (schema != "mentoring_keys")


def test_the_doctor_says_that_two_databases_do_not_belong_together(
    mentoring: Verb, data: Path, names: dict[str, str], durable: PostgresServer
) -> None:
    begin(data)
    (well,) = findings(mentoring("doctor", "--json"))["both databases"]
    assert well["grade"] == "ok"
    facts, keys = names["MENTORING_DATABASE"], names["MENTORING_KEY_DATABASE"]
    for database, key_database, why in (
        (facts, facts, "whoever has a dump of"),
        (keys, facts, "see that the two are not exchanged"),
        (facts, durable.database(), "no keys in the one that MENTORING_KEY_DATABASE names"),
    ):
        exchanged = {"MENTORING_DATABASE": database, "MENTORING_KEY_DATABASE": f"{key_database} options=''"}
        found = findings(mentoring("doctor", "--json", **exchanged))
        assert found["both databases"][0]["grade"] == "trouble", why
        assert why in found["both databases"][0]["said"]
        assert found["both databases"][0]["todo"] == "see *Two databases* in docs/operate.md"
        rests_on_them = {"master key", "log", "import", "receipts", "projections", "processes"}
        assert not found.keys() & rests_on_them, "what is said of those would lead astray"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("postgresql://me:zzsecretzz@db/facts", "no password belongs in it"),
        ("postgresql://me@db/facts?passw=zzsecretzz", "cannot be read as the name of a database"),
    ],
)
def test_the_doctor_judges_no_folder_where_the_name_of_a_database_cannot_be_read(
    mentoring: Verb, name: str, said: str
) -> None:
    done = mentoring("doctor", "--json", MENTORING_DATABASE=name)
    found = findings(done)
    assert done.exit_code == 1
    assert found.keys() == {"settings", "versions", "nats-server"}
    (only,) = found["settings"]
    assert said in only["said"]
    assert "zzsecretzz" not in done.output


def test_the_doctor_misses_the_master_key(mentoring: Verb, data: Path, names: dict[str, str]) -> None:
    begin(data)
    (found,) = findings(mentoring("doctor", "--json", MENTORING_MASTER_KEY_FILE="/nowhere/master.key"))[
        "master key"
    ]
    assert found["grade"] == "trouble"
    assert found["said"] == "there is no /nowhere/master.key, and all keys are wrapped by it"
