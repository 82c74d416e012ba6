"""The log as a file, and the file as a log: nothing is lost, nothing is opened, and nothing unfit gets in."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.carrying import DIRECTORY, IN_THREES, at, exported, log_of, remade, rows, with_keys
from tests.cli.conftest import run, silent_for_long, told, up
from tests.patience import PATIENCE
from tests.web.conftest import ADA, AS_COORDINATOR, AS_MENTOR, AS_OPERATOR, GRACE, PARTIES
from workflow.app.importing import bring_in
from workflow.cli.desk import Desk
from workflow.demo.stage import publisher, service
from workflow.folder import Folder
from workflow.lifecycle import offline
from workflow.projections.running.runner import Runner
from workflow.settings import Settings
from workflow.threads import Waited
from workflow.web.api import create_app


def test_a_log_comes_back_as_it_was_with_all_that_decisions_need(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    before = told("verify", "--data", data)
    file = exported(tmp_path, data)
    other = with_keys(data, tmp_path / "other")
    found = told("events", "import", file, "--data", other)
    assert (found["known"], found["appended"], found["closed"]) == (0, found["events"], 0)
    assert log_of(other) == log_of(data)
    for table in DIRECTORY:
        assert rows(other, table) == rows(data, table), table
    after = told("verify", "--data", other)
    assert (after["equal"], after["hash"]) == (True, before["hash"])
    assert exported(tmp_path, other, "again.jsonl").read_bytes() == file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600


def test_each_line_is_a_cloud_event_and_nothing_in_it_is_opened(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    text = exported(tmp_path, data).read_text(encoding="utf-8")
    first, *events, last = [json.loads(line) for line in text.splitlines()]
    assert (first["type"], last["type"]) == ("mentoring.log.begins.v1", "mentoring.log.ends.v1")
    assert last["data"]["events"] == len(events) == first["data"]["until"]
    assert [int(event["position"]) for event in events] == list(range(1, len(events) + 1))
    assert all(event["specversion"] == "1.0" and event["id"] and event["source"] for event in events)
    (opening,) = [event for event in events if event["type"] == "mentoring.relationship_opened.v1"]
    assert opening["source"] == f"urn:mentoring:stream:{relationship}"
    assert opening["data"]["event"]["parties"][0]["identities"][0].startswith("1.person.")
    assert "ada@example.org" not in text


def test_a_service_goes_on_with_what_was_brought_in(tmp_path: Path, data: Path, relationship: str) -> None:
    def meeting(id: str, uid: str) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "type": "mentoring.meeting.scheduled.v1",
            "source": "/calendar",
            "id": id,
            "time": "2026-03-01T00:00:00Z",
            "data": {
                "uid": uid,
                "parties": ["email:ada@example.org", "email:grace@example.org"],
                "starts_at": "2026-03-04T09:00:00Z",
                "ends_at": "2026-03-04T10:00:00Z",
            },
        }

    def send(http: Any, *events: dict[str, Any]) -> dict[str, Any]:
        received = http.get("/v1/intake").json()["received"]
        headers = {"content-type": "application/cloudevents-batch+json"}
        assert http.post("/v1/events", json=events, headers=headers).status_code == 202
        while (counts := http.get("/v1/intake").json())["received"] < received + len(events):
            pass
        assert isinstance(counts, dict)
        return counts

    with up(data) as running, running.client() as http:
        assert send(http, meeting("1", "first"))["applied"] == 1
        running.stop()
    other = with_keys(data, tmp_path / "other")
    told("events", "import", exported(tmp_path, data, "log.jsonl.gz"), "--data", other)
    with up(other) as running, running.client() as http:
        base = f"/v1/relationships/{relationship}"
        # Its receipt was not brought along: it is decided again, and comes to nothing new.
        counts = send(http, meeting("1", "first"), meeting("2", "second"))
        assert (counts["waiting"], counts["parked"]) == (0, 0)
        assert http.get(base, params={"after": counts["position"]}).json()["state"] == "stagnation"
        meetings = http.get(f"{base}/meetings").json()["meetings"]
        assert sorted(one["meeting"] for one in meetings) == ["first", "second"]
        names = [event["name"] for event in http.get(f"{base}/timeline").json()["events"]]
        assert names.count("mentoring.meeting_scheduled.v1") == 2
        walk = {"what": "walk", "who": str(ADA), "by_when": "2026-04-01T00:00:00Z"}
        look = {"measures": [walk, walk]}
        looked = http.post(f"{base}/fresh-looks", json=look, headers=AS_MENTOR)
        assert looked.status_code == 201, looked.text
        closing_ = {"manner": "planned_held", "reason": "goals_met"}
        closed = http.post(f"{base}/closure", json=closing_, headers=AS_COORDINATOR)
        assert closed.json()["state"] == "closure", closed.text
        assert http.post("/v1/verify", headers=AS_OPERATOR).json()["equal"]
        running.stop()
    result = run("events", "import", tmp_path / "log.jsonl.gz", "--data", other)
    assert (result.exit_code, "0 appended" in result.stdout) == (0, True)


def test_without_the_keys_identities_stay_closed_until_the_file_is_imported_again_beside_them(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    file, other = exported(tmp_path, data), tmp_path / "other"
    result = run("events", "import", file, "--unauthenticated", "--data", other)
    assert "2 identities stay closed" in result.stdout
    assert rows(other, "identities") == []
    assert run("verify", "--data", other).exit_code == 0
    for kept in (Folder(data).keys, Folder(data).master_key):
        shutil.copy2(kept, other)
    assert told("events", "import", file, "--data", other)["closed"] == 0
    assert rows(other, "identities") == rows(data, "identities")


def test_part_of_a_log_goes_behind_what_is_there(tmp_path: Path, data: Path, relationship: str) -> None:
    first, rest = tmp_path / "first.jsonl", tmp_path / "rest.jsonl.gz"
    other = with_keys(data, tmp_path / "other")
    assert told("events", "export", first, "--until", 4, "--data", data)["events"] == 4
    told("events", "export", rest, "--beyond", 3, "--data", data)
    early = run("events", "import", rest, "--data", other)
    assert (early.exit_code, "bring in what lies between" in early.stderr) == (1, True)
    assert not Folder(other).events.exists()
    assert told("events", "import", first, "--data", other)["head"] == 4
    found = told("events", "import", rest, "--data", other)
    assert found["known"] == 1
    assert log_of(other) == log_of(data)


def test_a_dry_run_writes_nothing(tmp_path: Path, data: Path, relationship: str) -> None:
    file, other = exported(tmp_path, data), tmp_path / "other"
    words = ("events", "import", file, "--dry-run", "--unauthenticated", "--data", other)
    assert told(*words)["appended"] == len(log_of(data))
    assert not other.exists()
    with_keys(data, other)
    found = told("events", "import", file, "--dry-run", "--data", other)
    assert (found["dry_run"], found["appended"]) == (True, found["events"])
    assert not Folder(other).events.exists()


def test_standard_output_and_input_serve_as_files(tmp_path: Path, data: Path, relationship: str) -> None:
    mentoring, other = f"{sys.executable} -m workflow.cli events", with_keys(data, tmp_path / "other")
    through = f"{mentoring} export - --data {data} | {mentoring} import - --json --data {other}"
    piped = subprocess.run(["bash", "-c", through], capture_output=True, text=True, timeout=240, check=True)
    assert json.loads(piped.stdout)["appended"] == len(log_of(data))
    assert piped.stderr.startswith(f"{len(log_of(data))} events exported")
    assert log_of(other) == log_of(data)


def _moved(event: bytes, position: int, version: int) -> bytes:
    place = b'"position":"%d","version":"%d"' % (position, version)
    return re.sub(rb'"position":"\d+","version":"\d+"', place, event)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that was exported once, for those who damage copies of it."""
    folder = tmp_path_factory.mktemp("whole")
    silent_for_long(folder / "data")
    exported(folder, folder / "data", "log.jsonl.gz")
    return exported(folder, folder / "data")


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("line 4: position 3 is to come here, and 4 does", lambda events: [*events[:2], *events[3:]]),
        ("line 4: version 1 of its stream is to come here", at(2, b'"version":"1"', b'"version":"2"')),
        ("fit the schema of mentoring.relationship_opened.v1", at(2, b'"onboarding"', b'"elsewhere"')),
        ("identities.0 is not sealed, as it has to be", at(2, b'"1.person[^"]*"', b'"email:ada@example.org"')),
        ("parties.0.identities.0 is not sealed", at(2, b'"(1.person.[0-9a-f-]*)[^"]*"', rb'"\1.AAAA"')),
        ("line 4: a stream begins", lambda events: [*events[:2], _moved(events[3], 3, 1), *events[4:]]),
        ("line 5: a stream begins", lambda events: [*events[:3], _moved(events[2], 4, 2), *events[4:]]),
        ("does not know; run a newer one", at(0, b'"mentoring.programme_opened.v1"', b'"mentoring.begun.v7"')),
        ("line 2: the line does not have the form", at(0, b'"type":', b'"type": ')),
        ("recorded before the event before it", at(-1, b'"recorded_at":"2026', b'"recorded_at":"2025')),
        ("line 2: this is no JSON", lambda events: [b"{\n", *events[1:]]),
        ("line 2: this is no CloudEvent", lambda events: [b"[]\n", *events[1:]]),
        ("line 2: the source names no stream", at(0, b":stream:", b":stream:x")),
        ("line 2: position and version are whole", at(0, b'"position":"1"', b'"position":"-1"')),
    ],
)  # fmt: skip
def test_a_line_that_does_not_fit_refuses_the_whole_file(
    tmp_path: Path, whole: Path, why: str, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    file = remade(tmp_path, whole, change)
    result = run("events", "import", file, "--unauthenticated", "--data", tmp_path / "other")
    assert result.exit_code == 2
    assert result.stderr.startswith("mentoring: line ")
    assert why in result.stderr
    assert "ada@example.org" not in result.stderr
    assert not Folder(tmp_path / "other").events.exists()


@pytest.mark.parametrize(
    ("name", "damage", "why"),
    [
        ("log.jsonl", lambda whole: whole[: len(whole) // 2], "torn within this line"),
        ("log.jsonl", lambda whole: whole[: whole.rstrip().rindex(b"\n") + 1], "its last line is missing"),
        ("log.jsonl", lambda whole: whole.replace(b"Europe/Helsinki", b"Europe/Tallinn"), "their hash differs"),
        ("log.jsonl", lambda whole: whole + b"{}\n", "more behind the last line"),
        ("log.jsonl", lambda whole: b"", "this is no JSON"),
        ("log.jsonl", lambda whole: b'{"type":"other"}\n', "its first line is missing"),
        ("log.jsonl.gz", lambda whole: whole[: len(whole) // 2], "cannot be read on"),
        ("log.jsonl.gz", gzip.decompress, "cannot be read on"),
    ],
)  # fmt: skip
def test_a_torn_file_is_noticed(
    tmp_path: Path, whole: Path, name: str, damage: Callable[[bytes], bytes], why: str
) -> None:
    file, other = tmp_path / name, with_keys(whole.with_name("data"), tmp_path / "other")
    file.write_bytes(damage(whole.with_name(name).read_bytes()))
    result = run("events", "import", file, "--data", other)
    assert (result.exit_code, why in result.stderr) == (2, True), result.stderr
    assert not Folder(other).events.exists()


def of_a_real_clock(file: Path) -> Path:
    """The file, as if no simulated clock had told its times."""
    first = file.read_bytes().partition(b"\n")[0]
    file.write_bytes(
        file.read_bytes().replace(first, re.sub(rb'"instant":"[^"]*"', b'"instant":null', first))
    )
    return file


def test_a_fact_of_a_day_to_come_is_refused_for_time_never_goes_back(tmp_path: Path, whole: Path) -> None:
    file = of_a_real_clock(Path(shutil.copy2(whole, tmp_path)))
    changed = remade(tmp_path, file, at(-1, b'"recorded_at":"2026', b'"recorded_at":"2190'))
    result = run("events", "import", changed, "--unauthenticated", "--data", tmp_path / "other")
    assert (result.exit_code, "a day that is yet to come" in result.stderr) == (2, True), result.stderr
    assert not Folder(tmp_path / "other").events.exists()


def test_what_is_of_another_kind_of_clock_goes_behind_no_log(tmp_path: Path, whole: Path) -> None:
    other = tmp_path / "other"
    real = remade(tmp_path, of_a_real_clock(Path(shutil.copy2(whole, tmp_path))), lambda events: events)
    assert run("events", "import", real, "--unauthenticated", "--data", other).exit_code == 0
    result = run("events", "import", whole, "--unauthenticated", "--data", other)
    assert (result.exit_code, "another kind of clock" in result.stderr) == (1, True), result.stderr
    assert rows(other, "clock") == []


def test_a_log_that_differs_is_refused_at_the_first_line_that_does(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    file, other = exported(tmp_path, data), with_keys(data, tmp_path / "other")
    told("events", "export", tmp_path / "first.jsonl", "--until", 4, "--data", data)
    told("events", "import", tmp_path / "first.jsonl", "--data", other)
    changed = remade(tmp_path, file, at(3, b'"self_reported"', b'"observed"'))
    result = run("events", "import", changed, "--unauthenticated", "--data", other)
    assert result.exit_code == 1
    assert "line 5: another event stands at position 4 here" in result.stderr
    assert len(log_of(other)) == 4


def test_what_is_killed_meanwhile_has_brought_in_whole_pages_and_goes_on_behind_them(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    file, other = exported(tmp_path, data), with_keys(data, tmp_path / "other")
    command = [sys.executable, "-c", IN_THREES, "events", "import", str(file), "--json", "--data", str(other)]
    for place, there in (("commit.before:2", 3), ("commit.after:1", 6)):
        killed = subprocess.run(
            command, env=os.environ | {"MENTORING_FAILPOINTS": place}, check=False, timeout=240
        )
        assert killed.returncode == -signal.SIGKILL
        assert len(log_of(other)) == there
    done = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout)
    assert done["known"] == 6
    assert log_of(other) == log_of(data)
    for table in DIRECTORY:
        assert rows(other, table) == rows(data, table), table


def test_ctrl_c_ends_it_between_two_pages(
    tmp_path: Path, data: Path, relationship: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = exported(tmp_path, data), with_keys(data, tmp_path / "other")
    given_up, give_up = threading.Event(), Waited.give_up

    def heard(waited: Waited) -> None:
        give_up(waited)
        given_up.set()

    def press(place: str) -> None:
        if place == "commit.before":
            os.kill(os.getpid(), signal.SIGINT)
            assert given_up.wait(PATIENCE)

    with monkeypatch.context() as patched:
        patched.setattr("workflow.store.checked.PAGE", 3)
        patched.setattr("workflow.store.imported.hit", press)
        patched.setattr(Waited, "give_up", heard)
        result = run("events", "import", file, "--data", other)
    said = "what has come in stays; the same again goes on from there\nmentoring: interrupted\n"
    assert (result.exit_code, result.stderr) == (130, said)
    assert len(log_of(other)) == 3
    told("events", "import", file, "--data", other)
    assert log_of(other) == log_of(data)


def test_ctrl_c_while_keys_are_looked_at_gives_nobody_back_what_was_taken_from_them(
    tmp_path: Path, data: Path, relationship: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def remove() -> None:
        async with offline(Settings(data=data)) as service:
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                path = f"/v1/relationships/{relationship}/parties/{ADA}/identities/removal"
                removed = {"identity": "email:ada@example.org"}
                assert (await http.post(path, json=removed, headers=AS_MENTOR)).status_code == 201

    def pressed(doing: str, done: int, total: int | None) -> None:
        if doing == "looking at keys":
            raise KeyboardInterrupt

    asyncio.run(remove())
    file, before = exported(tmp_path, data), rows(data, "identities")
    assert len(before) == 1
    monkeypatch.setattr("workflow.store.imported.PAGE", 3)
    with pytest.raises(KeyboardInterrupt):
        bring_in(Settings(data=data), lambda: file.open("rb"), dry_run=False, heed=pressed)
    assert rows(data, "identities") == before
    assert told("events", "import", file, "--data", data)["closed"] == 0
    assert rows(data, "identities") == before


def test_a_running_service_exports_itself_and_takes_nothing_in(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    file = exported(tmp_path, data)
    with up(data) as running:
        assert exported(tmp_path, data, "live.jsonl").read_bytes() == file.read_bytes()
        refused = run("events", "import", file, "--data", data)
        assert (refused.exit_code, "in use by process" in refused.stderr) == (3, True)
        with running.client() as http:
            assert http.get("/v1/events/export").json()["code"] == "actor_missing"
            for who in (AS_COORDINATOR, AS_MENTOR):
                assert http.get("/v1/events/export", headers=who).json()["code"] == "not_an_operator"
        code, said = running.stop()
    assert code == 0
    assert "events 1 to " in said
    assert "exported, by service 00000000" in said


def test_what_is_recorded_meanwhile_is_not_in_the_file(
    tmp_path: Path, data: Path, relationship: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Desk.get_as
    with up(data) as running, running.client() as http:

        async def ask_and_write(at: Desk, path: str, by: str | None, **query: object) -> Any:
            page = await ask(at, path, by, **query)
            opening = {"parties": PARTIES}
            assert http.post("/v1/relationships", json=opening, headers=AS_COORDINATOR).status_code == 201
            return page

        before = http.get("/v1/intake").json()["position"]
        monkeypatch.setattr("workflow.cli.log_file.LONGEST_PAGE", 3)
        monkeypatch.setattr(Desk, "get_as", ask_and_write)
        found = told("events", "export", tmp_path / "log.jsonl", "--data", data)
        assert http.get("/v1/intake").json()["position"] > before
        running.stop()
    assert (found["events"], found["until"]) == (before, before)
    checked = told("events", "import", tmp_path / "log.jsonl", "--dry-run", "--data", data)
    assert (checked["known"], checked["appended"]) == (before, 0)


def test_who_was_to_be_forgotten_stays_so(tmp_path: Path, data: Path, relationship: str) -> None:
    def known(folder: Path) -> list[bytes]:
        return [person for _, person in rows(folder, "identities")]

    early = with_keys(data, tmp_path / "early")
    with up(data) as running, running.client() as http:
        path = f"/v1/relationships/{relationship}/parties/{ADA}/destruction"
        assert http.post(path, json={"identities": True}, headers=AS_MENTOR).status_code == 201
        while not any(done for *_, done in rows(data, "destructions")):
            pass
        running.stop()
    assert known(data) == [GRACE.bytes]
    file = exported(tmp_path, data)
    # An older copy of the keys opens the identity once more, and it is forgotten all the same.
    assert run("events", "import", file, "--data", early).exit_code == 0
    assert known(early) == [GRACE.bytes]
    assert rows(early, "destructions") == rows(data, "destructions")
    assert run("today", "--data", early).exit_code == 0
    assert "destroyed" not in run("events", "import", file, "--data", early).stderr
    assert known(early) == [GRACE.bytes]


def test_a_folder_that_has_to_be_folded_first_tells_how_far_that_is(
    data: Path, relationship: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Folder(data).views.unlink()
    monkeypatch.setattr("workflow.lifecycle._AGAIN", 0)
    seen: list[tuple[int, int]] = []
    told, step = threading.Event(), Runner.step

    def once_it_was_told(runner: Runner) -> bool:
        told.wait(PATIENCE)
        return step(runner)

    def heed(done: int, head: int) -> None:
        seen.append((done, head))
        told.set()

    monkeypatch.setattr(Runner, "step", once_it_was_told)

    async def look() -> None:
        async with offline(Settings(data=data), heed=heed):
            pass

    asyncio.run(look())
    assert seen
    assert {head for _, head in seen} == {len(log_of(data))}


def test_a_file_that_is_there_is_not_written_over_and_one_that_cannot_be_written_is_told_of(
    tmp_path: Path, data: Path, relationship: str
) -> None:
    file = tmp_path / "kept.jsonl"
    file.write_text("mine")
    refused = run("events", "export", file, "--data", data)
    assert (refused.exit_code, "is there already" in refused.stderr, file.read_text()) == (1, True, "mine")
    nowhere = run("events", "export", tmp_path / "no" / "where.jsonl", "--data", data)
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (3, True)
    beyond = run("events", "export", tmp_path / "none.jsonl", "--beyond", 1000, "--data", data)
    assert (beyond.exit_code, "the log ends at" in beyond.stderr) == (2, True)
    assert run("events", "import", tmp_path / "none.jsonl", "--data", tmp_path / "other").exit_code == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data", "kept.jsonl"]


def test_a_demonstration_comes_back_as_it_was(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        words = [
            "--relationships",
            "8",
            "--months",
            "5",
            "--seed",
            "7",
            "--truth",
            str(tmp_path / "truth.json"),
        ]
        with publisher(running, words) as playing:
            assert list(playing)
        data, file = Path(running.data), exported(tmp_path, Path(running.data))
    other = with_keys(data, tmp_path / "other")
    told("events", "import", file, "--data", other)
    for table in DIRECTORY:
        assert rows(other, table) == rows(data, table), table
    before, after = told("verify", "--data", data), told("verify", "--data", other)
    assert (after["equal"], after["hash"]) == (True, before["hash"])
