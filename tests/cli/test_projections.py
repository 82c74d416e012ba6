"""Projections from the command line: what they are, and pausing them."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.cli.conftest import run, told, up
from tests.web.conftest import AS_COORDINATOR, PARTIES
from workflow.projections.catalogue import PROJECTIONS

WHO = "service 0f3c9f0e-6a34-4c55-a6bb-5d6d4bcb6b4e"


def test_each_is_listed_with_what_it_is_and_is_asked(data: Path, relationship: str) -> None:
    text = run("projections", "list", "--data", data).stdout
    listed = told("projections", "list", "--data", data)
    assert [one["name"] for one in listed] == [one.name for one in PROJECTIONS]
    for one in PROJECTIONS:
        assert one.row
        assert one.answers.split("; ")[0] in text


def test_one_is_paused_and_resumed_where_no_service_runs(data: Path, relationship: str) -> None:
    paused = run("projections", "pause", "goals", "--actor", WHO, "--data", data)
    assert paused.stdout.startswith(f"goals: paused by {WHO} at event ")
    status = run("projections", "status", "--data", data)
    assert (status.exit_code, f"paused by {WHO}" in status.stdout) == (1, True)
    assert run("projections", "resume", "goals", "--data", data).stdout.startswith("goals: running at event ")
    assert run("projections", "status", "--data", data).exit_code == 0
    unknown = run("projections", "pause", "no/such", "--data", data)
    assert (unknown.exit_code, "there is no such route" in unknown.stderr) == (1, True)
    assert "no projection has this name" in run("projections", "resume", "nosuch", "--data", data).stderr


def test_a_pause_survives_a_kill_and_health_names_nobody(data: Path, relationship: str) -> None:
    with up(data) as running:
        assert run("projections", "pause", "journey", "--actor", WHO, "--data", data).exit_code == 0
        running.stop(signal.SIGKILL)
    with up(data) as running, running.client() as http:
        opened = http.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
        position = opened.json()["position"]
        other = f"/v1/relationships/{opened.json()['relationship_id']}"
        health = http.get("/v1/health")
        said = (
            "projection journey was paused by hand (`mentoring projections status` says by whom); "
            "`mentoring projections resume journey`"
        )
        assert (health.status_code, health.json()["troubles"]) == (503, [said])
        assert run("health", "--data", data).exit_code == 1
        # What it has is read; who needs more is told that it does not come.
        assert http.get(other).json()["journey"] == []
        assert http.get(other, params={"after": position}).status_code == 503
        resumed = told("projections", "resume", "journey", "--actor", WHO, "--data", data)
        assert resumed["by"] == WHO
        assert len(http.get(other, params={"after": position}).json()["journey"]) == 1
        assert http.get("/v1/health").json()["troubles"] == []
        running.stop()
    assert told("verify", "--data", data)["equal"]
