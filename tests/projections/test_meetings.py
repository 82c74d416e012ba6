"""A row a meeting: merged as the domain merges, told by side and never by person."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given as drawn
from sqlalchemy import Connection

from tests.domain.any_reports import LATER, reports
from tests.domain.story import PAIR as STORY_PAIR
from tests.domain.story import agreed, given
from tests.projections.deeds import HOUR, booked, called_off, corrected, held, missed, moved, unconfirmed
from tests.projections.facts import (
    MENTEE,
    MENTOR,
    OTHER,
    PAIR,
    Log,
    closed,
    concluded,
    day,
    fold,
    opened,
    programme,
    rows_of,
)
from tests.projections.plans import asked_of
from tests.view_places import Fresh
from workflow.aggregates import commands as c
from workflow.aggregates.events import Event, Outcome
from workflow.projections import meetings
from workflow.projections.meetings_fold import MEETINGS
from workflow.projections.policies import _seconds
from workflow.projections.rows.storage import Kept
from workflow.projections.tables import Row
from workflow.store.instants import stored
from workflow.store.recorded import Metadata, Recorded

Folded = Callable[..., Sequence[Row]]


@pytest.fixture
def folded(fresh: Fresh) -> Folded:
    """Fold facts, each of them twice, and ask."""

    def folded(
        *events: Event, ask: Callable[[Connection], Sequence[Row]] | None = None, page: int = 2
    ) -> Sequence[Row]:
        views = fold(Log(twice=True).add(opened(), *events), fresh(), page=page)
        with views.reading() as connection:
            found = (ask or (lambda connection: meetings.listing(connection, PAIR)))(connection)
        views.close()
        return found

    return folded


def test_a_booked_meeting_tells_how_long_ahead_it_was_booked(folded: Folded) -> None:
    (row,) = folded(booked("ada", 20, at=10), moved("ada", 25, at=12))
    assert (row["status"], row["starts_at"], row["ends_at"]) == ("scheduled", day(25), day(25 + HOUR))
    assert row["booked_at"] == day(10), "when it was first told, however often it was moved since"
    assert row["lead_seconds"] == 15 * 86_400


@pytest.mark.parametrize(("at", "late"), [(19, False), (19 + 1 / 86_400, True), (19.5, True), (10, False)])
def test_a_cancellation_under_a_day_before_the_start_is_late(folded: Folded, at: float, late: bool) -> None:
    (row,) = folded(booked("ada", 20, at=1), called_off("ada", at, MENTEE))
    assert (row["status"], row["cancelled_at"], row["cancelled_by"]) == ("cancelled", day(at), "mentee")
    assert row["late"] is late


def test_how_late_is_known_once_the_start_is(folded: Folded) -> None:
    """The calling-off came first, and nobody had told when the meeting was to be."""
    (row,) = folded(called_off("ada", 19.5))
    assert (row["starts_at"], row["notice_seconds"], row["late"]) == (None, None, False)
    (row,) = folded(called_off("ada", 19.5), booked("ada", 20, at=1))
    assert (row["status"], row["notice_seconds"], row["late"]) == ("cancelled", 43_200, True)


@pytest.mark.parametrize(("called_off_at", "late"), [(9.2, True), (9.7, True), (19.2, False), (19.7, True)])
def test_what_is_late_the_policy_says_that_was_in_force_then(
    kept: Kept, called_off_at: float, late: bool
) -> None:
    """It asks for 24 hours at first, and from day 15 on for 12."""
    start = 10 if called_off_at < 10 else 20
    log = programme(Log(), "default", {0: 24, 15: 12})
    programme(log, "another", {0: 24, 15: 1})
    log.add(opened(), booked("ada", start, at=1), called_off("ada", called_off_at))
    views = fold(log, kept)
    with views.reading() as connection:
        (row,) = meetings.listing(connection, PAIR)
        assert row["late"] is late
        (month,) = meetings.by_month(connection)
        assert month["cancelled_late"] == late
    views.close()


def test_what_was_called_off_before_the_first_policy_is_held_to_that(kept: Kept) -> None:
    log = programme(Log(), "default", {5: 48, 6: 1}).add(
        opened(), booked("ada", 4, at=1), called_off("ada", 2.5)
    )
    views = fold(log, kept)
    with views.reading() as connection:
        assert meetings.listing(connection, PAIR)[0]["late"] is True
    views.close()


@pytest.mark.parametrize(
    ("by", "side"),
    [((MENTEE,), "mentee"), ((MENTOR,), "mentor"), ((MENTOR, MENTEE), "both"), ((OTHER,), None)],
)
def test_who_missed_it_is_told_by_side(folded: Folded, by: tuple[UUID, ...], side: str | None) -> None:
    (row,) = folded(booked("ada", 20, at=1), missed("ada", 21, *by))
    assert (row["status"], row["missed_by"], row["cancelled_by"]) == ("missed", side, None)
    assert str(MENTEE) not in str(row)


def test_a_no_show_that_is_withdrawn_leaves_what_was_said_before(folded: Folded) -> None:
    (row,) = folded(booked("ada", 20, at=1), missed("ada", 21), corrected("ada", 30, Outcome.NONE))
    assert (row["status"], row["missed_by"]) == ("scheduled", None)
    (row,) = folded(booked("ada", 20, at=1), missed("ada", 21), corrected("ada", 30, Outcome.MISSED, MENTOR))
    assert (row["status"], row["missed_by"]) == ("missed", "mentor")


def test_an_outcome_that_nobody_told_yields_to_any_report(folded: Folded) -> None:
    (row,) = folded(booked("ada", 20, at=1), unconfirmed("ada", 20))
    assert row["status"] == "unconfirmed"
    (row,) = folded(booked("ada", 20, at=1), unconfirmed("ada", 20), held("ada", 20))
    assert row["status"] == "held"


def test_an_outcome_beside_a_cancellation_is_shown_as_such(folded: Folded) -> None:
    (row,) = folded(booked("ada", 20, at=1), called_off("ada", 18, MENTEE), held("ada", 20))
    assert (row["status"], row["contradicted_at"], row["cancelled_by"]) == ("held", day(20 + HOUR), None)


def test_two_entries_become_one_meeting_as_soon_as_that_is_told(folded: Folded) -> None:
    apart = booked("ben", 20, at=3), booked("ada", 20, at=1)
    assert [row["uid"] for row in folded(*apart)] == ["ada", "ben"]
    (row,) = folded(*apart, moved("ben", 22, at=5, previous="ada"), held("ada", 22))
    assert (row["uid"], row["status"], row["booked_at"]) == ("ada", "held", day(1))


def test_an_entry_named_before_it_is_told_of_is_found(folded: Folded) -> None:
    (row,) = folded(moved("ben", 22, at=5, previous="ada"), booked("ada", 20, at=1), called_off("ada", 4))
    assert (row["subject"], row["status"], row["starts_at"]) == ("ada", "scheduled", day(22))


def test_the_occurrences_of_a_series_are_meetings_of_their_own(folded: Folded) -> None:
    rows = folded(booked("ada", 7, at=1, recurrence=7), booked("ada", 14, at=1, recurrence=14))
    assert [row["subject"] for row in rows] == [f"ada#{day(7).isoformat()}", f"ada#{day(14).isoformat()}"]


def test_a_row_that_only_the_fold_needs_is_in_no_view(kept: Kept) -> None:
    views = fold(Log().add(opened()), kept)
    with views.reading() as connection:
        assert meetings.listing(connection, PAIR) == []
        assert connection.exec_driver_sql("SELECT count(*) FROM meetings").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM meetings_1").scalar() == 1
    views.close()


def test_months_count_what_stands_of_the_meetings_that_start_in_them(folded: Folded) -> None:
    rows = folded(
        booked("ada", 2, at=0),
        held("ada", 2),
        booked("ben", 3, at=1),
        called_off("ben", 2.5),
        booked("cleo", 40, at=20),
        missed("cleo", 41),
        booked("dora", 60, at=50),
        closed(55),
        called_off("nobody told when", 10),
        ask=meetings.by_month,
    )
    january, february = rows
    assert (january["month"], january["held"], january["cancelled"], january["cancelled_late"]) == (
        "2026-01",
        1,
        1,
        1,
    )
    assert january["lead_days"] == pytest.approx(2)
    assert (february["month"], february["missed"]) == ("2026-02", 1)


def test_months_are_counted_without_reading_the_long_rows(kept: Kept) -> None:
    views = fold(Log().add(opened(), booked("ada", 2, at=0), held("ada", 2)), kept)
    with views.reading() as connection:
        plan = asked_of(connection, partial(meetings.by_month, begin=day(0).date()))
    views.close()
    found = [
        step.split("  (cost")[0].strip()
        for step in plan
        if re.search("(SEARCH|SCAN|Scan) .*meetings_1", step)
    ]
    assert found in (
        ["SEARCH meetings_1 USING COVERING INDEX meetings_by_start_1 (starts_at>?)"],
        ["->  Index Only Scan using meetings_by_start_1 on meetings_1"],
    )


def test_months_are_counted_from_a_day_on_that_is_among_them(folded: Folded) -> None:
    events = booked("ada", 2, at=0), held("ada", 2), booked("cleo", 40, at=20), missed("cleo", 41)
    for since, months in ((2, ["2026-01", "2026-02"]), (3, ["2026-02"]), (41, [])):
        rows = folded(*events, ask=partial(meetings.by_month, begin=day(since).date()))
        assert [row["month"] for row in rows] == months


def test_the_share_with_a_next_meeting_booked_is_of_those_that_are_active(kept: Kept) -> None:
    log = Log().add(opened(), concluded(1), booked("ada", 20, at=3), called_off("gone", 5))
    log.add(opened(), concluded(1), booked("ben", 9, at=3), stream=OTHER)
    views = fold(log, kept)
    with views.reading() as connection:
        assert meetings.with_next_booked(connection, day(10)) == (1, 2)
        assert meetings.with_next_booked(connection, day(8)) == (2, 2)
        assert meetings.with_next_booked(connection, day(10), programme="another") == (0, 0)
    views.close()


@drawn(reports())
def test_the_rows_are_the_meetings_that_decisions_were_made_by(messages: tuple[c.MeetingReport, ...]) -> None:
    story = given(*agreed())
    for message in messages:
        story.decide(message, now=LATER)
    page = [
        Recorded(
            number,
            STORY_PAIR,
            number,
            event,
            Metadata(event_id=UUID(int=number), recorded_at=LATER, correlation_id="c"),
        )
        for number, event in enumerate(story.events, 1)
    ]
    assert story.state is not None
    rows = {
        (row["subject"], row["status"], row["starts_at"])
        for row in rows_of(MEETINGS, page)
        if row["starts_at"] is not None
    }
    assert rows == {
        (one.subject, one.status.value, stored(one.starts_at))
        for one in story.state.calendar.meetings()
        if one.starts_at is not None
    }


@pytest.mark.parametrize(("hours", "seconds"), [(24, 86_400), (0.1, 360), (24.0001, 86_401)])
def test_a_notice_in_whole_seconds_is_late_exactly_where_it_is_less_than_the_policy_asks(
    hours: float, seconds: int
) -> None:
    assert _seconds(hours) == seconds
