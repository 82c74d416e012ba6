"""`mentoring publish`: JSON lines of events, to the running service."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import MENTORING, Running, run, up
from tests.cli.events import TIME, event, held, written
from tests.patience import PATIENCE
from workflow.cli.desk import Desk
from workflow.cli.lines import Line, Source, Splitter
from workflow.cli.publish import _publish
from workflow.cli.sending import Pace, Sender
from workflow.consumers.meetings.contract import LARGEST_BODY
from workflow.errors import Invalid, Unavailable


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("publish") / "data") as running:
        yield running


# --- over a running service


def test_what_can_be_sent_is_and_the_rest_is_told_by_its_line(running: Running, tmp_path: Path) -> None:
    file = written(
        tmp_path / "events", held(1), "", "nope", "   ", "[]", f'"{"x" * LARGEST_BODY}"', held(2), "{}"
    )
    result = run("publish", file, "--data", running.address.data, "--wait", "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (told["lines"], told["stored"], told["refused"]) == (8, 3, 3)
    assert told["last"] == told["first"] + 2
    assert told["dispositions"] == {"waiting": 2, "parked": 1}
    assert [json.loads(line) for line in result.stderr.splitlines()] == [
        {"line": 3, "reason": "not_json", "why": "the body is not JSON"},
        {"line": 5, "reason": "not_an_object", "why": "the body is JSON, but no object"},
        {"line": 6, "reason": "too_large", "why": "the body is larger than 256 KiB"},
    ]


def test_sending_a_file_again_is_harmless(running: Running, tmp_path: Path) -> None:
    file = written(tmp_path / "events", *(held(number) for number in range(100, 1_300)))
    for became in ("1200 waiting", "1200 duplicate"):
        result = run("publish", file, "--data", running.address.data, "--wait", "--rate", 100_000)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "1200 lines read, 1200 events stored, as sequences " in result.stdout
        assert result.stdout.splitlines()[1] == became
        why = "`mentoring listen --no-follow --only waiting` tells why"
        assert (why in result.stdout) == ("waiting" in became)


def test_ctrl_c_says_up_to_which_line_everything_is_stored(running: Running) -> None:
    with running.client() as http:
        before = http.get("/v1/intake").json()["received"]
        with subprocess.Popen(
            [*MENTORING, "publish", "-", "--data", running.address.data],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as publishing:
            assert publishing.stdin is not None
            assert publishing.stderr is not None
            publishing.stdin.write("\n".join([held(5_001), "nope", held(5_002)]) + "\n")
            publishing.stdin.flush()  # and it stays open: more may come
            assert publishing.stderr.readline() == "line 2: the body is not JSON (not_json)\n"
            while http.get("/v1/intake").json()["received"] < before + 2:
                pass
            publishing.send_signal(signal.SIGINT)
            assert publishing.wait(PATIENCE) == 130
            assert publishing.stderr.read().splitlines() == [
                "everything up to line 3 is stored, but for the 1 that were not sent",
                "mentoring: interrupted",
            ]


def test_a_terminal_sees_how_far_it_is(running: Running, tmp_path: Path) -> None:
    file = written(tmp_path / "events", held(6_001))
    ours, theirs = os.openpty()
    try:
        published = subprocess.run(
            [*MENTORING, "publish", str(file), "--data", running.address.data],
            stdout=subprocess.PIPE,
            stderr=theirs,
            text=True,
            timeout=240,
            env=os.environ | {"TERM": "xterm"},
        )
        assert "events" in os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert len(published.stdout.splitlines()) == 1


# --- without one


def test_a_dry_run_needs_no_service_and_says_what_would_be_parked_and_why(tmp_path: Path) -> None:
    file = written(tmp_path / "events", held(1), event("held", 2, TIME), "nope", '{"a": 1}')
    result = run("publish", file, "--dry-run")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "line 2: a member that is needed is missing (data.starts_at) (member_missing:data.starts_at)",
        "line 3: the body is not JSON (not_json)",
        "line 4: a member that is needed is missing (type) (member_missing:type)",
    ]
    assert result.stdout == (
        "4 lines read, 1 fit the contract, 3 would not be sent or be parked; nothing was sent\n"
    )
    assert run("publish", written(tmp_path / "fine", held(1)), "--dry-run").exit_code == 0


def test_an_event_spread_over_lines_is_told_how_to_become_one(running: Running, tmp_path: Path) -> None:
    file = written(tmp_path / "event.json", json.dumps(json.loads(held(7_001)), indent=2))
    for words in (["--dry-run"], ["--data", running.address.data]):
        result = run("publish", file, *words)
        assert result.exit_code == 1
        assert "write each event on one line, as `jq -c . FILE` does" in result.stderr.splitlines()[-1]
        assert "jq" not in run("publish", file, *words, "--json").stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["missing"], 2, "missing cannot be read: No such file or directory"),
        (["."], 2, "is a folder"),
        (["events", "--dry-run", "--wait"], 2, "--dry-run sends nothing"),
        (["events"], 3, "no service runs there"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    data: Path, relationship: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    words: list[str], code: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "events", held(1))
    result = run("publish", *words, "--data", data)
    assert result.exit_code == code
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


# --- sending


class Service:
    """Takes batches: fails as often as it is told to, and refuses any that holds a bad event."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.stored: list[bytes] = []

    async def get(self, path: str, **_: object) -> Any:
        raise Unavailable(f"PostgreSQL does not answer, and so does not {path}")

    async def publish(self, bodies: Sequence[bytes]) -> list[int]:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the stream is full", code="stream_full")
        if b"bad" in bodies:
            raise Invalid("no batch", code="body_malformed")
        if b"secret" in bodies:
            raise Invalid("a token is needed", code="token_missing")
        self.stored += bodies
        return list(range(len(self.stored) - len(bodies) + 1, len(self.stored) + 1))


