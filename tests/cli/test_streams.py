"""Looking into the log: one stream as it is stored, and which events say something."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import run, silent_for_long, told, up
from tests.web.conftest import ADA, AS_MENTOR
from workflow.aggregates.programme import programme_id
from workflow.consumers.meetings.account import receive, take_in
from workflow.lifecycle import offline
from workflow.settings import Settings
from workflow.web.api import create_app

SECRET = "to speak in front of people"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pair that was told of by a calendar, and wrote down a goal."""
    data = tmp_path_factory.mktemp("streams") / "data"
    relationship = silent_for_long(data)
    message = {
        "specversion": "1.0",
        "type": "mentoring.meeting.scheduled.v1",
        "source": "/Calendar/7",
        "id": "message-1",
        "time": "2026-02-28T12:00:00Z",
        "data": {
            "uid": "series-4711",
            "relationship_id": relationship,
            "starts_at": "2026-03-04T09:00:00Z",
            "ends_at": "2026-03-04T10:00:00Z",
        },
    }

    async def go_on() -> None:
        async with offline(Settings(data=data)) as service:
            headers = {"content-type": "application/cloudevents+json"}
            batch = receive([1], [json.dumps(message).encode()], [headers])
            service.writer.submit(lambda tx: take_in(tx, service.resolver, "upstream/0", 0, batch)).result()
            transport = httpx.ASGITransport(create_app(service))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
                goal = {"text": SECRET}
                path = f"/v1/relationships/{relationship}/goals"
                assert (await http.post(path, json=goal, headers=AS_MENTOR)).status_code == 201

    asyncio.run(go_on())
    return data


def lines(*words: object) -> list[Any]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_stream_is_shown_as_it_is_stored(folder: Path) -> None:
    relationship = told("relationship", "list", "--data", folder)[0]["id"]
    stored = lines("streams", "show", relationship[:8], "--data", folder)
    assert [one["version"] for one in stored] == list(range(1, len(stored) + 1))
    (booked,) = [one for one in stored if one["name"] == "mentoring.meeting_scheduled.v1"]
    assert (booked["source"], booked["message"], booked["provenance"]) == (
        "/Calendar/7",
        "message-1",
        "observed",
    )
    assert booked["event"]["uid"] == "series-4711"
    assert {one["policy"] for one in stored} == {None, 1}
    (goal,) = [one for one in stored if one["name"] == "mentoring.goal_set.v1"]
    assert (goal["by"], goal["event"]["text"]) == (str(ADA), "sealed")
    text = run("streams", "show", relationship, "--data", folder).stdout
    assert SECRET not in text
    (row,) = [line for line in text.splitlines() if "meeting scheduled.v1" in line]
    assert row.split()[:2] == [str(booked["version"]), str(booked["position"])]
    assert row.endswith("observed; occurred 2026-02-28 12:00:00; caused by /Calendar/7 message-1")
    assert any("the clock asked, as of 2026-" in line for line in text.splitlines())
    assert (
        lines("streams", "show", relationship, "--beyond", len(stored) - 1, "--data", folder) == stored[-1:]
    )


def test_a_programme_has_a_stream_too_by_its_name_and_id(folder: Path) -> None:
    by_name = lines("streams", "show", "default", "--data", folder)
    assert [one["name"] for one in by_name] == [
        "mentoring.programme_opened.v1",
        "mentoring.policy_adopted.v1",
    ]
    assert lines("streams", "show", programme_id("default"), "--data", folder) == by_name
    for unknown in ("nosuch", "beef"):
        result = run("streams", "show", unknown, "--data", folder)
        assert (result.exit_code, "no programme has this name" in result.stderr) == (1, True)


def test_events_are_found_by_whatever_they_tell(folder: Path) -> None:
    def found(*words: object) -> list[str]:
        return [one["name"].split(".")[1] for one in lines("events", "grep", *words, "--data", folder)]

    assert found("SERIES-47") == ["meeting_scheduled"]
    caused = found("/calendar/7")
    assert caused[0] == "meeting_scheduled"
    assert found("message-1") == found("", "--source", "/Calendar") == caused
    assert found("goal_set") == found("goal set") == found("", "--name", "goal set") == ["goal_set"]
    assert found(str(ADA), "--name", "goal") == ["goal_set"]
    assert found("^series-[0-9]+$", "--regex") == ["meeting_scheduled"]
    assert found("", "-n", 2) == ["programme_opened", "policy_adopted"]
    late = found("", "--since", "2026-03-01")
    assert late[-1] == "goal_set"
    for instant in ("2026-03-01 00:00", "2026-03-01 00:00:00", "2026-03-01T00:00:00Z"):
        assert found("", "--since", instant) == late, "as other verbs print it"
    early = found("", "--until", "2026-03-01")
    assert "programme_opened" in early
    assert len(early) + len(late) == len(found(""))


def test_what_is_sealed_is_found_by_nothing(folder: Path) -> None:
    for pattern in (SECRET, "sealed", "confidential", "ada@example.org", "1.person."):
        result = run("events", "grep", pattern, "--data", folder)
        assert (result.exit_code, result.stdout) == (1, "")
    wrong = run("events", "grep", "(", "--regex", "--data", folder)
    assert (wrong.exit_code, "no regular expression" in wrong.stderr) == (2, True)


def test_a_running_service_is_looked_into_while_a_terminal_sees_how_far_it_is(folder: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "workflow.cli", "events", "grep", "series", "--data", str(folder)]
    with up(folder):
        try:
            searched = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=theirs,
                text=True,
                timeout=240,
                env=os.environ | {"TERM": "xterm"},
            )
            shown = os.read(ours, 100_000).decode()
        finally:
            os.close(ours)
            os.close(theirs)
    assert "looking" in shown
    assert searched.stdout.endswith("meeting scheduled: series-4711\n")
