"""Figures of a demonstration: the views', the API's, the notebook's and the pages' are what its log says.

The log is read by the oracle, which imports nothing of the service; what parties answered is in the demonstration's own
truth alone.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import nbclient
import nbformat
import pytest
import pytest_asyncio
from sqlalchemy import Connection, Row

from tests.analytics.analysts import close_to, somebody
from tests.analytics.conftest import Demonstration
from tests.cli.conftest import run
from tests.oracle.figures import (
    episodes_by_code,
    goals_by_meeting,
    goals_by_status,
    late_cancellations_by_month,
    meetings_by_month,
    reminders_by_kind,
    seconds_in_states,
)
from tests.oracle.life import Life
from tests.view_places import dsn_of
from workflow.aggregates.events.concerns import CONFIDED
from workflow.lifecycle import offline
from workflow.projections.analytics.confided import CONFIDED_REMINDERS
from workflow.projections.analytics.views import VIEWS
from workflow.projections.check_ins import FEWEST
from workflow.projections.questions.catalogue import QUESTIONS
from workflow.projections.questions.question import Asked
from workflow.projections.running.views import Views
from workflow.settings import Settings
from workflow.web.api import create_app

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOK = DOCS / "notebooks" / "questions.ipynb"
MARCH = "2026-03-01"
Rows = list[dict[str, Any]]


# --- what the log says


@pytest.fixture(scope="module")
def lives(demonstration: Demonstration) -> list[Life]:
    return list(demonstration.told.lives.values())


def by_state(lives: list[Life]) -> dict[str, tuple[int, int]]:
    now = Counter(life.state for life in lives)
    ever = Counter(state for life in lives for state in {stay[0] for stay in life.stays})
    return {state: (now[state], ever[state]) for state in ever}


def at_the_end_of(day: str, lives: list[Life]) -> dict[str, int]:
    end = datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(days=1)
    return Counter(
        state
        for life in lives
        for state, entered_at, left_at, *_ in life.stays
        if entered_at < end and (left_at is None or left_at >= end)
    )


def stagnation(lives: list[Life]) -> tuple[int, int, int, int]:
    return (
        len(lives),
        sum(life.stagnations > 0 for life in lives),
        sum(life.reinvigorations > 0 for life in lives),
        sum(life.stagnations > 1 for life in lives),
    )


def returns(lives: list[Life]) -> dict[int, int]:
    """By measures done during the stagnation, how often a pair came back from it."""
    return Counter(
        sum(
            one.done_at is not None and entered_at <= one.done_at <= left_at
            for one in life.care.measures.values()
        )
        for life in lives
        for (state, entered_at, left_at, *_), (*_, move, _) in zip(life.stays, life.stays[1:], strict=False)
        if state == "stagnation" and left_at is not None and move == "reinvigorate"
    )


def dialogue(truth: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """By month, of how many relationships how many check-ins, by the demonstration's own truth."""
    found: dict[str, list[str]] = defaultdict(list)
    for relationship, given in truth["check_ins"].items():
        for one in given:
            found[one["at"][:7]].append(relationship)
    return {month: (len(set(those)), len(those)) for month, those in found.items()}


def closures(lives: list[Life]) -> int:
    return sum(life.closed_at is not None for life in lives)


