"""`mentoring listen`: what arrives at intake, and what became of it."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

from tests.cli.conftest import MENTORING, run, up
from tests.cli.events import CLOUD, IDENTITIES, event, held, written
from tests.web.conftest import AS_COORDINATOR, PARTIES


def test_what_arrives_is_shown_with_what_became_of_it_and_never_what_it_says(
    data: Path, tmp_path: Path
) -> None:
    with up(data) as running, running.client() as http:
        opened = http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR).json()
        before = event("held", 1, "2026-01-09T11:00:00Z", uid="unknown@campus")
        assert http.post("/v1/events", content=before, headers=CLOUD).status_code == 202
        with subprocess.Popen(
            [*MENTORING, "listen", "--json", "--data", str(data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as listening:
            assert listening.stdout is not None
            first = json.loads(listening.stdout.readline())
            named = json.loads(held(2))
            del named["data"]["parties"]
            named["data"] |= {"relationship_id": opened["relationship_id"], "title": "private words"}
            file = written(tmp_path / "events", json.dumps(named), json.dumps(named), '{"type": "private"}')
            assert run("publish", file, "--data", data, "--wait").exit_code == 0
            rest = [json.loads(listening.stdout.readline()) for _ in range(3)]
            listening.send_signal(signal.SIGINT)
            _, said = listening.communicate(timeout=240)
            assert (listening.returncode, said) == (130, "mentoring: interrupted\n")
        upstream = first["upstream"]
        assert first == {
            "upstream": upstream,
            "sequence": 1,
            "disposition": "parked",
            "reason": "member_missing:data.starts_at",
            "type": "mentoring.meeting.held.v1",
            "relationship": None,
        }
        assert [(one["sequence"], one["disposition"], one["type"], one["relationship"]) for one in rest] == [
            (2, "applied", "mentoring.meeting.held.v1", opened["relationship_id"]),
            (3, "duplicate", "mentoring.meeting.held.v1", opened["relationship_id"]),
            (4, "parked", None, None),
        ]
    # Where no service runs, the last ones are shown.
    assert [line.split()[:2] for line in run("listen", "--data", data).stdout.splitlines()] == [
        ["1", "parked"],
        ["2", "applied"],
        ["3", "duplicate"],
        ["4", "parked"],
    ]
    few = run("listen", "--data", data, "--only", "parked, applied", "--last", 2, "--no-follow").stdout
    assert [line.split()[0] for line in few.splitlines()] == ["2", "4"]
    assert not [word for word in (*IDENTITIES, "private", "campus") if word in few]


def test_only_takes_what_a_message_can_come_to(data: Path, relationship: str) -> None:
    result = run("listen", "--data", data, "--only", "lost")
    assert result.exit_code == 2
    assert result.stderr == (
        "mentoring: --only takes some of these, with commas between them: applied, duplicate, stale, waiting, "
        "parked, dropped\n"
    )
