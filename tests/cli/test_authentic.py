"""A file is taken where nobody has changed it since it was exported, and never where it tells what cannot be."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from tests.cli.carrying import at, exported, log_of, remade, with_keys
from tests.cli.conftest import run, silent_for_long, told
from tests.web.conftest import ADA, AS_MENTEE, AS_MENTOR, GRACE
from workflow.app.importing import log_key
from workflow.errors import Stopped
from workflow.folder import Folder
from workflow.lifecycle import offline
from workflow.settings import Settings
from workflow.web.api import create_app

PERSONS = b'"person":"%b"' % str(ADA).encode(), b'"person":"%b"' % str(UUID(int=7)).encode()
YEARS = b'(time":"|occurred_at":")2026', rb"\g<1>9026"
ASKED = b'"asked_at":null', b'"asked_at":"0001-01-01T00:00:00Z"'
COUNTS = b'"version":1,"document', b'"version":%d,"document' % 2**63
CHANGED = "was not exported under the master key that is here, or was changed since"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log in which both asked for help in private, exported once; its folder lies beside it."""
    folder = tmp_path_factory.mktemp("whole")
    relationship = silent_for_long(folder / "data")

    async def confide() -> None:
        async with offline(Settings(data=folder / "data")) as service:
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                base = f"/v1/relationships/{relationship}"
                for who in (AS_MENTEE, AS_MENTOR):
                    asked = await http.post(f"{base}/help", json={"message": "not easy"}, headers=who)
                    assert asked.status_code == 201, asked.text

    asyncio.run(confide())
    return exported(folder, folder / "data")


def of(events: list[bytes], kind: str) -> int:
    """The place of the first event of a kind."""
    return next(number for number, line in enumerate(events) if f'"mentoring.{kind}.v1"'.encode() in line)


def swapped(events: list[bytes]) -> list[bytes]:
    """What the mentee wrote, said to be the mentor's."""
    number = of(events, "help_asked")
    return at(number, str(GRACE).encode() + b'","mess', str(ADA).encode() + b'","mess')(events)


def appended(events: list[bytes]) -> list[bytes]:
    """Somebody has everything destroyed that the mentor wrote."""
    last = json.loads(events[-1])
    version = sum(json.loads(one)["source"] == last["source"] for one in events) + 1
    metadata = {**last["data"]["metadata"], "event_id": str(uuid4())}
    event = {
        "occurred_at": metadata["recorded_at"],
        "provenance": "observed",
        "person": str(ADA),
        "identities": True,
    }
    forged = {
        **last,
        "id": metadata["event_id"],
        "type": "mentoring.destruction_requested.v1",
        "time": event["occurred_at"],
        "position": str(len(events) + 1),
        "version": str(version),
        "data": {"metadata": metadata, "event": event},
    }
    return [*events, json.dumps(forged, separators=(",", ":")).encode() + b"\n"]


def until_one_more(file: Path) -> Path:
    """The file, with a first line that tells of one event more."""
    text = file.read_text("utf-8")
    file.write_text(re.sub(r'"until":(\d+)', lambda until: f'"until":{int(until[1]) + 1}', text, count=1))
    return file


