"""Whatever a decision spares itself, it comes to what it would if it worked everything out anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st

import workflow.aggregates.decide as deciding
from tests.domain.any_reports import reports
from tests.domain.slowly import Twins
from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    DAY_ZERO,
    DEFAULT,
    MENTEE,
    MENTOR,
    agreed,
    aimed,
    booked,
    cancelled,
    contacted,
    day,
    followed,
    given,
    held,
    moved,
    policy,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.calendars import Calendar
from workflow.aggregates.events.event import of_checked
from workflow.aggregates.meeting_lists import MeetingLists
from workflow.aggregates.meetings import Booking, Cancellation, Entry, Meeting, Report, Status
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import Moment, commitment
from workflow.aggregates.rules.reminders import asked, course, limits, meetings
from workflow.aggregates.rules.since_held import since_held
from workflow.aggregates.rules.unmoved import reminders

EAGER = policy(
    concerns={"too_early_days": 1, "of_last": 3, "failures_of_last": 2},
    silence={"suspected_after": 0.5, "entered_after": 0.6},
)

# --- decisions --------------------------------------------------------------------------------------------


@st.composite
def commands(draw: st.DrawFn) -> list[c.Command | float]:
    """What becomes known of a pair that agreed, mostly of meetings; a number is days that pass."""
    found: list[c.Command | float] = []
    now = 1.0
    for number in range(draw(st.integers(1, 25))):
        uid = draw(st.sampled_from(("ada", "ben", "cleo", "dan")))
        at, start = day(now), day(now + draw(st.integers(-20, 20)))
        match draw(st.sampled_from(("booked", "booked", "moved", "off", "held", "missed", "passes", "said"))):
            case "booked":
                found.append(booked(uid, start, at=at, sequence=number))
            case "moved":
                previous = draw(st.none() | st.sampled_from(("ada", "eve")))
                found.append(moved(uid, start, at, sequence=number, previous=previous))
            case "off":
                found.append(cancelled(uid, at, sequence=number))
            case "held":
                found.append(held(uid, start - timedelta(days=20)))
            case "missed":
                found.append(held(uid, start - timedelta(days=20), attended=draw(_ATTENDED)))
            case "passes":
                found.append(draw(st.floats(0.5, 20)))
                now += 20
            case _:
                found.append(draw(st.sampled_from((aimed(now), *contacted(now), _pause(now), _help(now)))))
    return found


_ATTENDED = st.sampled_from(((MENTOR,), (MENTEE,), ()))


def _pause(at: float) -> c.Command:
    return c.Pause(at=day(at), actor=AS_MENTEE, ends_at=day(at + 5))


def _help(at: float) -> c.Command:
    return c.AskForHelp(at=day(at), actor=AS_MENTEE)


@settings(max_examples=60, deadline=None)
@for_any(commands(), st.sampled_from((DEFAULT, EAGER)))
def test_each_decision_is_the_one_that_would_be_taken_slowly(
    told: list[c.Command | float], in_force: PolicyInForce
) -> None:
    twins = Twins(in_force)
    for command in agreed():
        twins.decide(command)
    for one in told:
        if isinstance(one, c.Command):
            twins.when(one, now=max(twins.now, one.at))
        else:
            twins.pass_time(twins.now + timedelta(days=one))
            twins.now += timedelta(days=one)


@settings(max_examples=60, deadline=None)
@for_any(reports())
def test_also_of_reports_that_contradict_each_other(told: tuple[c.MeetingReport, ...]) -> None:
    twins = Twins()
    for command in (*agreed(), *told):
        twins.decide(command, now=max(command.at, day(30)))


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """As of when rules were asked what follows."""
    asked_at: list[datetime] = []
    follow = deciding._follow

    def noting(state: Relationship, events: list[e.Event], moment: Moment) -> None:
        asked_at.append(moment.at)
        follow(state, events, moment)

    monkeypatch.setattr(deciding, "_follow", noting)
    return asked_at


def test_a_booking_beside_others_asks_no_rule(following: list[datetime]) -> None:
    story = given(*agreed(), booked("ada", day(10), at=day(1)))
    following.clear()
    story.when(booked("ben", day(20), at=day(2)), moved("ben", day(21), at=day(3)))
    assert following == []


def test_the_first_booking_does_for_it_ends_the_waiting(following: list[datetime]) -> None:
    story = given(*agreed()).pass_time(day(20))
    story.then_concern("no_first_meeting")
    following.clear()
    story.when(booked("ada", day(40), at=day(21))).then_no_concern("no_first_meeting")
    assert following == [day(21)]


def test_so_does_one_for_which_the_clock_was_late(following: list[datetime]) -> None:
    """The agenda says that something has come about by then, of which the clock has not asked."""
    story = given(*agreed(), booked("ada", day(60), at=day(1)))
    following.clear()
    story.when(booked("ben", day(61), at=day(21.9)))
    assert following == []
    story.when(booked("cleo", day(62), at=day(22))).then_concern("no_support_contact")
    assert following == [day(22)]


def test_so_does_one_after_the_first_days_in_which_facts_had_to_wait(following: list[datetime]) -> None:
    story = given(*agreed(), *(held(f"m{number}", day(number), attended=(MENTOR,)) for number in (3, 5)))
    story.when(booked("ada", day(60), at=day(6)))
    following.clear()
    story.when(booked("ben", day(61), at=day(13.9)))
    assert following == []
    story.when(booked("cleo", day(62), at=day(14))).then_concern("commitment")
    assert following == [day(14)]


def test_so_does_one_of_a_meeting_that_nobody_reported_on(following: list[datetime]) -> None:
    """Moved, it is unconfirmed no longer; moved back, it is again."""
    story = given(*agreed(), booked("ada", day(20)), in_force=policy(meetings={"unconfirmed_in_a_row": 1}))
    story.when(booked("ben", day(200), at=day(20))).pass_time(day(24))
    story.then_concern("nobody_reports")
    following.clear()
    story.when(moved("ada", day(80), at=day(24, 1), sequence=2)).then_no_concern("nobody_reports")
    story.when(moved("ada", day(20), at=day(24, 2), sequence=3)).then_concern("nobody_reports")
    assert following == [day(24, 1), day(24, 2)]


def test_so_does_one_that_takes_a_suspicion_back(following: list[datetime]) -> None:
    story = given(*agreed(), *held_and_silent())
    following.clear()
    story.when(booked("cleo", day(60), at=day(54))).then_no_concern("silence")
    assert following == [day(54)]


def held_and_silent() -> tuple[c.Command, ...]:
    """One meeting early on, one booked far ahead, and the clock has asked what became of the silence."""
    return (held("ada", day(7)), booked("ben", day(100), at=day(8)), *contacted(53))


def test_so_does_one_after_an_instant_that_no_agenda_tells_for_its_concern_stands(
    following: list[datetime],
) -> None:
    """Two meetings are reported before their time, and the last look at a goal is too long ago before their end."""
    story = given(*agreed(), aimed(1), held("ada", day(40)), *contacted(45))
    story.when(held_ahead("ben", day(63), at=day(46)), booked("cleo", day(90), at=day(47)))
    following.clear()
    story.when(booked("dan", day(91), at=day(60.5)))
    assert following == []
    story.when(booked("eve", day(92), at=day(62)))
    assert following == [day(62)]
    assert [raised.since for raised in story.raised("no_direction")] == [day(63, 1), day(61)]


def held_ahead(uid: str, start: datetime, at: datetime) -> c.ReportHeld:
    """Somebody reports a meeting as held that is still to come."""
    return replace(held(uid, start), at=at)


def test_so_does_one_where_closing_was_proposed() -> None:
    """A policy that waits longer takes the concern back, and later on it stands again: no agenda tells from when."""
    patient: dict[str, object] = {"suspected_after": 12, "entered_after": 12}
    twins = Twins(policy(silence=patient))
    for command in (*agreed(), held("ada", day(10)), booked("ben", day(180), at=day(11))):
        twins.decide(command)
    twins.pass_time(day(108))
    twins.then_concern("closure_proposed")
    followed(twins, 109, silence=patient, closure={"inactive_days": 100})
    twins.then_no_concern("closure_proposed")
    twins.pass_time(day(120))
    twins.when(booked("cleo", day(181), at=day(120))).then_concern("closure_proposed")


def test_so_does_one_under_another_policy(following: list[datetime]) -> None:
    story = given(*agreed(), booked("ada", day(10), at=day(1)))
    story.in_force = EAGER
    following.clear()
    story.when(booked("ben", day(20), at=day(2)))
    assert following == [day(2)]


def test_so_does_one_as_of_an_earlier_instant(following: list[datetime]) -> None:
    story = given(*agreed(), booked("ada", day(10), at=day(3)))
    following.clear()
    story.when(booked("ben", day(20), at=day(1)), now=day(2))
    assert following == [day(2)]


def test_a_rule_that_changes_the_course_is_followed_by_all_that_this_concerns_in_their_order() -> None:
    """The first meeting held concludes the agreement; only then can what all have signed come into force."""
    twins = Twins(policy(agreement={"form": "none"}))
    for command in agreed():
        twins.decide(command)
    twins.pass_time(day(22)).then_concern("stuck")
    twins.when(held("ada", day(21))).then_no_concern("stuck")
    assert twins.latest is not None
    assert [type(event) for event in twins.latest.events[:3]] == [
        e.MeetingHeld,
        e.AgreementConcluded,
        e.AgreementAmended,
    ]


def test_a_concern_known_already_is_dated_anew_once_an_earlier_meeting_becomes_known() -> None:
    twins = Twins()
    for command in (*agreed(), held("ada", day(10)), held("ben", day(20))):
        twins.decide(command)
    twins.when(held("cleo", day(15)), now=day(21))
    assert [raised.since for raised in twins.raised("no_direction")] == [day(20, 1), day(15, 1)]


# --- what is kept -----------------------------------------------------------------------------------------


def test_what_silence_comes_to_is_kept_while_only_bookings_become_known() -> None:
    story = given(*agreed(), held("ada", day(7)))
    assert story.state is not None
    moment = Moment(day(8), day(8), False, 1, DEFAULT.policy)
    kept = since_held(story.state, moment)
    story.when(booked("ben", day(20), at=day(8)))
    assert since_held(story.state, moment) is kept
    story.when(held("ben", day(20)))
    assert since_held(story.state, moment) is not kept


def test_and_worked_out_anew_once_a_policy_or_the_course_changes() -> None:
    story = given(*agreed(), held("ada", day(7)))
    assert story.state is not None
    before = since_held(story.state, Moment(day(8), day(8), False, 1, DEFAULT.policy))
    followed(story, 9, closure={"inactive_days": 20})
    after = since_held(story.state, Moment(day(9), day(9), False, 2, story.in_force.policy))
    assert before.inactive_from is not None
    assert after.inactive_from == before.inactive_from - timedelta(days=70)
    story.when(c.Pause(at=day(10), actor=AS_COORDINATOR))
    assert (
        since_held(story.state, Moment(day(10), day(10), False, 2, story.in_force.policy)).silence_since
        is None
    )


# --- lists ------------------------------------------------------------------------------------------------

INSTANTS = st.integers(0, 12).map(lambda hour: DAY_ZERO + timedelta(hours=hour))


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """What is known of one of a few calendar entries: any of its registers, at a few instants that may clash."""
    stamp = (draw(INSTANTS), "calendar", "m")
    start = draw(INSTANTS)
    times = draw(st.sampled_from(((start, start + timedelta(hours=1)), (None, None))))

    def told(outcomes: st.SearchStrategy[e.Outcome]) -> st.SearchStrategy[Report | None]:
        return st.none() | st.builds(Report, st.just(stamp), outcomes, *map(st.just, times), st.just(3))

    return Entry(
        (draw(st.sampled_from("abcd")), draw(st.none() | st.just(day(1)))),
        draw(st.none() | st.just(Booking((0, *stamp), start, start + timedelta(hours=1), 1))),
        draw(st.none() | st.just(Cancellation((draw(st.integers(0, 1)), *stamp), 2))),
        draw(told(st.sampled_from((e.Outcome.HELD, e.Outcome.MISSED)))),
        draw(told(st.sampled_from(e.Outcome))),
        frozenset(draw(st.sets(st.sampled_from("abcd"), max_size=1))),
        draw(st.none() | st.just(start + timedelta(hours=1))),
    )


def told_of(lists: MeetingLists) -> dict[str, object]:
    """All that lists say."""
    names = {name for name in MeetingLists.__slots__ if name != "_fails_until"}
    return {name: getattr(lists, name) for name in names} | {"fails_until": lists.fails_until()}


@settings(max_examples=100, deadline=None)
@for_any(st.lists(st.tuples(entries(), st.booleans()), max_size=14))
def test_lists_that_follow_each_change_are_those_that_would_be_built_anew(
    changes: list[tuple[Entry, bool]],
) -> None:
    calendar = Calendar()
    for entry, ask in changes:
        calendar = calendar.fork()
        calendar.keep(entry)
        if ask:
            calendar.meetings()
        if calendar._lists is not None:
            assert told_of(calendar._lists) == told_of(MeetingLists.of(calendar._meetings.whole().values()))


def test_lists_are_built_once_and_then_follow() -> None:
    story = given(*agreed(), booked("ada", day(10), at=day(1)))
    assert story.state is not None
    first = story.state.calendar._lists
    story.when(booked("ben", day(20), at=day(2)))
    then = story.state.calendar._lists
    assert first is not None
    assert then is not None
    assert [meeting.subject for meeting in first.pending] == ["ada"]
    assert [meeting.subject for meeting in then.pending] == ["ada", "ben"]
    assert then.held is first.held


# --- failures, looked for from the end --------------------------------------------------------------------


def found_from_the_beginning(state: Relationship, moment: Moment) -> tuple[object, Meeting] | None:
    """By all meetings in their order, as the rule is told."""
    numbers = moment.policy.concerns
    counted: list[tuple[datetime, Meeting] | None] = []
    found: tuple[object, Meeting] | None = None
    for meeting in state.calendar.meetings():
        failed_at = commitment._failed_at(meeting, moment)
        if meeting.status is Status.HELD:
            counted.append(None)
            found = None
        elif failed_at is not None and failed_at <= moment.at:
            counted.append((failed_at, meeting))
            failures = [one for one in counted[-numbers.of_last :] if one is not None]
            row = counted[-numbers.in_a_row :]
            in_a_row = len(row) == numbers.in_a_row and None not in row
            if found is None and (in_a_row or len(failures) >= numbers.failures_of_last):
                evidence = tuple(version for _, failed in failures for version in failed.versions)
                begin = state.opened_at + timedelta(days=numbers.too_early_days)
                found = (max(failed_at, begin), evidence), meeting
    return found


@settings(max_examples=200, deadline=None)
@for_any(
    st.lists(st.sampled_from(("held", "missed", "cancelled", "booked")), max_size=14),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(0, 40),
)
def test_failures_are_those_that_count_from_the_first_meeting_on(
    outcomes: list[str], in_a_row: int, of_last: int, now: int
) -> None:
    calendar = Calendar()
    for number, outcome in enumerate(outcomes):
        start = day(2 * number)
        entry = Entry((f"m{number}", None), Booking((0, start, "calendar", "b"), start, start, number))
        if outcome == "cancelled":
            entry = entry._replace(cancellation=Cancellation((1, start, "calendar", "c"), number))
        elif outcome != "booked":
            entry = entry._replace(
                report=Report((start, "portal", "r"), e.Outcome(outcome), None, None, number)
            )
        calendar.keep(entry)
    state = Relationship(MENTOR)
    state.opened_at, state.calendar = DAY_ZERO, calendar
    numbers: dict[str, object] = {
        "in_a_row": in_a_row,
        "of_last": of_last,
        "failures_of_last": min(2, of_last),
    }
    moment = Moment(day(now), day(now), False, 1, policy(concerns=numbers).policy)
    assert commitment._found(state, moment) == found_from_the_beginning(state, moment)


# --- reminders --------------------------------------------------------------------------------------------


def next_of_all(state: Relationship, moment: Moment) -> tuple[datetime, e.DueKind] | None:
    """The first of all reminders that are wanted, however far ahead."""
    if state.state.value == "closure":
        calls = [*course.looking_back(state, moment)]
    else:
        book_next = None if meetings.booked_next(state) else meetings.book_next(state, moment)
        calls = [*meetings.around(state, moment), *([book_next] if book_next else [])]
        calls += reminders(state, moment).calls
    first = limits.next_of(state, moment, calls)
    return None if first is None else (first[0], e.REMINDER_DUES[first[1]])


@settings(max_examples=60, deadline=None)
@for_any(commands())
def test_the_next_reminder_is_the_first_of_all(told: list[c.Command | float]) -> None:
    story = given(*agreed())
    for one in told:
        if isinstance(one, c.Command):
            story.when(one, now=max(story.now, one.at))
        else:
            story.pass_time(story.now + timedelta(days=one))
        assert story.state is not None
        moment = Moment(story.now, story.now, False, 1, DEFAULT.policy)
        assert asked.next_reminder(story.state.fork(), moment) == next_of_all(story.state.fork(), moment)


def test_of_a_reminder_of_a_meeting_and_one_of_the_course_at_one_instant_the_meetings_is_next() -> None:
    story = given(*agreed(), booked("ada", day(18), at=day(1)))
    assert story.state is not None
    contact = reminders(story.state, Moment(day(1), day(1), False, 1, DEFAULT.policy)).next
    assert contact == (day(15), e.ReminderKind.SUPPORT_CONTACT)
    assert story.state.dues.get(e.DueKind.REMIND_PREPARATION) == day(15)


# --- events from what was validated -----------------------------------------------------------------------


def test_an_event_of_what_was_checked_is_the_one_that_the_constructor_makes() -> None:
    times: dict[str, Any] = {"starts_at": day(3), "ends_at": day(3, 1)}
    common: dict[str, Any] = {
        "occurred_at": day(1),
        "provenance": e.Provenance.OBSERVED,
        "uid": "ada",
        "source": "calendar",
        "message": "m1",
    }
    for kind, members in (
        (e.MeetingScheduled, {**times, "sequence": 2, "timezone": None, "channel": "video"}),
        (e.MeetingRescheduled, {**times, "previous_uid": "ben"}),
        (e.MeetingCancelled, {"cancelled_by": MENTEE, "recurrence_id": day(2)}),
        (e.MeetingHeld, {**times, "attended": (MENTOR, MENTEE)}),
        (e.MeetingMissed, {"missed_by": (MENTEE,)}),
        (e.MeetingOutcomeCorrected, {"outcome": e.Outcome.HELD, **times}),
    ):
        made, constructed = of_checked(kind)(**common, **members), kind(**common, **members)
        assert made == constructed
        assert made.model_fields_set == constructed.model_fields_set
        assert list(vars(made)) == list(vars(constructed))
        assert made.model_dump_json() == constructed.model_dump_json()
        assert made.model_copy(update={"policy": 2}) == constructed.model_copy(update={"policy": 2})
        assert kind.model_validate_json(made.model_dump_json()) == constructed
