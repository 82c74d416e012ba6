"""`mentoring up` in a process of its own, over real parts."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import run, told, up
from tests.cli.events import CLOUD, IDENTITIES, event
from tests.web.conftest import AS_COORDINATOR, AS_MENTEE, AS_MENTOR, AS_OPERATOR, PARTIES
from workflow.cli.setting import meaning
from workflow.folder import Folder
from workflow.http_server import listen


def _until_received(http: httpx.Client, messages: int) -> dict[str, Any]:
    while (counts := http.get("/v1/intake").json())["received"] < messages:
        time.sleep(0.01)
    return dict(counts)


def test_the_way_of_one_meeting_through_a_restart(data: Path) -> None:
    with up(data, "--clock", "simulated") as running:
        with running.client() as http:
            early = event(
                "scheduled",
                1,
                "2026-01-05T07:00:00Z",
                starts_at="2026-01-09T10:00:00Z",
                ends_at="2026-01-09T11:00:00Z",
            )
            assert (http.post("/v1/events", content=early, headers=CLOUD)).json()["sequences"] == [1]
            assert (_until_received(http, 1))["waiting"] == 1
            (waiting,) = told("waiting", "list", "--data", data)
            assert waiting["waits_for"] == ["identity", "uid"]
            listed = run("waiting", "list", "--data", data).stdout
            assert waiting["reason"] in listed
            for text in (listed, run("waiting", "show", waiting["number"], "--data", data).stdout):
                assert all(said in text for said in ("identity, uid", "2026-02-04 08:00", "/calendar"))
                assert not any(identity in text for identity in IDENTITIES)

            opening = http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
            relationship = opening.json()["relationship_id"]
            base = f"/v1/relationships/{relationship}"
            assert http.get("/v1/intake").json()["applied"] == 1
            for who in (AS_MENTOR, AS_MENTEE):
                http.post(f"{base}/commitments", headers=who)
            http.post(f"{base}/agreements", json={}, headers=AS_MENTOR)
            for who in (AS_MENTOR, AS_MENTEE):
                signed = http.post(f"{base}/agreements/1/signatures", headers=who)
            assert signed.json()["state"] == "active"

            http.post("/v1/clock", json={"to": "2026-01-09T12:00:00Z"}, headers=AS_OPERATOR)
            held = event(
                "held",
                2,
                "2026-01-09T11:00:00Z",
                uid="meeting-1",
                starts_at="2026-01-09T10:00:00Z",
                ends_at="2026-01-09T11:00:00Z",
            )
            for _ in range(2):
                http.post("/v1/events", content=held, headers=CLOUD)
            http.post("/v1/events", content="{}", headers=CLOUD)
            counts = _until_received(http, 4)
            assert [counts[name] for name in ("applied", "duplicate", "parked")] == [2, 1, 1]

        assert [row["id"] for row in told("relationship", "list", "--data", data)] == [relationship]
        shown = run("relationship", "show", relationship[:8], "--data", data).stdout
        (meeting,) = [line for line in shown.splitlines() if line.split()[-2:] == ["held", "meeting-1"]]
        assert meeting.split()[:-2] == ["2026-01-09", "10:00", "2026-01-09", "11:00"]
        assert "running, 0 behind" in run("intake", "--data", data).stdout
        assert told("intake", "--data", data)["parked"] == 1
        (parked,) = told("parked", "list", "--data", data)
        assert told("parked", "show", parked["number"], "--data", data) == parked
        retried = run("parked", "retry", parked["number"], "--data", data)
        assert (retried.exit_code, retried.stdout) == (
            1,
            "message 1 stays parked: a member that is needed is missing (type)\n",
        )
        assert told("parked", "drop", parked["number"], "--data", data)["disposition"] == "dropped"
        proved = told("verify", "--data", data)
        assert proved["equal"]

        busy = run("up", "--data", data, "--port", "0", "--nats-port", "0")
        assert busy.exit_code == 3
        assert f"process {running.process.pid}" in busy.stderr
        code, said = running.stop()
        done = [line.split(" mentoring.operations: ")[1] for line in said.splitlines()]
        command_line = "by service 00000000-0000-4000-8000-6f7065726174"
        assert (code, done) == (
            0,
            [
                f"clock moved to 2026-01-09T12:00:00+00:00, by {AS_OPERATOR['Mentoring-Actor']}",
                f"parked message 1 tried again: still parked (member_missing:type), {command_line}",
                f"parked message 1 dropped, {command_line}",
                f"everything folded anew and compared, {command_line}",
            ],
        )
    assert Folder(data).address() is None

    with up(data) as running:
        assert running.address.clock == "simulated"
        with running.client() as http:
            health = (http.get("/v1/health")).json()
            assert (health["status"], health["now"]) == ("ok", "2026-01-09T12:00:00Z")
            assert http.get("/v1/intake").json()["received"] == 4
            again = event("missed", 5, "2026-01-10T11:00:00Z", missed_by=IDENTITIES[:1])
            assert (http.post("/v1/events", content=again, headers=CLOUD)).json()["sequences"] == [5]
            _until_received(http, 5)
        assert told("verify", "--data", data)["equal"]
        assert running.stop(signal.SIGINT)[0] == 0


def test_a_service_that_died_leaves_no_lock_and_no_server_behind(data: Path) -> None:
    with up(data) as running:
        server = _children(running.process.pid)
        assert server
        running.process.kill()
        running.process.wait()
        while any(_lives(pid) for pid in server):
            time.sleep(0.01)
    assert Folder(data).address() is not None
    assert told("relationship", "list", "--data", data) == []
    with up(data) as running:
        assert running.stop()[0] == 0


def test_beyond_loopback_the_token_is_demanded_and_the_verbs_bring_it(data: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-of-enough-letters\n")
    token.chmod(0o600)
    with up(data, "--host", "0.0.0.0", "--token-file", str(token)) as running:
        with running.client() as http:
            assert http.get("/v1/health").status_code == 200
            assert http.get("/v1/relationships").status_code == 401
            bearer = {"Authorization": "Bearer a-token-of-enough-letters"}
            assert http.get("/v1/relationships", headers=bearer).status_code == 200
        listing = run("relationship", "list", "--data", data, env={"MENTORING_TOKEN_FILE": str(token)})
        assert listing.exit_code == 0
        without = run("relationship", "list", "--data", data)
        assert without.exit_code == 2
        assert (
            "a bearer token is demanded; name the file that holds it in MENTORING_TOKEN_FILE"
            in without.stderr
        )
        assert running.stop()[0] == 0


def test_the_verbs_bring_the_token_also_where_no_service_runs(
    data: Path, relationship: str, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-of-enough-letters\n")
    token.chmod(0o600)
    listing = run("relationship", "list", "--data", data, "--json", env={"MENTORING_TOKEN_FILE": str(token)})
    assert listing.exit_code == 0, listing.stderr
    assert [one["id"] for one in json.loads(listing.stdout)] == [relationship]


def test_health_is_told_by_words_and_exit_code(data: Path, relationship: str) -> None:
    nobody = run("health", "--data", data)
    assert (nobody.exit_code, "no service runs" in nobody.stderr) == (3, True)
    with up(data) as running:
        well = run("health", "--data", data)
        assert (well.exit_code, well.stdout.splitlines()[0].startswith("ok · version")) == (0, True)
        running.stop(signal.SIGKILL)
    gone = run("health", "--data", data)
    assert (gone.exit_code, "does not answer" in gone.stderr) == (3, True)
    with closing(sqlite3.connect(Folder(data).views, isolation_level=None)) as views:
        views.execute(
            "UPDATE projections SET state = 'paused', cause = 'a bug', failed_at = 3 WHERE name = 'agenda'"
        )
    with up(data):
        ill = run("health", "--data", data)
        assert (ill.exit_code, "agenda is paused on event 3" in ill.stdout) == (1, True)
        assert json.loads(run("health", "--data", data, "--json").stdout)["status"] == "degraded"


@pytest.mark.parametrize("option", ["--port", "--nats-port"])
def test_a_port_in_use_is_told_and_nothing_is_started(data: Path, option: str) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        other = {"--port": "--nats-port", "--nats-port": "--port"}[option]
        result = run("up", "--data", data, option, port, other, 0)
    assert result.exit_code == 3
    assert f"port {port}: Address already in use; name another with {option}\n" in result.stderr
    assert [file.name for file in data.iterdir()] == ["lock"]
    Folder(data).hold().release()


def test_the_help_of_up_names_the_variable_and_the_default_of_every_option() -> None:
    said = " ".join(re.sub("[│─╭╮╰╯]", " ", run("up", "--help", env={"COLUMNS": "160"}).stdout).split())
    for name in (
        "data",
        "host",
        "port",
        "nats",
        "nats_port",
        "nats_token_file",
        "token_file",
        "clock",
        "policy",
        "zone",
    ):
        assert f"--{name.replace('_', '-')} " in said
        assert meaning(name) in said
    assert "(env MENTORING_PORT; default 8080)" in said
    assert "(env MENTORING_HOST; default 127.0.0.1)" in said
    assert "(env MENTORING_NATS_PORT; default 4222)" in said
    assert "(env MENTORING_DATA; default mentoring-data)" in said
    assert "--start UTC What a simulated clock shows at first start." in said


def test_a_variable_that_does_not_fit_is_named(data: Path) -> None:
    result = run("up", "--data", data, env={"MENTORING_PORT": "http"})
    assert result.exit_code == 2
    assert "MENTORING_PORT: " in result.stderr
    assert not data.exists()


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.exists():
        pytest.skip("processes are looked at under /proc")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def _lives(pid: int) -> bool:
    try:
        standing = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return standing.rsplit(")", 1)[1].split()[0] != "Z"