@pytest.mark.parametrize(
    "change",
    [
        lambda events: events,
        at(0, b"Europe/Helsinki", b"Europe/Tallinn"),
    ],
    ids=["as it is", "of another zone"],
)
def test_a_file_whose_end_was_made_anew_is_refused(
    tmp_path: Path, whole: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    other = with_keys(whole.with_name("data"), tmp_path / "other")
    result = run("events", "import", remade(tmp_path, whole, change), "--data", other)
    assert (result.exit_code, CHANGED in result.stderr) == (2, True), result.output
    assert not Folder(other).events.exists()


def test_a_destruction_that_nobody_asked_for_destroys_nothing(tmp_path: Path, whole: Path) -> None:
    data = Path(shutil.copytree(whole.with_name("data"), tmp_path / "data"))
    before = log_of(data)
    longer = until_one_more(Path(shutil.copy2(whole, tmp_path)))
    forged = remade(tmp_path, longer, appended)
    result = run("events", "import", forged, "--data", data)
    assert (result.exit_code, CHANGED in result.stderr) == (2, True), result.output
    assert log_of(data) == before
    trusted = told("events", "import", forged, "--unauthenticated", "--dry-run", "--data", data)
    assert trusted["appended"] == 1


def test_of_another_master_key_or_of_none_it_is_taken_only_where_that_is_said(
    tmp_path: Path, whole: Path
) -> None:
    other = tmp_path / "other"
    none = run("events", "import", whole, "--data", other)
    assert (none.exit_code, "copy the master key of the service" in none.stderr) == (2, True), none.output
    assert not other.exists()
    other.mkdir(0o700)
    Folder(other).master_key.write_bytes(b"another master key of 32 bytes !")
    Folder(other).master_key.chmod(0o600)
    differs = run("events", "import", whole, "--data", other)
    assert (differs.exit_code, CHANGED in differs.stderr) == (2, True), differs.output
    found = told("events", "import", whole, "--unauthenticated", "--data", other)
    assert found["appended"] == len(log_of(whole.with_name("data")))


def test_one_that_ends_as_older_versions_end_it_is_taken_only_where_that_is_said(
    tmp_path: Path, whole: Path
) -> None:
    older, other = tmp_path / "older.jsonl", with_keys(whole.with_name("data"), tmp_path / "other")
    older.write_bytes(re.sub(rb',"mac":"[0-9a-f]{64}"', b"", whole.read_bytes()))
    refused = run("events", "import", older, "--data", other)
    assert (refused.exit_code, CHANGED in refused.stderr) == (2, True), refused.output
    assert told("events", "import", older, "--unauthenticated", "--data", other)["closed"] == 0


def test_a_key_that_lies_elsewhere_vouches_for_it_too(tmp_path: Path, whole: Path) -> None:
    (kept := tmp_path / "kept").mkdir()
    other = with_keys(whole.with_name("data"), tmp_path / "other")
    env = {"MENTORING_MASTER_KEY_FILE": str(Folder(other).master_key.rename(kept / "master.key"))}
    assert run("events", "import", whole, "--data", other, env=env).exit_code == 0
    again = tmp_path / "again.jsonl"
    assert run("events", "export", again, "--data", other, env=env).exit_code == 0
    assert again.read_bytes() == whole.read_bytes()
    with pytest.raises(Stopped, match="MENTORING_MASTER_KEY_FILE"):
        log_key(Settings(data=other))


def moved(kind: str, old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda events: at(of(events, kind), old, new)(events)


def twice(events: list[bytes]) -> list[bytes]:
    """The last event has the id of the one before it."""
    id, own = (json.loads(line)["id"].encode() for line in events[-2:])
    return [*events[:-1], events[-1].replace(own, id)]


def of_a_programme(events: list[bytes]) -> list[bytes]:
    """A programme's closing within the stream of a relationship."""
    line = json.loads(events[-1])
    event = {name: line["data"]["event"].get(name) for name in ("occurred_at", "by", "provenance", "policy")}
    line |= {
        "type": "mentoring.programme_closed.v1",
        "data": {"metadata": line["data"]["metadata"], "event": {**event, "dues": None}},
    }
    line["time"] = event["occurred_at"]
    return [*events[:-1], json.dumps(line, separators=(",", ":")).encode() + b"\n"]


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("sealed for the party that the event is said to be of", swapped),
        ("identities.0 was not sealed for the party", moved("relationship_opened", *PERSONS)),
        ("the id that its name gives", moved("programme_opened", b'"programme":"default"', b'"programme":"other"')),
        ("is opened nowhere before it", moved("relationship_opened", b'"programme":"default"', b'"programme":"other"')),
        ("never stand in one stream", of_a_programme),
        ("another event before it has its id", twice),
        ("line 2: there is no such time zone", moved("programme_opened", b"Europe/Helsinki", b"Europe/Nowhere")),
        ("line 4: there is no such time zone", moved("relationship_opened", b"Europe/Helsinki", b"../../etc/passwd")),
        ("occurred_at is a time between 1970 and 2200", moved("help_asked", *YEARS)),
        ("asked_at is a time between 1970 and 2200", moved("help_asked", *ASKED)),
        ("version is a whole number of at most 64 bits", moved("policy_adopted", *COUNTS)),
    ],
)  # fmt: skip
def test_what_cannot_be_in_any_log_is_refused_whoever_made_the_file(
    tmp_path: Path, whole: Path, why: str, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    other = with_keys(whole.with_name("data"), tmp_path / "other")
    result = run("events", "import", remade(tmp_path, whole, change), "--unauthenticated", "--data", other)
    assert (result.exit_code, why in result.stderr) == (2, True), result.output
    assert not Folder(other).events.exists()


def test_what_stands_in_the_folder_already_counts_too(tmp_path: Path, whole: Path) -> None:
    """A part that begins behind what is here: its programmes, streams and ids are looked for here."""
    data, other = whole.with_name("data"), with_keys(whole.with_name("data"), tmp_path / "other")
    first, rest = tmp_path / "first.jsonl", tmp_path / "rest.jsonl"
    told("events", "export", first, "--until", 4, "--data", data)
    told("events", "export", rest, "--beyond", 4, "--data", data)
    told("events", "import", first, "--data", other)
    known = json.loads(first.read_bytes().splitlines()[1])["id"].encode()

    def known_already(events: list[bytes]) -> list[bytes]:
        own = json.loads(events[0])["id"].encode()
        return [events[0].replace(own, known), *events[1:]]

    for change, why in ((known_already, "has its id"), (of_a_programme, "never stand in one stream")):
        changed = remade(tmp_path, rest, change)
        result = run("events", "import", changed, "--unauthenticated", "--data", other)
        assert (result.exit_code, why in result.stderr) == (2, True), result.output
    told("events", "import", rest, "--data", other)
    assert log_of(other) == log_of(data)
