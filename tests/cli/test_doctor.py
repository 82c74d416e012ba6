"""The doctor looks at folders that are damaged in every way, and says what is wrong and what to do."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.cli.conftest import run, silent_for_long, up
from workflow.errors import Conflict
from workflow.folder import Folder
from workflow.projections.examined import ANEW

Damage = Callable[[Folder], object]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor") / "sound"
    silent_for_long(folder)
    for file in folder.iterdir():
        file.chmod(0o600)  # as the umask of every verb has it
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Folder:
    """A copy to be damaged."""
    return Folder(Path(shutil.copytree(sound, tmp_path / "data")))


def looked_at(data: Path, env: dict[str, str] | None = None) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """What the doctor ends with, and what it found by what that is about."""
    result = run("doctor", "--json", "--data", data, env=env)
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert document["well"] == (result.exit_code == 0)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in document["findings"]:
        assert (one["todo"] is None) == (one["grade"] == "ok")
        found.setdefault(one["about"], []).append(one)
    return result.exit_code, found


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def in_the_log(*statements: str) -> Damage:
    return lambda folder: sql(folder.events, *statements)


def scribbled(path: Path) -> None:
    """A page in the middle that is no page."""
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 8192 * 4096
    whole[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(whole)


def torn(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


LAST = "WHERE rowid = (SELECT max(rowid) FROM stored_events)"
SAID = "UPDATE stored_events SET state = replace(CAST(state AS TEXT), '2026-',"


def test_a_sound_folder_has_nothing_in_trouble_and_is_left_as_it_is(folder: Folder) -> None:
    before = {one.name: one.read_bytes() for one in folder.path.iterdir() if one.is_file()}
    code, found = looked_at(folder.path)
    assert code == 0
    assert {
        "settings",
        "versions",
        "SQLite",
        "nats-server",
        "folder",
        "disk",
        "events.db",
        "keys.db",
    } <= found.keys()
    assert {
        "views.db",
        "master key",
        "log",
        "clock",
        "receipts",
        "projections",
        "service",
        "broker",
    } <= found.keys()
    assert {one.name: one.read_bytes() for one in folder.path.iterdir() if one.name in before} == before
    text = run("doctor", "--data", folder.path)
    assert (text.exit_code, "0 in trouble" in text.stdout) == (0, True)


@pytest.mark.parametrize(
    ("about", "grade", "said", "damage"),
    [
        ("log", "trouble", "follows position", in_the_log("DELETE FROM stored_events WHERE rowid = 3")),
        ("log", "trouble", "has version 99", in_the_log(
            f"UPDATE stored_events SET originator_version = 99 {LAST}")),
        ("log", "trouble", "cannot be read", in_the_log("UPDATE stored_events SET state = x'7b' WHERE rowid = 2")),
        ("log", "trouble", "a name that this version", in_the_log(
            "UPDATE stored_events SET topic = 'm.other.v9' WHERE rowid = 2")),
        ("log", "trouble", "recorded before", in_the_log(f"{SAID} '2025-') WHERE rowid = 4")),
        ("clock", "trouble", "the last event is of 2126", in_the_log(
            "DELETE FROM clock", f"{SAID} '2126-') {LAST}")),
        ("receipts", "trouble", "7 were counted", in_the_log("INSERT INTO counts VALUES ('applied', 7)")),
        ("receipts", "trouble", "0 bodies are kept", in_the_log(
            "INSERT INTO receipts (upstream, seq, digest, disposition, first) VALUES (1, 1, x'00', 'parked', 0)",
            "INSERT INTO counts VALUES ('parked', 1)")),
        ("events.db", "trouble", "damaged", lambda folder: scribbled(folder.events)),
        ("events.db", "trouble", "SQLite cannot read it", lambda folder: torn(folder.events)),
        ("keys.db", "trouble", "SQLite cannot read it", lambda folder: torn(folder.keys)),
        ("views.db", "trouble", "SQLite cannot read it", lambda folder: torn(folder.views)),
        ("folder", "trouble", "events.db is missing", lambda folder: folder.events.unlink()),
        ("folder", "trouble", "keys.db is missing", lambda folder: folder.keys.unlink()),
        ("folder", "trouble", "master.key is missing", lambda folder: folder.master_key.unlink()),
        ("folder", "trouble", "nothing is kept in", lambda folder: [folder.events.unlink(), folder.views.unlink()]),
        ("folder", "trouble", "there is no folder", lambda folder: shutil.rmtree(folder.path)),
        ("folder", "trouble", "others may write to", lambda folder: folder.path.chmod(0o777)),
        ("folder", "warning", "others may read", lambda folder: folder.events.chmod(0o644)),
        ("folder", "trouble", "leads to nothing", lambda folder: (folder.path / "keys.db-old").symlink_to("nowhere")),
        ("folder", "trouble", "views.db leads to", lambda folder: [
            folder.views.unlink(), folder.views.symlink_to("nowhere")]),
        ("master key", "trouble", "others may read", lambda folder: folder.master_key.chmod(0o644)),
        ("master key", "trouble", "it is not the one", lambda folder: folder.master_key.write_bytes(b"k" * 32)),
        ("master key", "trouble", "no master key of 32 bytes", lambda folder: folder.master_key.write_bytes(b"k")),
        ("projections", "trouble", "paused by a failure on event 3", lambda folder: sql(
            folder.views, "UPDATE projections SET state = 'paused', failed_at = 3 WHERE name = 'goals'")),
        ("projections", "warning", "goals was paused by me", lambda folder: sql(
            folder.views, "UPDATE projections SET state = 'paused', paused_by = 'me' WHERE name = 'goals'")),
        ("projections", "trouble", "was an older copy restored?", lambda folder: sql(
            folder.views, "UPDATE projections SET position = 1000 WHERE name = 'goals'")),
        ("projections", "trouble", "columns of another version", lambda folder: sql(
            folder.views, "UPDATE projections SET shape = 'x' WHERE name = 'goals'")),
        ("projections", "warning", "goals was never folded", lambda folder: sql(
            folder.views, "DELETE FROM projections WHERE name = 'goals'")),
    ],
)  # fmt: skip
def test_whatever_is_damaged_is_told_with_what_to_do_and_all_else_is_still_looked_at(
    folder: Folder, about: str, grade: str, said: str, damage: Damage
) -> None:
    damage(folder)
    code, found = looked_at(folder.path)
    (one,) = [one for one in found[about] if said in one["said"]]
    assert (one["grade"], code) == (grade, 1 if grade == "trouble" else 0)
    assert {"settings", "versions", "disk", "service", "broker"} <= found.keys()


def test_a_damaged_log_leaves_the_keys_and_the_views_to_be_looked_at(folder: Folder) -> None:
    torn(folder.events)
    _, found = looked_at(folder.path)
    for about, grade in (("keys.db", "ok"), ("views.db", "ok"), ("master key", "ok"), ("log", "trouble")):
        assert [one["grade"] for one in found[about]] == [grade], about
    assert "it could not be looked at (DatabaseError)" in found["log"][0]["said"]


def test_what_cannot_be_looked_at_is_told_with_what_to_do_about_that_alone(folder: Folder) -> None:
    torn(folder.views)
    token = folder.path / "no.token"
    env = {"MENTORING_NATS": "nats://127.0.0.1:1", "MENTORING_NATS_TOKEN_FILE": str(token)}
    _, found = looked_at(folder.path, env)
    assert {one["todo"] for about in ("views.db", "projections") for one in found[about]} == {ANEW}
    (broker,) = found["broker"]
    assert (str(token) in broker["said"], "backup" in broker["todo"]) == (True, False)


def test_settings_that_do_not_fit_keep_it_from_nothing(folder: Folder) -> None:
    code, found = looked_at(folder.path, {"MENTORING_ZONE": "Nowhere/At-All"})
    assert (code, "MENTORING_ZONE" in found["settings"][0]["said"]) == (1, True)
    assert found["log"][0]["grade"] == "ok"
    code, found = looked_at(folder.path, {"MENTORING_TOKEN_FILE": str(folder.path / "no.token")})
    assert (code, "cannot be read" in found["settings"][0]["said"]) == (1, True)


def test_secrets_of_hooks_are_looked_at_and_none_is_shown(folder: Folder, tmp_path: Path) -> None:
    secrets, secret = tmp_path / "secrets", "a-secret-of-some-length"
    env = {"MENTORING_HOOK_SECRETS": str(secrets)}

    def hooks() -> tuple[int, list[tuple[str, str]]]:
        result = run("doctor", "--json", "--data", folder.path, env=env)
        assert secret not in result.output
        found = json.loads(result.stdout)["findings"]
        return result.exit_code, [(one["grade"], one["said"]) for one in found if one["about"] == "hooks"]

    code, ((grade, said),) = hooks()
    assert (code, grade, "cannot be read" in said) == (1, "trouble", True)
    secrets.mkdir(mode=0o700)
    for name in ("calcom", "calendly"):
        (secrets / name).write_text(secret, "utf-8")
        (secrets / name).chmod(0o600)
    code, ((grade, said),) = hooks()
    assert (code, grade) == (0, "ok")
    assert said == "by these settings open with a secret of their own: calcom, calendly; closed: icalendar"
    (secrets / "calcom").chmod(0o644)
    (secrets / "calendly").write_text("short", "utf-8")
    secrets.chmod(0o777)
    code, found = hooks()
    assert (code, [grade for grade, _ in found]) == (1, ["trouble", "trouble", "warning"])
    for (_, said), words in zip(
        found, ("others may read", "has to be one word", "others may put"), strict=True
    ):
        assert words in said
    secrets.chmod(0o700)
    (secrets / "calendar").touch()
    code, ((grade, said),) = hooks()
    assert (code, grade, "there is no hook calendar" in said) == (1, "trouble", True)
    env.clear()
    assert hooks()[1][0][1].startswith("by these settings open with a secret of their own: none")


def test_whoever_looks_keeps_no_service_from_starting(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = os.open(folder.path / "lock", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_SH)  # in the middle of a look
    looks: list[float] = []

    def look_away(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            os.close(lock)

    monkeypatch.setattr("workflow.folder.time.sleep", look_away)
    with folder:
        assert len(looks) == 2
        assert Folder(folder.path).held()
        with pytest.raises(Conflict, match=f"in use by process {os.getpid()}"):
            Folder(folder.path).hold()
        assert len(looks) == 2  # who holds it is told of at once
    assert not Folder(folder.path).held()


def test_a_disk_that_is_nearly_full_is_told_of(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, grade in ((100 * 1024**2, "trouble"), (1024**3, "warning"), (100 * 1024**3, "ok")):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: _Usage(free))
        assert looked_at(folder.path)[1]["disk"][0]["grade"] == grade


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


@pytest.mark.parametrize(("version", "grade"), [((3, 51, 2), "warning"), ((3, 51, 3), "ok")])
def test_a_sqlite_with_the_race_is_told_of(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], grade: str
) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", version)
    assert looked_at(folder.path)[1]["SQLite"][0]["grade"] == grade


def test_beside_a_running_service_it_looks_at_that_and_its_broker_too(folder: Folder) -> None:
    with up(folder.path) as running:
        code, found = looked_at(folder.path)
        assert (code, "and is well" in found["service"][0]["said"]) == (0, True)
        assert "0 messages are not taken in yet" in found["broker"][0]["said"]
        run("projections", "pause", "goals", "--data", folder.path)
        code, found = looked_at(folder.path)
        said = [one["said"] for some in found.values() for one in some]
        assert (code, sum("goals was paused by" in one for one in said)) == (0, 1), said
        assert "and is well, but for what is told above" in found["service"][0]["said"]
        run("projections", "resume", "goals", "--data", folder.path)
        running.process.send_signal(signal.SIGSTOP)
        try:
            assert "does not answer at" in looked_at(folder.path)[1]["service"][0]["said"]
        finally:
            running.process.send_signal(signal.SIGCONT)
        running.stop(signal.SIGKILL)
    assert "the last one was killed" in looked_at(folder.path)[1]["service"][0]["said"]


class Listener:
    """Somebody's NATS server, who keeps whatever is told to it."""

    def __enter__(self) -> Listener:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.heard = b""
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    connection.sendall(b'INFO {"auth_required":true,"max_payload":1048576}\r\n')
                    self.heard += connection.recv(4096)
                    connection.sendall(b"-ERR 'Authorization Violation'\r\n")

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of whoever looks, which no service was to read."""
    file = tmp_path / "secret"
    file.write_text("a-secret-of-whoever-looks")
    file.chmod(0o600)
    return file


def forged(folder: Folder, listener: Listener, **more: str) -> None:
    """What a folder says of its service, as whoever may write there has it."""
    told: dict[str, object] = {
        "instance": str(UUID(int=7)),
        "pid": 1,
        "http": f"http://127.0.0.1:{listener.port}",
    }
    told |= {"nats": f"nats://127.0.0.1:{listener.port}", "clock": "real", "data": str(folder.path), **more}
    folder.address_file.write_text(json.dumps(told))


@pytest.mark.parametrize("theirs", ["it belongs to another", "others may write to it"])
def test_what_a_folder_says_that_is_not_ours_alone_is_not_believed(
    folder: Folder, secret: Path, theirs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy2(secret, folder.nats_token)
    with Listener() as listener, folder:
        forged(folder, listener, nats_token_file=str(folder.nats_token))
        if theirs == "others may write to it":
            folder.path.chmod(0o770)
        else:
            monkeypatch.setattr("os.geteuid", lambda: 4711)
        _, found = looked_at(folder.path)
        monkeypatch.undo()
    for about in ("service", "broker"):
        ((grade, said),) = [(one["grade"], one["said"]) for one in found[about]]
        assert (grade, "not yours alone" in said) == ("warning", True)
    assert listener.heard == b""


def test_no_file_but_its_own_or_a_named_one_is_taken_for_the_token_of_the_broker(
    folder: Folder, secret: Path
) -> None:
    with Listener() as listener, folder:
        forged(folder, listener, nats_token_file=str(secret))
        _, found = looked_at(folder.path)
        assert "MENTORING_NATS_TOKEN_FILE" in found["broker"][0]["todo"]
        assert secret.read_bytes() not in listener.heard
        looked_at(folder.path, {"MENTORING_NATS_TOKEN_FILE": str(secret)})
        assert secret.read_bytes() in listener.heard


def test_a_broker_elsewhere_that_does_not_answer_is_in_trouble(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.consumers.transport.examined._PATIENCE", 0.2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        env = {"MENTORING_NATS": f"nats://127.0.0.1:{taken.getsockname()[1]}"}
        code, found = looked_at(folder.path, env)
    assert (code, "does not answer" in found["broker"][0]["said"]) == (1, True)
    assert "nats-server" not in found


def test_it_is_told_in_a_table_with_what_to_do_below(folder: Folder) -> None:
    folder.keys.unlink()
    result = run("doctor", "--data", folder.path)
    lines = [line.split() for line in result.stdout.splitlines()]
    (at,) = [number for number, line in enumerate(lines) if line[:2] == ["trouble", "folder"]]
    assert lines[at + 1][0] == "→"
    assert (result.exit_code, lines[-1][:3]) == (1, ["1", "in", "trouble,"])
