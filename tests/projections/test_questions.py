"""The programme's questions, of logs made by hand: what narrows them, and what is withheld."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import Connection

from tests.projections.deeds import contacted, drafted, goal_set, held, looked
from tests.projections.facts import (
    OTHER,
    Log,
    closed,
    concluded,
    day,
    onboarded,
    opened,
    raised,
    reminded,
    stagnated,
)
from tests.projections.facts import fold as folded
from tests.projections.plans import asked_of
from workflow.aggregates import events as e
from workflow.aggregates.moves import State
from workflow.errors import Invalid
from workflow.projections.questions.catalogue import QUESTIONS
from workflow.projections.questions.question import Asked
from workflow.projections.rows.storage import Kept
from workflow.projections.tables import Row

NOW = Asked(day(200))
ONE = Asked(day(200), "default")


@contextmanager
def views_of(log: Log, kept: Kept) -> Iterator[Connection]:
    views = folded(log, kept)
    with views.reading() as connection:
        yield connection
    views.close()


def ask(connection: Connection, question: str, asked: Asked = NOW) -> list[Row]:
    return list(QUESTIONS[question].ask(connection, asked))


@pytest.fixture
def log() -> Log:
    log = Log().add(opened(), onboarded(5), concluded(10), held("a", 12), stagnated(80), closed(100))
    return log.add(opened(40), onboarded(45), contacted(50), stream=OTHER)


def test_survival_is_told_only_where_the_time_has_passed_for_all(kept: Kept, log: Log) -> None:
    with views_of(log, kept) as connection:
        (first, *_, last) = found = ask(connection, "survival", Asked(day(119), cohort="2026-01"))
        assert [row["months"] for row in found] == [0, 1, 2, 3]
        assert (first["share"], last["share"]) == (1.0, 1.0)
        assert [row["open"] for row in ask(connection, "survival", Asked(day(120), cohort="2026-01"))][
            -1
        ] == 0


def test_one_that_closes_at_the_very_end_of_a_span_is_not_open_then(kept: Kept) -> None:
    with views_of(Log().add(opened(), closed(90)), kept) as connection:
        assert [row["open"] for row in ask(connection, "survival", Asked(day(90)))] == [1, 1, 1, 0]


def test_stays_count_by_the_days_on_which_they_began_both_ends_included(kept: Kept, log: Log) -> None:
    begun = day(10).date()
    with views_of(log, kept) as connection:
        found = ask(connection, "time-in-states", Asked(day(200), begin=begun, end=begun))
        assert [(row["state"], row["days"]) for row in found] == [("active", 70.0)]
        assert (
            ask(connection, "time-in-states", Asked(day(200), begin=day(11).date(), end=day(12).date())) == []
        )


def test_a_state_and_a_cohort_narrow(kept: Kept, log: Log) -> None:
    with views_of(log, kept) as connection:
        (row,) = ask(connection, "states", Asked(day(200), cohort="2026-02", state=State.AGREEMENT))
        assert (row["now"], row["ever"]) == (1, 1)
        assert ask(connection, "states", Asked(day(200), programme="another")) == []
        (row,) = ask(connection, "support")
        assert row == {"contacts": 1, "relationships": 1, "mean_days_since": 150.0}


def test_another_programmes_goals_measures_and_topics_are_not_counted(kept: Kept) -> None:
    log = Log().add(opened(), onboarded(5), drafted(1, 8, e.Visibility.SHAREABLE), concluded(10))
    log.add(goal_set("one", 12), looked(81, "call"))
    with views_of(log, kept) as connection:
        for question in ("goals", "measures", "topics"):
            for asked, number in ((ONE, 1), (NOW, 1), (Asked(day(200), "another"), 0)):
                rows = ask(connection, question, asked)
                assert (
                    sum(value for row in rows for value in row.values() if isinstance(value, int)) == number
                )


def test_concerns_that_were_confided_are_no_days_figure_of_fewer_than_five(kept: Kept) -> None:
    log = Log()
    for number in range(1, 6):
        log.add(opened(), raised(e.ConcernCode.STUCK, 21), stream=UUID(int=number))
        log.add(raised(e.ConcernCode.HELP_ASKED, 20 + number), stream=UUID(int=number))
    with views_of(log, kept) as connection:

        def on(number: int) -> dict[str, tuple[int | None, str | None]]:
            rows = ask(connection, "day", Asked(day(200), "default", day=day(number).date()))
            return {row["name"]: (row["number"], row["withheld"]) for row in rows if row["what"] == "concern"}

        assert on(24)["help_asked"] == (None, "fewer than 5 relationships")
        assert on(25)["help_asked"] == (5, None)
        assert on(24)["stuck"] == (5, None)
        together = ask(connection, "day", Asked(day(200), day=day(25).date()))
        (help_asked,) = [row for row in together if row["name"] == "help_asked"]
        assert (help_asked["number"], help_asked["withheld"]) == (None, "told of one programme alone")
        (row,) = ask(connection, "days", Asked(day(200), begin=day(25).date(), end=day(25).date()))
        assert row["concerns"] == 5, "those that were confided are in no sum beside the others"


@pytest.mark.parametrize("number", [4, 5])
def test_reminders_to_check_in_are_told_of_five_relationships_or_more(kept: Kept, number: int) -> None:
    log = Log()
    kind = {"kind": e.ReminderKind.CHECK_IN, "guidance": "check_in"}
    to_check_in = e.ReminderIssued.model_validate({**reminded(20).model_dump(), **kind})
    for pair in range(number):
        log.add(opened(), to_check_in, reminded(30), stream=UUID(int=pair + 1))
    with views_of(log, kept) as connection:
        found = {row["kind"]: (row["issued"], row["withheld"]) for row in ask(connection, "reminders", ONE)}
        all_together = {row["kind"]: row["withheld"] for row in ask(connection, "reminders")}
    assert all_together == {"book_next_meeting": None, "check_in": "told of one programme alone"}
    assert found["book_next_meeting"] == (number, None)
    few = (None, "fewer than 5 relationships")
    assert found["check_in"] == (few if number == 4 else (5, None))


def test_days_are_the_last_thirty_unless_said_and_not_without_end(kept: Kept, log: Log) -> None:
    with views_of(log, kept) as connection:
        assert len(ask(connection, "days")) == 31
        assert len(ask(connection, "days", Asked(day(200), begin=date(2026, 1, 1)))) > 200
        with pytest.raises(Invalid, match="at most 3660 days"):
            ask(connection, "days", Asked(day(200), begin=date(2000, 1, 1)))


@pytest.mark.parametrize(
    ("question", "asked", "index"),
    [
        ("meetings", Asked(day(200), begin=date(2026, 3, 1), end=date(2026, 3, 31)), "meetings_by_start_1"),
        ("time-in-states", Asked(day(200), begin=date(2026, 3, 1), state=State.ACTIVE), "journey_by_state_1"),
        ("closures", NOW, "relationships_by_state_1"),
    ],
)
def test_what_narrows_a_question_is_found_by_an_index(
    kept: Kept, log: Log, question: str, asked: Asked, index: str
) -> None:
    with views_of(log, kept) as connection:
        plan = asked_of(connection, lambda connection: ask(connection, question, asked))
    assert any(index in step for step in plan), plan