def lines(*bodies: bytes) -> list[Line]:
    return [Line(number, body) for number, body in enumerate(bodies, 1)]


def sender(service: Service, **options: Any) -> Sender:
    return Sender(cast("Desk", service), **options)


async def test_what_cannot_be_stored_now_is_sent_again() -> None:
    service, said = Service(failures=2), list[str]()
    sending = sender(service, waiting=said.append)
    assert await sending.send(lines(b"a", b"b")) == []
    assert said == ["the stream is full"], "once, however often it is sent again"
    assert (service.stored, sending.sent.stored, sending.sent.runs) == ([b"a", b"b"], 2, [(1, 2)])


async def test_what_is_stored_is_told_also_where_it_cannot_be_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handle = os.open(written(tmp_path / "events", '{"a": 1}', '{"a": 2}'), os.O_RDONLY)
    with pytest.raises(Unavailable, match="PostgreSQL"):
        await _publish(handle, sender(Service()), Pace(None), wait=True, as_json=False)
    os.close(handle)
    assert capsys.readouterr().err == "everything up to line 2 is stored\n"


async def test_patience_has_an_end() -> None:
    with pytest.raises(Unavailable):
        await sender(Service(failures=10**9), patience=0.0).send(lines(b"a"))


async def test_one_that_is_refused_does_not_hold_up_the_others_of_its_batch() -> None:
    service = Service()
    refused = await sender(service).send(lines(b"a", b"b", b"bad", b"c", b"d"))
    assert service.stored == [b"a", b"b", b"c", b"d"]
    assert [(line.number, line.fault) for line in refused] == [(3, "body_malformed")]


async def test_what_is_no_fault_of_the_lines_ends_it() -> None:
    with pytest.raises(Invalid, match="token"):
        await sender(Service()).send(lines(b"a", b"secret"))


def test_few_a_second_go_in_small_batches() -> None:
    assert [Pace(rate).at_once(500) for rate in (None, 0.5, 20, 100_000)] == [500, 1, 5, 500]


# --- reading


@given(
    st.lists(
        st.sampled_from([b'{"a":1}', b"", b"  ", b"[]", b"nope", b"\xff", b'{"b":"\xc3\xa4"} ']), max_size=20
    ),
    st.integers(1, 9),
    st.booleans(),
)
def test_lines_are_the_same_however_they_arrive(parts: list[bytes], size: int, ended: bool) -> None:
    text = b"\n".join(parts) + (b"\n" if ended else b"")
    splitter = Splitter()
    found = [line for at in range(0, len(text), size) for line in splitter.take(text[at : at + size])]
    found += splitter.close()
    assert [(line.number, line.body) for line in found] == [
        (number, part.strip()) for number, part in enumerate(parts, 1) if part.strip()
    ]
    assert {line.body for line in found if line.fault is None} <= {b'{"a":1}', b'{"b":"\xc3\xa4"}'}


def test_of_a_line_that_is_too_large_nothing_is_kept_and_the_next_is_read() -> None:
    splitter = Splitter()
    for _ in range(100):
        assert splitter.take(b"x" * LARGEST_BODY) == []
        assert len(splitter._begun) <= LARGEST_BODY
    assert splitter.take(b'\n{"a":1}\n') == [Line(1, b"", "too_large"), Line(2, b'{"a":1}')]


async def test_no_more_is_read_than_is_being_sent(tmp_path: Path) -> None:
    file = written(tmp_path / "events", *(['{"a": 1}'] * 100_000))
    handle = os.open(file, os.O_RDONLY)
    source = Source(handle)
    seen, farthest = 0, 0
    async for batch in source.batches(500):
        seen += len(batch)
        await asyncio.sleep(0)
        farthest = max(farthest, os.lseek(handle, 0, os.SEEK_CUR) - 9 * seen)
    os.close(handle)
    assert seen == 100_000
    assert farthest < 8 * 64 * 1024