def survival(lives: list[Life], now: datetime) -> dict[tuple[str, int], tuple[int, int]]:
    cohorts: dict[str, list[Life]] = defaultdict(list)
    for life in lives:
        cohorts[f"{life.opened_at:%Y-%m}"].append(life)
    found = {}
    for cohort, those in cohorts.items():
        for months in range(1 + (now - max(life.opened_at for life in those)) // timedelta(days=30)):
            span = timedelta(days=30 * months)
            still = [
                life for life in those if life.closed_at is None or life.closed_at > life.opened_at + span
            ]
            found[cohort, months] = (len(those), len(still))
    return found


def of_each_meeting(lives: list[Life], status: str) -> dict[str, int]:
    counted = meetings_by_month(lives, counted=True)
    return {month: number for (month, what), number in counted.items() if what == status}


# --- the views


def test_the_views_say_what_the_log_says(connection: Connection, lives: list[Life]) -> None:
    def read(query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.exec_driver_sql(query)]

    states = (
        "SELECT state, count(*) FILTER (WHERE left_at IS NULL), count(DISTINCT pair) FROM analytics_states"
    )
    assert {
        state: figures for state, *figures in map(list, read(f"{states} WHERE NOT withdrawn GROUP BY state"))
    } == {state: list(figures) for state, figures in by_state(lives).items()}
    seconds = "SELECT state, round(sum(days) * 86400) FROM analytics_states WHERE NOT withdrawn AND days > 0"
    for state, found in read(f"{seconds} GROUP BY state"):
        assert abs(found - seconds_in_states(lives)[state]) <= len(lives)  # a tenth of a second for each stay
    for status in ("held", "missed", "cancelled", "unconfirmed"):
        of_months = f"SELECT month, {status} FROM analytics_months WHERE {status}"
        of_rows = (
            f"SELECT month, count(*) FROM analytics_meetings WHERE counts AND status = '{status}' GROUP BY 1"
        )
        assert dict(read(of_months)) == dict(read(of_rows)) == of_each_meeting(lives, status)
    late = "SELECT month, count(*) FROM analytics_meetings WHERE counts AND late GROUP BY month"
    assert dict(read(late)) == late_cancellations_by_month(lives)
    goals = dict(read("SELECT status, count(*) FROM analytics_goals GROUP BY status"))
    assert goals == goals_by_status(lives)
    reminders = "SELECT kind, audience, count(issued_at), count(suppressed_at), sum(followed) FROM analytics_reminders"
    expected = {
        key: figures for key, figures in reminders_by_kind(lives).items() if key[0] not in CONFIDED_REMINDERS
    }
    assert {row[:2]: row[2:] for row in read(f"{reminders} GROUP BY kind, audience")} == expected
    concerns = "SELECT code, count(*), count(*) - count(cleared_at) FROM analytics_concerns GROUP BY code"
    assert {code: (raised, standing) for code, raised, standing in read(concerns)} == {
        code: figures for code, figures in episodes_by_code(lives).items() if code not in CONFIDED
    }
    cohorts = (
        "SELECT sum(relationships), sum(ever_stagnated), sum(came_back), sum(stagnated_again), sum(closed)"
    )
    assert read(f"{cohorts} FROM analytics_cohorts") == [(*stagnation(lives), closures(lives))]
    assert read("SELECT count(*) FROM analytics_support_contacts") == [
        (sum(len(life.deeds.contacts) for life in lives),)
    ]


def test_every_example_of_the_dictionary_answers(connection: Connection) -> None:
    examples = snippets("sql")
    assert len(examples) == len(VIEWS)
    for example in examples:
        assert connection.exec_driver_sql(example).all(), example


def test_in_a_database_they_are_answered_the_same(connection: Connection, in_database: Views) -> None:
    with in_database.reading() as other:
        for example in snippets("sql"):
            known = connection.exec_driver_sql(example).all()
            found = other.exec_driver_sql(example.replace("analytics_", "analytics.")).all()
            assert sorted(map(comparable, found)) == sorted(map(comparable, known)), example
        now = datetime.fromisoformat("2026-07-01T00:00:00+00:00")
        for question in QUESTIONS.values():
            for asked in (Asked(now), Asked(now, programme="default"), Asked(now, begin=date(2026, 2, 1))):
                assert close_to(question.ask(other, asked)) == close_to(question.ask(connection, asked))


def comparable(row: Row[Any]) -> list[str]:
    """As a file has it: instants as text, and numbers as exact as they are."""
    return [
        value.isoformat(timespec="microseconds") if isinstance(value, datetime) else str(close_to(value))
        for value in row
    ]


def test_a_number_finds_its_rows_by_indexes(connection: Connection) -> None:
    for view in VIEWS:
        if view.columns[0].name != "pair":
            continue
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN SELECT * FROM {view.full_name} WHERE pair = 7"
        ).all()
        assert not [row for row in plan if str(row[-1]).startswith("SCAN")], view.name


def test_in_no_view_anybody_can_be_made_out(connection: Connection, demonstration: Demonstration) -> None:
    def all_of(query: str) -> set[str]:
        return {str(value) for row in connection.exec_driver_sql(query) for value in row if value}

    secret = {life.id for life in demonstration.told.lives.values()}
    secret |= {person for life in demonstration.told.lives.values() for person in life.roles}
    secret |= all_of("SELECT uid FROM meetings") | all_of("SELECT goal FROM goals")
    secret |= all_of("SELECT measure FROM measures") | all_of("SELECT subject FROM episodes")
    uuid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}")
    for view in VIEWS:
        for row in connection.exec_driver_sql(view.select):
            texts = [value for value in row if isinstance(value, str)]
            assert not secret.intersection(texts)
            assert not [value for value in texts if uuid.search(value) or "@" in value or "sealed" in value]


