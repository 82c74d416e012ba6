"""A demonstration's rows are what its printed log says, and the oracle sees where they are not."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.oracle.comparing import against, check, printed
from tests.oracle.oracle import Told, recompute
from workflow.demo.stage import publisher, service

STORY = ["--relationships", "30", "--months", "5", "--seed", "7"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demonstration")
    with service(folder) as running:
        with publisher(running, [*STORY, "--truth", str(folder / "truth.json")]) as told:
            for _ in told:
                pass
        assert check(Path(running.data)) == []  # while it runs
        return Path(running.data)


@pytest.fixture(scope="module")
def lines(data: Path) -> list[str]:
    return list(printed(data))


@pytest.fixture(scope="module")
def told(lines: list[str]) -> Told:
    return recompute(lines)


def test_the_rows_of_a_demonstration_are_what_its_log_says(data: Path, told: Told) -> None:
    assert against(told, data / "views.db") == []
    lives = told.lives.values()
    assert len(lives) == 30
    assert {life.state for life in lives} >= {"active", "stagnation", "closure"}
    assert {code for life in lives for code, _ in life.concerns} >= {
        "commitment",
        "silence",
        "no_direction",
        "no_support_contact",
    }
    assert {one.status for life in lives for one in life.meetings} >= {"held", "missed", "cancelled"}
    assert any(life.reinvigorations for life in lives)
    assert any(life.reminders for life in lives)


def test_the_states_are_those_of_the_demonstrations_own_truth(data: Path, told: Told) -> None:
    truth = json.loads((data.parent / "truth.json").read_text("utf-8"))
    assert truth["states"].keys() == told.lives.keys()
    for id, states in truth["states"].items():
        assert [row["state"] for row in states] == told.lives[id].trail


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE relationships_1 SET state = 'closure' WHERE state = 'active'",
        "UPDATE relationships_1 SET concerns = '[]'",
        "UPDATE relationships_1 SET stagnations = stagnations + 1",
        "UPDATE relationships_1 SET reminders_issued = 0",
        "UPDATE journey_1 SET left_at = entered_at WHERE left_at IS NOT NULL",
        "UPDATE journey_1 SET withdrawn = NOT withdrawn",
        "UPDATE meetings_1 SET status = 'missed' WHERE status = 'held'",
        "UPDATE meetings_1 SET starts_at = ends_at",
        "DELETE FROM meetings_1 WHERE status = 'cancelled'",
        "UPDATE reminders_1 SET step = step + 1",
        "DELETE FROM relationships_1 WHERE id = (SELECT min(id) FROM relationships_1)",
    ],
)
def test_rows_that_are_not_what_the_log_says_are_seen(
    data: Path, told: Told, tmp_path: Path, tampering: str
) -> None:
    views = tmp_path / "views.db"
    shutil.copy(data / "views.db", views)
    with closing(sqlite3.connect(views)) as connection, connection:
        assert connection.execute(tampering).rowcount > 0
    assert against(told, views)


@pytest.mark.parametrize("lost", ["concern_raised", "meeting_missed", "stagnation_entered"])
def test_a_log_that_lost_an_event_is_seen(lines: list[str], lost: str) -> None:
    first = next(index for index, line in enumerate(lines) if f'"mentoring.{lost}.v1"' in line)
    assert recompute(lines[:first] + lines[first + 1 :]).faults
