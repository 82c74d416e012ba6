"""Cancelling appointments is a pitfall: several meetings in a row that were not held."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

from tests.domain.story import (
    MENTOR,
    agreed,
    aimed,
    booked,
    cancelled,
    corrected,
    day,
    given,
    held,
    met,
    missed,
    moved,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.policy import Policy
from workflow.aggregates.rules import commitment
from workflow.aggregates.rules.moment import Moment


def failed(*starts: float) -> list[c.Command]:
    """Booked and missed."""
    return [
        report
        for start in starts
        for report in (booked(f"m{start}", day(start)), missed(f"m{start}", day(start, 2)))
    ]


def test_two_in_a_row_raise_the_concern() -> None:
    given(*agreed(), *failed(15)).then_concerns()
    story = given(*agreed(), *failed(15, 22)).then_concerns("commitment")
    raised = story.last(e.ConcernRaised)
    assert isinstance(raised, e.ConcernRaised)
    assert raised.since == day(22, 1)
    assert raised.clears == "a meeting held"
    assert [type(story.events[version - 1]) for version in raised.evidence] == [e.MeetingMissed] * 2


def test_two_in_a_row_do_so_whatever_was_before_them() -> None:
    given(*agreed(), held("h", day(15)), *failed(22)).then_concerns()
    given(*agreed(), held("h", day(15)), *failed(22, 29)).then_concerns("commitment")


def test_three_of_the_last_six_raise_it_too() -> None:
    reports = [*failed(15), held("h1", day(20)), *failed(25), held("h2", day(30)), *failed(35)]
    given(*agreed(), *reports).then_concerns("commitment")


def test_the_seventh_back_no_longer_counts() -> None:
    between = [held(f"h{number}", day(16 + number)) for number in range(4)]
    reports = [*failed(15), *between, *failed(25), held("h9", day(30)), *failed(35)]
    given(*agreed(), *reports).then_concerns()


def test_one_held_meeting_clears_it_and_only_a_new_failure_raises_it_again() -> None:
    story = given(*agreed(), *failed(15, 22, 29), held("h", day(36))).then_concerns()
    story.when(*failed(43)).then_concerns("commitment")


def test_under_24_hours_before_the_start_a_cancellation_is_late() -> None:
    story = given(*agreed(), *failed(15), booked("late", day(22), at=day(20)))
    story.when(cancelled("late", day(22, -23.99))).then_concerns("commitment")


def test_a_reschedule_is_no_cancellation_however_late() -> None:
    story = given(*agreed(), booked("m", day(20), at=day(15)), booked("n", day(21), at=day(15)))
    story.when(moved("m", day(30), at=day(19, 23))).then(e.MeetingRescheduled).then_concerns()
    story.when(moved("n", day(31), at=day(20, 23))).then(e.MeetingRescheduled).then_concerns()


def test_at_exactly_24_hours_it_is_not() -> None:
    story = given(*agreed(), *failed(15), booked("fine", day(22), at=day(20)))
    story.when(cancelled("fine", day(22, -24))).then_concerns()


def test_lateness_follows_the_start_even_when_that_becomes_known_afterwards() -> None:
    story = given(*agreed(), *failed(15), cancelled("late", day(22, -2), sequence=1))
    story.then_concerns().when(booked("late", day(22), at=day(20)), now=day(22)).then_concerns("commitment")


def test_streaks_go_by_start_never_by_arrival() -> None:
    story = given(*agreed(), *failed(15, 29)).then_concerns("commitment")
    story.when(held("between", day(22))).then_concerns()


def test_the_first_14_days_are_too_early_to_tell() -> None:
    story = given(*agreed(), *failed(3, 6)).then_concerns()
    story.pass_time(day(13.9)).then_concerns()
    story.pass_time(day(14)).then_concerns("commitment")


def test_what_is_still_to_come_has_not_failed_yet() -> None:
    ahead = [report for start in (50, 57) for report in failed(start)]
    story = given(*agreed())
    story.pass_time(day(20)).when(*(replace(one, at=day(20)) for one in ahead)).then_concerns()
    story.pass_time(day(57, 0.9)).then_no_concern("commitment")
    story.pass_time(day(57, 1)).then_concern("commitment")
    assert [raised.since for raised in story.raised("commitment")] == [day(57, 1)]


def test_nor_does_it_count_before_it_is_withdrawn() -> None:
    story = given(*agreed(), *failed(15)).pass_time(day(20))
    story.when(*(replace(one, at=day(20)) for one in failed(50))).then_concerns()
    story.when(corrected("m50", day(21), e.Outcome.NONE)).pass_time(day(51)).then_no_concern("commitment")


def test_one_that_becomes_known_late_revises_since_when() -> None:
    story = given(*agreed(), *failed(15, 22)).when(*failed(18), now=day(23)).then_concerns("commitment")
    raised = [one.since for one in story.all(e.ConcernRaised) if one.code == "commitment"]
    assert raised == [day(22, 1), day(18, 1)]


def test_one_of_which_only_the_start_is_known_has_failed_by_then() -> None:
    told = replace(corrected("m", day(23), e.Outcome.MISSED, start=day(22)), ends_at=None)
    raised = given(*agreed(), *failed(15), told).then_concerns("commitment").last(e.ConcernRaised)
    assert raised.since == day(22)


def test_a_withdrawn_no_show_takes_the_concern_away() -> None:
    story = given(*agreed(), *failed(15, 22)).then_concerns("commitment")
    story.when(corrected("m15", day(40), e.Outcome.HELD, start=day(15))).then_concerns()


# --- what is told ahead of its time -----------------------------------------------------------------------


def ahead(number: int, start: float, hours: float, kind: str) -> list[c.Command]:
    """A meeting of so many hours of which all is told on day 30, whenever it is."""
    uid, begin = f"m{number}", day(start)
    ends_at = begin + timedelta(hours=hours)
    if kind == "late":
        meeting = replace(booked(uid, begin, at=day(0)), ends_at=ends_at)
        return [meeting, cancelled(uid, begin - timedelta(hours=1))]
    attended = (MENTOR,) if kind == "missed" else None
    return [replace(held(uid, begin, attended), at=day(30), ends_at=ends_at)]


MEETINGS = st.lists(
    st.tuples(
        st.one_of(st.integers(20, 29).map(float), st.integers(0, 12).map(lambda quarters: 28 + quarters / 4)),
        st.sampled_from((1.0, 20.0, 24.0)),
        st.sampled_from(("held", "missed", "missed", "late")),
    ),
    max_size=10,
)


@settings(max_examples=40)
@for_any(MEETINGS)
def test_the_clock_asks_at_the_first_instant_at_which_it_stands_otherwise(
    meetings: list[tuple[float, float, str]],
) -> None:
    told = [report for number, one in enumerate(meetings) for report in ahead(number, *one)]
    state = given(*agreed()).when(*told, now=day(30)).state
    assert state is not None
    moment = Moment(at=day(30), now=day(30), passing=True, policy_version=1, policy=Policy())
    known = commitment.failing(state, moment)
    instants = [
        at for one in state.calendar.meetings() for at in (one.cancelled_at, one.ends_at) if at is not None
    ]
    changes = [
        at for at in instants if at > day(30) and commitment.failing(state, moment._replace(at=at)) != known
    ]
    assert commitment.failing_from(state, moment) == min(changes, default=None)


def test_before_the_first_days_have_passed_it_asks_only_where_something_fails() -> None:
    begin = e.DueKind.CONCERNS_BEGIN
    story = given(*agreed(), *met(1), aimed(2))
    assert story.state is not None
    assert begin not in story.state.dues
    story.when(*(report for number in (5, 6) for report in failed(number)))
    assert story.state.dues[begin] == day(14)
    story = given(*agreed(), *met(1), aimed(2), replace(missed("m", day(3)), uid="only"))
    assert story.state is not None
    assert begin not in story.state.dues
