"""The views that analysts read: names that stay, columns with a meaning, and nobody in them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest

from tests.analytics.analysts import OTHERS, fold
from tests.projections.deeds import booked, checked_in, goal_set, held
from tests.projections.facts import MENTEE, MENTOR, OTHER, Log, cleared, day, opened, raised, reminded
from tests.view_places import change, connected, named, read
from workflow.aggregates import events as e
from workflow.projections.analytics.columns import Kind, integer
from workflow.projections.analytics.view import View
from workflow.projections.analytics.views import VIEWS
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.sqlite.file import ViewFile

GOLDEN = Path(__file__).parents[1] / "golden" / "analytics.json"


@pytest.fixture
def log() -> Log:
    log = Log().add(opened(), booked("a", 5, 1), held("a", 5), goal_set("one", 4), reminded(2))
    return log.add(opened(40), stream=OTHER)


# --- names and meanings


def undocumented(kept: Kept, views: Iterable[View]) -> set[str]:
    """The columns that a client sees, and that nobody says the meaning of."""
    documented = {f"{view.full_name}.{column.name}" for view in views for column in view.columns}
    if isinstance(kept, ViewFile):
        names = [
            name for (name,) in read(kept, "SELECT name FROM sqlite_master WHERE name LIKE 'analytics%'")
        ]
        columns = [
            (name, column)
            for name in names
            for (column,) in read(kept, f"SELECT name FROM pragma_table_info('{name}')")
        ]
    else:
        columns = read(
            kept,
            "SELECT 'analytics' || '_' || table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'analytics'",
        )
    found = {f"{name}.{column}" for name, column in columns}
    return found ^ documented


def test_every_view_and_column_that_a_client_sees_has_a_meaning(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    assert undocumented(kept, VIEWS) == set()
    for view in VIEWS:
        assert view.meaning.endswith(".")
        for column in view.columns:
            assert column.meaning.strip(), f"{view.name}.{column.name}"
            assert column.unit or not column.name.endswith(("_days", "_hours", "days", "_percent"))


def test_a_column_without_a_meaning_is_seen(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    change(
        kept,
        "DROP VIEW analytics_support_contacts",
        "CREATE VIEW analytics_support_contacts AS SELECT 1 AS pair, 2 AS made_at, 3 AS by_whom",
    )
    assert undocumented(kept, VIEWS) == {"analytics_support_contacts.by_whom"}
    with pytest.raises(ValueError, match="has no meaning"):
        integer("by_whom", " ")


def test_names_and_types_are_those_that_queries_of_others_rest_on() -> None:
    now = {view.full_name: {column.name: column.kind.value for column in view.columns} for view in VIEWS}
    kept = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
    for name, columns in kept.items():
        assert columns.items() <= now.get(name, {}).items(), f"{name} was renamed, or a column of it"
    if os.environ.get("GOLDEN") == "write" and kept != now:
        GOLDEN.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
        kept = now
    assert kept == now, "there is more: write it with GOLDEN=write"


def test_every_column_holds_what_its_type_says(kept: Kept, log: Log) -> None:
    log.add(*(raised(code, 20) for code in (e.ConcernCode.SILENCE, e.ConcernCode.NO_DIRECTION)))
    log.add(cleared(e.ConcernCode.SILENCE, 30))
    fold(log, kept).close()
    kinds: dict[Kind, type] = {Kind.INTEGER: int, Kind.NUMBER: float, Kind.BOOLEAN: int}
    if not isinstance(kept, ViewFile):
        kinds |= {Kind.BOOLEAN: bool, Kind.INSTANT: datetime}
    seen = set()
    for view in VIEWS:
        for row in read(kept, view.select):
            for column, value in zip(view.columns, row, strict=True):
                if value is None:
                    assert column.empty, f"{view.name}.{column.name} is empty, and nobody says when"
                    continue
                seen.add(view.name)
                assert type(value) is kinds.get(column.kind, str), f"{view.name}.{column.name}: {value!r}"
                if column.kind is Kind.BOOLEAN:
                    assert value in {0, 1}
                if column.kind is Kind.INSTANT and isinstance(kept, ViewFile):
                    assert len(str(value)) == len("2026-01-05T09:00:00.000000+00:00")
    assert seen >= {"relationships", "meetings", "goals", "concerns", "reminders", "months", "cohorts"}


# --- the same for ever


def test_they_follow_a_rebuild_under_the_eyes_of_a_reader_and_pairs_stay(kept: Kept, log: Log) -> None:
    views = fold(log, kept)
    before = {view.name: read(kept, view.select) for view in VIEWS}
    assert [row[0] for row in before["relationships"]] == [1, 6]
    with connected(kept) as reader:
        assert reader.execute(named(kept, VIEWS[0].select)).fetchall() == before["relationships"]
        runner = Runner(views, log.read, log.head)
        runner.rebuild()
        runner.catch_up()
        assert {generation.number for generation in views.generations} == {2}
        for view in VIEWS:
            assert reader.execute(named(kept, view.select)).fetchall() == before[view.name], view.name
    views.close()
    views = fold(log, kept)
    assert {view.name: read(kept, view.select) for view in VIEWS} == before
    views.close()


def test_all_views_call_a_relationship_by_one_number(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    known = {row[0] for row in read(kept, "SELECT pair FROM analytics_relationships")}
    for view in VIEWS:
        if view.columns[0].name == "pair":
            assert {row[0] for row in read(kept, f"SELECT pair FROM {view.full_name}")} <= known


def test_those_of_another_version_are_made_anew_and_views_of_others_stay(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    change(
        kept,
        "DROP VIEW analytics_goals",
        "CREATE VIEW analytics_goals AS SELECT 1 AS old",
        "CREATE VIEW analytics_gone AS SELECT 1 AS old",
        "CREATE VIEW ours AS SELECT 1 AS own",
    )
    if not isinstance(kept, ViewFile):  # there what we made is noted, and no name alone makes a view ours
        change(kept, "INSERT INTO analysts_views VALUES ('gone', '', '')")
    fold(log, kept).close()
    assert undocumented(kept, VIEWS) == set()
    assert read(kept, "SELECT own FROM ours") == [(1,)]


# --- nobody in them


@pytest.mark.parametrize("number", [4, 5])
def test_what_was_confided_is_told_of_five_relationships_or_more(kept: Kept, number: int) -> None:
    log = Log()
    for pair in OTHERS[:number]:
        log.add(opened(), checked_in(30, MENTEE), checked_in(31, MENTOR), stream=pair)
        log.add(raised(e.ConcernCode.LOW_DIALOGUE, 31), raised(e.ConcernCode.STUCK, 21), stream=pair)
    fold(log, kept).close()
    enough = number == 5
    few = "fewer than 5 relationships"
    assert read(kept, "SELECT * FROM analytics_dialogue") == [
        ("default", f"{day(30):%Y-%m}", *((5, 10, 5, 5, None) if enough else (*(None,) * 4, few)))
    ]
    by_code = {row[1]: row[2:] for row in read(kept, "SELECT * FROM analytics_concern_codes")}
    assert by_code["low_dialogue"][:2] == ((5, 5) if enough else (None, None))
    assert by_code["low_dialogue"][-1] == ("open, days: fewer than 5 relationships" if enough else few)
    assert by_code["stuck"] == (number, number, number, None, None)


def test_a_side_of_fewer_than_five_is_not_told_beside_the_whole(kept: Kept) -> None:
    log = Log()
    for pair in OTHERS:
        log.add(opened(), checked_in(30, MENTEE), stream=pair)
    log.add(checked_in(31, MENTOR), stream=OTHERS[0])
    fold(log, kept).close()
    (row,) = read(kept, "SELECT * FROM analytics_dialogue")
    assert row[2:] == (5, 6, None, None, "by_mentors, by_mentees: fewer than 5 relationships")


def test_concerns_are_counted_with_the_mean_time_that_those_cleared_stood(kept: Kept) -> None:
    silence = e.ConcernCode.SILENCE
    log = Log().add(opened(), raised(silence, 45), cleared(silence, 49), raised(silence, 90))
    fold(log, kept).close()
    assert read(kept, "SELECT * FROM analytics_concern_codes") == [("default", "silence", 1, 2, 1, 4.0, None)]


def test_of_one_pair_nothing_is_told_that_was_confided(kept: Kept) -> None:
    log = Log().add(opened(), checked_in(30, MENTEE), _to_check_in(29), reminded(20))
    log.add(*(raised(code, 31) for code in (e.ConcernCode.LOW_DIALOGUE, e.ConcernCode.HELP_ASKED)))
    views = fold(log, kept)
    views.close()
    assert read(kept, "SELECT kind FROM analytics_reminders") == [("book_next_meeting",)]
    assert read(kept, "SELECT code FROM analytics_concerns") == []
    columns = {column.name for view in VIEWS for column in view.columns if view.columns[0].name == "pair"}
    assert not {"reminders_issued", "last_reminder_at", "check_ins"} & columns


def _to_check_in(at: float) -> e.ReminderIssued:
    return e.ReminderIssued.model_validate(
        {**reminded(at).model_dump(), "kind": e.ReminderKind.CHECK_IN, "guidance": "check_in"}
    )


def test_no_column_is_called_like_what_names_somebody() -> None:
    named = {
        "id",
        "relationship",
        "person",
        "party",
        "identity",
        "uid",
        "source",
        "goal",
        "measure",
        "subject",
    }
    for view in VIEWS:
        assert not named & {column.name for column in view.columns}, view.name
