"""A demonstration's rows are what its printed log says, and the oracle sees where they are not."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from tests.oracle.answers import of_truth
from tests.oracle.comparing import against, check, printed
from tests.oracle.figures import (
    check_ins_by_month,
    episodes_by_code,
    goals_by_meeting,
    goals_by_status,
    late_cancellations_by_month,
    meetings_by_month,
    reminders_by_kind,
)
from tests.oracle.oracle import Told, recompute
from workflow.demo.stage import publisher, service
from workflow.projections import goals, meetings, reminders

STORY = ["--relationships", "30", "--months", "5", "--seed", "7"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demonstration")
    with service(folder) as running:
        with publisher(running, [*STORY, "--truth", str(folder / "truth.json")]) as told:
            for _ in told:
                pass
        assert check(Path(running.data), folder / "truth.json") == []  # while it runs
        return Path(running.data)


@pytest.fixture(scope="module")
def lines(data: Path) -> list[str]:
    return list(printed(data))


@pytest.fixture(scope="module")
def truth(data: Path) -> Any:
    return json.loads((data.parent / "truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def told(lines: list[str], truth: Any) -> Told:
    return recompute(lines, of_truth(truth))


@pytest.fixture
def connection(data: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{data / 'views.db'}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_rows_of_a_demonstration_are_what_its_log_says(data: Path, told: Told) -> None:
    assert against(told, data / "views.db") == []
    lives = told.lives.values()
    assert len(lives) == 30
    assert {life.state for life in lives} >= {"active", "stagnation", "closure"}
    assert {one.code for life in lives for one in life.deeds.episodes} >= {
        "commitment",
        "silence",
        "no_direction",
        "no_support_contact",
    }
    assert {one.status for life in lives for one in life.meetings} >= {"held", "missed", "cancelled"}
    assert any(life.reinvigorations for life in lives)
    assert any(life.reminders for life in lives)


def test_meetings_by_month_are_counted_as_the_log_says(connection: Connection, told: Told) -> None:
    found = meetings.by_month(connection)
    assert found
    statuses = ("scheduled", "cancelled", "held", "missed", "unconfirmed")
    counted = {(row["month"], status): row[status] for row in found for status in statuses if row[status]}
    assert counted == meetings_by_month(told.lives.values(), counted=True)
    late = {row["month"]: row["cancelled_late"] for row in found if row["cancelled_late"]}
    assert late == late_cancellations_by_month(told.lives.values())


def test_reminders_and_what_followed_them_are_counted_as_the_log_says(
    connection: Connection, told: Told
) -> None:
    found = {
        (row["kind"], row["audience"]): (row["issued"], row["suppressed"], row["followed"])
        for row in reminders.by_kind(connection)
    }
    assert found == reminders_by_kind(told.lives.values())
    assert any(followed for _, _, followed in found.values())


def test_goals_are_counted_as_the_log_says(connection: Connection, told: Told) -> None:
    early, reached = goals.set_by_meeting(connection)
    assert (early, reached) == goals_by_meeting(told.lives.values())
    assert 0 < early < reached
    counted = {status: number for status, number in goals.count_by_status(connection).items() if number}
    assert counted == goals_by_status(told.lives.values())


def test_check_ins_are_counted_as_the_parties_gave_them(connection: Connection, told: Told) -> None:
    expected = check_ins_by_month(told.lives.values())
    found = connection.exec_driver_sql("SELECT * FROM analytics_dialogue").mappings()
    figures = {
        row["month"]: (row["relationships"], {"mentor": row["by_mentors"], "mentee": row["by_mentees"]})
        for row in found
        if row["withheld"] is None
    }
    assert figures
    assert figures == {month: expected[month] for month in figures}


def test_concerns_are_counted_as_the_log_says(connection: Connection, told: Told) -> None:
    found = connection.exec_driver_sql("SELECT * FROM analytics_concern_codes").mappings()
    figures = {row["code"]: (row["episodes"], row["open"]) for row in found if row["withheld"] is None}
    assert set(figures) >= {"commitment", "silence", "no_direction", "no_support_contact"}
    expected = episodes_by_code(told.lives.values())
    assert figures == {code: expected[code] for code in figures}


def test_answers_that_are_not_what_the_log_says_are_seen(lines: list[str], truth: Any) -> None:
    answers = of_truth(truth)
    merry = {id: [replace(one, answers=(5, 5, 5)) for one in given] for id, given in answers.items()}
    assert recompute(lines, merry).faults
    assert recompute(lines, {}).faults


def test_the_states_are_those_of_the_demonstrations_own_truth(truth: Any, told: Told) -> None:
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
        "UPDATE reminders_1 SET reason = 'enough' WHERE reason IS NULL",
        "UPDATE meetings_1 SET booked_at = starts_at",
        "UPDATE goals_1 SET revisions = revisions + 1",
        "UPDATE episodes_1 SET cleared_at = NULL",
        "UPDATE support_contacts_1 SET made_at = '2026-01-05T08:00:00.000000+00:00'",
        "UPDATE check_ins_1 SET by_mentors = by_mentors + 1",
        "UPDATE agreements_1 SET cadence_days = 7",
        "UPDATE measures_1 SET status = 'done'",
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
