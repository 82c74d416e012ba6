"""The whole demonstration, small: two processes, a real broker, and the truth."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from workflow.demo.findings import Findings, differences

DEMO = [sys.executable, "-m", "workflow.cli", "demo"]
KEYS = [
    "received",
    "applied",
    "duplicate",
    "stale",
    "waiting",
    "parked",
    "dropped",
    "events",
    "relationships",
    "ever_stagnated",
    "reinvigorated",
    "withdrawn",
    "closed",
    "goals_by_second_meeting",
    "check_ins",
    "support_contacts",
    "reminders",
    "concerns",
    "verify",
    "seconds",
]


def run(folder: Path, *words: str) -> dict[str, object]:
    """Play once; the figures."""
    played = subprocess.run(
        [*DEMO, "--once", "--json", str(folder / "out.json"), *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TMPDIR": str(folder), "COLUMNS": "200"},
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "row for row" in played.stdout
    assert "Whom to contact now" in played.stdout
    assert "The programme ends" in played.stdout
    found: dict[str, object] = json.loads((folder / "out.json").read_text())
    return found


def test_it_comes_out_as_the_truth_says_and_the_same_twice(tmp_path: Path) -> None:
    words = ("--relationships", "16", "--months", "3", "--seed", "11")
    hashes = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        found = run(folder, *words)
        assert list(found) == KEYS
        truth = json.loads((folder / "truth.json").read_text())
        counted = Counter(row["disposition"] for row in truth["messages"])
        assert found["received"] == len(truth["messages"])
        assert {name: found[name] for name in counted} == counted
        assert [row["sequence"] for row in truth["messages"]] == list(range(1, len(truth["messages"]) + 1))
        assert sum(found["relationships"].values()) == 16  # type: ignore[attr-defined]
        hashes.append(found["verify"])
        assert [path.name for path in folder.iterdir() if path.is_dir()] == []
    assert hashes[0] == hashes[1]
    assert hashes[0]["equal"]  # type: ignore[index]


def test_without_once_the_service_stays_until_it_is_stopped(tmp_path: Path) -> None:
    words = ["--relationships", "2", "--months", "1"]
    environment = os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "200"}
    with subprocess.Popen([*DEMO, *words], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert any("The service is still at" in line for line in process.stdout)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert "Stopped" in process.stdout.read()
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("receipts", "meetings", "trails", "expected"),
    [
        ({1: "applied"}, {("r", "m"): ("held", "", "")}, {"r": [("active", "")]}, []),
        ({1: "stale"}, {("r", "m"): ("held", "", "")}, {"r": [("active", "")]}, ["message 1"]),
        ({1: "applied"}, {}, {"r": [("active", "")]}, ["meeting ('r', 'm')"]),
        ({1: "applied"}, {("r", "m"): ("held", "", "")}, {"r": [], "s": []}, ["states r", "states s"]),
    ],
)
def test_whatever_differs_is_told(
    receipts: dict[int, str],
    meetings: dict[tuple[str, str], tuple[str, str, str]],
    trails: dict[str, list[tuple[str, str]]],
    expected: list[str],
) -> None:
    counts = dict.fromkeys(("applied", "duplicate", "stale", "waiting", "parked", "dropped"), 0)
    found = Findings(
        intake=counts | Counter(receipts.values()) | {"received": 1},
        verified={"equal": True, "rows": 1, "hash": ""},
        rows=[],
        receipts=receipts,
        meetings=meetings,
        trails=trails,
    )
    truth = {
        "messages": [{"sequence": 1, "disposition": "applied"}],
        "meetings": [
            {"relationship": "r", "meeting": "m", "outcome": "held", "starts_at": None, "ends_at": None}
        ],
        "states": {"r": [{"state": "active", "at": None}]},
    }
    told = differences(found, truth)
    assert len(told) == len(expected)
    assert all(line.startswith(start) for line, start in zip(told, expected, strict=True))