# --- over HTTP


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(
    demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """The API over a copy: the folder itself is for the verbs."""
    copy = shutil.copytree(demonstration.data, tmp_path_factory.mktemp("served") / "data")
    async with offline(Settings(data=copy)) as service:
        transport = httpx.ASGITransport(create_app(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield http


@pytest.mark.asyncio(loop_scope="module")
async def test_the_api_says_what_the_log_says(
    http: httpx.AsyncClient, lives: list[Life], demonstration: Demonstration
) -> None:
    async def ask(question: str, **query: str) -> Rows:
        answer = await http.get(f"/v1/analytics/{question}", params=query)
        assert answer.status_code == 200, answer.text
        rows: Rows = answer.json()["rows"]
        return rows

    assert {row["state"]: (row["now"], row["ever"]) for row in await ask("states")} == by_state(lives)
    on_day = {row["name"]: row["number"] for row in await ask("day", day=MARCH) if row["what"] == "state"}
    assert {state: number for state, number in on_day.items() if number} == at_the_end_of(MARCH, lives)
    (found,) = await ask("days", **{"from": MARCH, "to": MARCH})
    assert {state: found[state] for state in on_day} == on_day
    for row in await ask("time-in-states"):
        if row["ended"]:
            assert row["ended"] * row["days"] * 86_400 == pytest.approx(
                seconds_in_states(lives)[row["state"]], abs=len(lives)
            )
    (row,) = await ask("stagnation")
    assert tuple(row.values())[:4] == stagnation(lives)
    came_back: Counter[int] = Counter()
    for row in await ask("returns"):
        came_back[row["done"]] += row["returns"]
    assert came_back == returns(lives)
    months = await ask("meetings")
    for status in ("held", "missed", "cancelled", "unconfirmed"):
        assert {row["month"]: row[status] for row in months if row[status]} == of_each_meeting(lives, status)
    late = {row["month"]: row["cancelled_late"] for row in months if row["cancelled_late"]}
    assert late == late_cancellations_by_month(lives)
    of_march = await ask("meetings", **{"from": "2026-03-01", "to": "2026-03-31"})
    assert of_march == [row for row in months if row["month"] == "2026-03"]
    (row,) = await ask("goals-by-second-meeting")
    assert (row["with_goal"], row["relationships"]) == goals_by_meeting(lives)
    goals = {row["status"]: row["goals"] for row in await ask("goals") if row["goals"]}
    assert goals == goals_by_status(lives)
    expected = dialogue(demonstration.truth)
    assert {row["month"]: (row["relationships"], row["check_ins"]) for row in await ask("dialogue")} == {
        month: figures if figures[0] >= FEWEST else (None, None) for month, figures in expected.items()
    }
    assert any(figures[0] >= FEWEST for figures in expected.values())
    reminders = {
        (row["kind"], row["audience"]): (row["issued"], row["suppressed"], row["followed"])
        for row in await ask("reminders", programme="default")
    }
    assert reminders == reminders_by_kind(lives)
    concerns = {row["code"]: row for row in await ask("concerns")}
    for code, (raised, standing) in episodes_by_code(lives).items():
        if code not in CONFIDED:
            assert (concerns[code]["episodes"], concerns[code]["open"]) == (raised, standing)
    assert sum(row["relationships"] for row in await ask("closures")) == closures(lives)
    now = datetime.fromisoformat((await http.get("/v1/analytics/survival")).json()["now"])
    assert {
        (row["cohort"], row["months"]): (row["relationships"], row["open"]) for row in await ask("survival")
    } == survival(lives, now)
    contacts = Counter(len(life.deeds.contacts) for life in lives if life.state != "closure")
    assert {row["contacts"]: row["relationships"] for row in await ask("support")} == contacts


@pytest.mark.asyncio(loop_scope="module")
async def test_what_the_page_asks_over_http_is_answered(http: httpx.AsyncClient) -> None:
    page = (DOCS / "analytics.md").read_text("utf-8")
    asked = re.findall(r"^curl (.*)$", page, re.MULTILINE)
    assert asked
    for line in asked:
        words = shlex.split(line)
        headers = dict(word.split(": ", 1) for word in words if ": " in word)
        answer = await http.get(words[-1].removeprefix("http://127.0.0.1:8080"), headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith(headers.get("Accept", "application/json"))


# --- files


@pytest.fixture(scope="module")
def exported(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the page has it: with an export of all views, and what the service keeps."""
    folder = tmp_path_factory.mktemp("analyst")
    result = run("export", "--data", demonstration.data, "--to", folder / "export")
    assert result.exit_code == 0, result.output
    (folder / "mentoring-data").symlink_to(demonstration.data)
    return folder


def snippets(language: str) -> list[str]:
    page = (DOCS / "analytics.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("snippet", snippets("python"))
def test_every_snippet_of_the_page_does_what_it_says(
    snippet: str, exported: Path, in_database: Views
) -> None:
    with somebody(in_database.kept) as name:
        done = subprocess.run(
            [sys.executable, "-c", snippet],
            cwd=exported,
            env=os.environ | {"ANALYSTS": dsn_of(in_database.kept, user=name)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_commands_of_the_page_do_what_they_say(
    exported: Path, demonstration: Demonstration, tmp_path: Path
) -> None:
    lines = [line.partition("#")[0] for text in snippets("sh") for line in text.splitlines()]
    typed = [shlex.split(line) for line in lines if line.startswith(("sqlite3", "mentoring"))]
    assert len(typed) == 3
    for words in typed:
        if words[0] == "mentoring":
            to = words.index("--to") + 1
            words[to] = str(tmp_path / words[to])
            assert run(*words[1:], "--data", demonstration.data).exit_code == 0
            assert (tmp_path / words[to] / "manifest.json").exists()
        else:  # not everybody has this client
            database, query = exported / words[-2], words[-1]
            done = subprocess.run(
                [sys.executable, "-c", CLIENT, f"file:{database}?mode=ro", query],
                capture_output=True,
                text=True,
                check=True,
            )
            assert "2026-03" in done.stdout


CLIENT = """
import sqlite3, sys
print(sqlite3.connect(sys.argv[1], uri=True).execute(sys.argv[2]).fetchall())
"""

NAMES = (
    "by_state",
    "on_day",
    "time_in_states",
    "stagnation",
    "returns",
    "meetings_by_month",
    "next_meeting",
    "goals_by_second_meeting",
    "dialogue_by_month",
    "reminders_followed",
    "closures",
    "survival",
)


@pytest.fixture(scope="module")
def answered(exported: Path) -> dict[str, list[list[Any]]]:
    """What the notebook's cells came to, by the names that they give it."""
    untyped: Any = nbformat
    notebook = untyped.read(NOTEBOOK, as_version=4)
    notebook.cells.append(
        untyped.v4.new_code_cell(
            f"print(json.dumps({{name: found if isinstance(found := globals()[name], list) else found.fetchall() "
            f"for name in {NAMES!r}}}))"
        )
    )
    client = nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(exported)}}, timeout=120)
    client.execute()
    found: dict[str, list[list[Any]]] = json.loads(notebook.cells[-1].outputs[0]["text"])
    return found


def test_the_notebook_says_what_the_log_says(
    answered: dict[str, list[list[Any]]], lives: list[Life], demonstration: Demonstration, exported: Path
) -> None:
    assert {state: (now, ever) for state, now, ever in answered["by_state"]} == by_state(lives)
    assert dict(answered["on_day"]) == at_the_end_of(MARCH, lives)
    for state, _, days, _ in answered["time_in_states"]:
        assert days * 86_400 == pytest.approx(seconds_in_states(lives)[state], abs=len(lives))
    assert tuple(answered["stagnation"][0]) == stagnation(lives)
    assert dict(answered["returns"]) == returns(lives)
    for place, status in enumerate(("held", "missed", "cancelled"), 1):
        counted = {row[0]: row[place] for row in answered["meetings_by_month"] if row[place]}
        assert counted == of_each_meeting(lives, status)
    assert answered["next_meeting"][0][0] == by_state(lives)["active"][0]
    assert tuple(reversed(answered["goals_by_second_meeting"][0])) == goals_by_meeting(lives)
    assert {month: (pairs, given) for month, pairs, given, _ in answered["dialogue_by_month"]} == {
        month: figures if figures[0] >= FEWEST else (None, None)
        for month, figures in dialogue(demonstration.truth).items()
    }
    assert {
        (kind, audience): tuple(figures) for kind, audience, *figures in answered["reminders_followed"]
    } == {
        key: figures for key, figures in reminders_by_kind(lives).items() if key[0] not in CONFIDED_REMINDERS
    }
    assert sum(row[2] for row in answered["closures"]) == closures(lives)
    now = datetime.fromisoformat(
        json.loads((exported / "export" / "manifest.json").read_text())["exported_at"]
    )
    assert {
        (cohort, months): (those, still) for cohort, months, those, still in answered["survival"]
    } == survival(lives, now)


def test_the_notebook_is_kept_without_what_it_came_to() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert len(code) == len(NAMES) + 1
    assert not [cell for cell in code if cell["outputs"] or cell["execution_count"] is not None]
