"""A pause: at most 60 days, by any party or the coordinator; what would fall due meanwhile waits."""

from datetime import timedelta

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    AS_STRANGER,
    agreed,
    assert_replays,
    booked,
    closed,
    corrected,
    day,
    given,
    held,
    look,
    met,
    opened,
    paused,
    policy,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

AGREED = (*agreed(), *met(1))
RESUMED = c.Resume(at=day(20), actor=AS_MENTOR)


def rests(story: object) -> bool:
    return bool(getattr(story, "state").paused)  # noqa: B009 the state may be None to the checker


@pytest.mark.parametrize("actor", [AS_MENTOR, AS_MENTEE, AS_COORDINATOR])
def test_any_party_or_the_coordinator_pauses_and_any_of_them_resumes(actor: c.Actor) -> None:
    story = given(*AGREED).when(c.Pause(at=day(10), actor=actor)).then(e.Paused)
    assert rests(story)
    story.when(c.Resume(at=day(20), actor=actor))
    assert not rests(story)
    assert story.last(e.Resumed).occurred_at == day(20)
    assert story.last(e.Resumed).provenance is e.Provenance.SELF_REPORTED


def test_nobody_else_does() -> None:
    given(*AGREED).when(c.Pause(at=day(10), actor=AS_STRANGER)).then_refused("not_a_party")
    given(*AGREED, paused(10)).when(c.Resume(at=day(11), actor=AS_STRANGER)).then_refused("not_a_party")


def test_paused_is_no_state() -> None:
    given(*AGREED, paused(10)).then_state("active")
    given(opened(), paused(10)).then_state("onboarding")


def test_day_60_resumes_by_itself() -> None:
    story = given(*AGREED, paused(10)).pass_time(day(69.99))
    assert rests(story)
    story.pass_time(day(70))
    assert story.last(e.Resumed).occurred_at == day(70)
    assert story.last(e.Resumed).provenance is e.Provenance.INFERRED


def test_or_the_day_that_was_said() -> None:
    story = given(*AGREED, paused(10, until=25)).pass_time(day(30))
    assert story.last(e.Resumed).occurred_at == day(25)


def test_it_is_no_longer_than_60_days_and_ends_after_its_beginning() -> None:
    for until in (10, 9, 70.01):
        given(*AGREED).when(paused(10, until=until)).then_refused("pause_length")
    given(*AGREED).when(paused(10, until=70)).then(e.Paused)


def test_a_held_meeting_ends_it_and_one_before_it_does_not() -> None:
    story = given(*AGREED, paused(10)).when(held("m", day(9)), now=day(11))
    assert rests(story)
    story.when(held("o", day(10, -1)), now=day(11))
    assert rests(story), "one that ends as it begins is before it"
    story.when(held("n", day(15)))
    assert story.last(e.Resumed).occurred_at == day(15, 1)
    assert [type(story.events[version - 1]) for version in story.last(e.Resumed).evidence] == [e.MeetingHeld]


def test_a_resumption_that_rests_on_a_meeting_follows_its_facts() -> None:
    story = given(*AGREED, paused(10), held("m", day(15))).when(held("n", day(12)), now=day(16))
    revised = story.last(e.ResumptionRevised)
    assert (revised.paused_at, revised.instant) == (day(10), day(12, 1))
    story.when(corrected("n", day(17), e.Outcome.NONE), corrected("m", day(18), e.Outcome.NONE))
    assert story.last(e.ResumptionRevised).instant is None
    assert rests(story)
    story.pass_time(day(70))
    assert not rests(story)


def test_so_does_one_that_somebody_said_or_that_time_brought() -> None:
    story = given(*AGREED, paused(10), RESUMED).when(held("m", day(15)), now=day(21))
    assert story.last(e.ResumptionRevised).instant == day(15, 1)
    story.when(corrected("m", day(22), e.Outcome.NONE))
    assert story.last(e.ResumptionRevised).instant == day(20)
    story = given(*AGREED, paused(10, until=25)).pass_time(day(30)).when(held("m", day(20)), now=day(31))
    assert story.last(e.ResumptionRevised).instant == day(20, 1)
    story.when(corrected("m", day(32), e.Outcome.NONE)).pass_time(day(32))
    assert story.last(e.Resumed).occurred_at == day(25)


def test_a_meeting_after_its_end_changes_nothing_of_it() -> None:
    story = given(*AGREED, paused(10), RESUMED, held("m", day(25)))
    assert e.ResumptionRevised not in story.kinds()


def test_another_begins_after_the_end_of_the_one_before() -> None:
    story = given(*AGREED, paused(10)).when(paused(12)).then_refused("paused_already")
    story = given(*AGREED, paused(10), RESUMED)
    story.when(paused(19), now=day(21)).then_refused("before_resumption")
    given(*AGREED, paused(10), RESUMED).when(paused(20)).then(e.Paused)
    at_once = c.Resume(at=day(10), actor=AS_MENTOR)
    given(*AGREED, paused(10), at_once).when(paused(10)).then_refused("before_resumption")


def test_of_several_it_is_the_last_that_another_begins_after() -> None:
    again = c.Resume(at=day(40), actor=AS_MENTOR)
    story = given(*AGREED, paused(10), RESUMED, paused(30), again)
    story.when(paused(35), now=day(41)).then_refused("before_resumption")
    given(*AGREED, paused(10), RESUMED, paused(30), again).when(paused(40)).then(e.Paused)


def test_and_ends_the_one_before_should_its_end_be_corrected() -> None:
    story = given(*AGREED, paused(10), held("m", day(15)), paused(20))
    story.when(corrected("m", day(21), e.Outcome.NONE))
    assert story.last(e.ResumptionRevised).instant == day(20)
    assert rests(story)


def test_so_does_the_third_with_the_second() -> None:
    story = given(*AGREED, paused(10), RESUMED, paused(25), held("m", day(30)), paused(40))
    story.when(corrected("m", day(41), e.Outcome.NONE))
    assert story.last(e.ResumptionRevised).instant == day(40)


def test_a_resumption_is_not_before_the_pause_and_says_nothing_where_there_is_none() -> None:
    given(*AGREED, paused(10)).when(c.Resume(at=day(9), actor=AS_MENTOR), now=day(11)).then_refused(
        "before_pause"
    )
    given(*AGREED).when(RESUMED).then()


def test_every_due_shifts_by_its_length() -> None:
    story = given(opened(), paused(5, until=15)).pass_time(day(60))
    assert [at for _, _, at in story.reminders("first_meeting")] == [day(17), day(20), day(24)]
    assert [raised.since for raised in story.raised("stuck")] == [day(31)]
    assert [raised.since for raised in story.raised("no_first_meeting")] == [day(24)]


def test_of_several_pauses_by_the_length_of_each() -> None:
    story = given(opened(), paused(2, until=4), paused(5, until=8)).pass_time(day(60))
    assert [raised.since for raised in story.raised("stuck")] == [day(26)]


def test_one_that_begins_when_something_is_due_no_longer_shifts_it() -> None:
    story = given(opened(), paused(21, until=30)).pass_time(day(60))
    assert [raised.since for raised in story.raised("stuck")] == [day(21)]


def test_one_that_was_over_before_shifts_nothing() -> None:
    story = given(*AGREED, paused(2, until=4)).when(c.DeclareStagnation(at=day(20), actor=AS_MENTOR))
    story.pass_time(day(60))
    assert [raised.since for raised in story.raised("no_fresh_look")] == [day(41)]


def test_one_that_was_going_on_shifts_by_what_was_left_of_it() -> None:
    story = given(*AGREED, paused(18, until=25)).when(c.DeclareStagnation(at=day(20), actor=AS_MENTOR))
    story.pass_time(day(60))
    assert [raised.since for raised in story.raised("no_fresh_look")] == [day(46)]


def test_the_term_does_not_unless_amended() -> None:
    story = given(*AGREED, paused(100)).pass_time(day(200))
    assert [raised.since for raised in story.raised("overrun")] == [day(181, -1)]
    assert story.reminders("closing")[0][2] == day(151, -1)


def test_reminders_of_booked_meetings_continue() -> None:
    story = given(*AGREED, paused(10), booked("m", day(20), at=day(11))).pass_time(day(24))
    for kind in ("preparation", "meeting", "outcome"):
        assert story.reminders(kind)


def test_a_reminder_that_the_limit_had_moved_into_it_waits_for_its_end() -> None:
    early = policy(agreement={"midpoint": 0.1})
    story = given(*AGREED, paused(21, until=40), in_force=early).pass_time(day(60))
    assert [at for _, who, at in story.reminders("book_next_meeting") if who == "mentee"] == [day(16, 1)]
    assert story.reminders("midpoint") == [
        ("midpoint", "mentor", day(18, 2.3)),
        ("midpoint", "mentee", day(42, 1)),
    ]
    story = given(*AGREED, paused(21), in_force=early).pass_time(day(60))
    assert story.reminders("midpoint") == [("midpoint", "mentor", day(18, 2.3))]


def test_one_of_the_end_of_the_term_does_not_nor_one_after_the_closing() -> None:
    late = policy(agreement={"midpoint": 0.45})
    story = given(*agreed(months=2), *met(1), paused(30, until=50), in_force=late).pass_time(day(40))
    (halfway,) = {at for _, _, at in story.reminders("midpoint")}
    moved = halfway + timedelta(days=7)
    assert moved > day(30)
    assert story.reminders("closing")[:2] == [("closing", "mentee", moved), ("closing", "mentor", moved)]
    soon = policy(closure={"feedback_days": [1, 30]})
    story = given(*AGREED, paused(19), closed(20), in_force=soon).pass_time(day(24))
    assert story.reminders("feedback") == [
        ("feedback", "mentor", day(21)),
        ("feedback", "mentee", day(23, 1)),
    ]


def test_the_mentor_is_prompted_for_a_fresh_look_once_it_is_over() -> None:
    declared = c.DeclareStagnation(at=day(15), actor=AS_COORDINATOR)
    story = given(*AGREED, paused(10, until=20), declared).pass_time(day(33))
    assert story.reminders("fresh_look") == [("fresh_look", "mentor", day(20))]


def test_a_suspicion_is_cleared_and_silence_begins_anew_with_the_resumption() -> None:
    story = given(*agreed()).pass_time(day(46)).then_concerns("silence").when(paused(46, until=60))
    story.then_no_concern("silence")
    assert e.SuspicionCleared in story.kinds()
    story.pass_time(day(104.9)).then_no_concern("silence").pass_time(day(105)).then_concern("silence")


def test_a_pause_is_no_way_out_of_stagnation() -> None:
    story = given(*agreed()).pass_time(day(65)).when(paused(66, until=80), look(90)).pass_time(day(91))
    story.then_state("stagnation")


def test_inferred_stagnation_that_was_entered_in_it_as_is_known_later_is_withdrawn() -> None:
    """The held meeting that had ended the pause was none, so that there was no silence from it on."""
    story = (
        given(*agreed(cadence=10), paused(14), held("m", day(15))).pass_time(day(40)).then_state("stagnation")
    )
    story.when(corrected("m", day(41), e.Outcome.NONE)).then_state("active").then_no_concern("silence")
    assert rests(story)
    assert story.last(e.StagnationWithdrawn).provenance is e.Provenance.CORRECTED
    story.when(corrected("m", day(42), e.Outcome.HELD, start=day(15))).then_state("stagnation")
    assert story.last(e.MoveRevised).move == "withdraw_stagnation"
    assert_replays(story)


def test_so_it_is_if_the_pause_itself_is_told_of_late() -> None:
    story = given(*agreed()).pass_time(day(65)).when(paused(59.9), now=day(66)).then_state("active")
    story.pass_time(day(119)).then_state("active").then_no_concern("silence")
    story = given(*agreed()).pass_time(day(65)).when(paused(60), now=day(66)).then_state("stagnation")
    story = given(*agreed()).pass_time(day(65)).when(paused(50), now=day(66))
    story.when(c.Resume(at=day(60), actor=AS_MENTOR), now=day(67)).then_state("active")
    story = given(*agreed()).pass_time(day(65)).when(paused(50), now=day(66))
    story.when(c.Resume(at=day(66.5), actor=AS_MENTOR), now=day(67)).then_state("active")
    declared = c.DeclareStagnation(at=day(20), actor=AS_MENTOR)
    given(*agreed(), declared).when(paused(10), now=day(21)).then_state("stagnation")


def test_nothing_of_it_is_left_after_the_closing() -> None:
    story = given(*AGREED, paused(10), closed(20)).when(RESUMED).then_refused("closed")
    story.when(paused(21)).then_refused("closed")
    assert story.pass_time(day(90)).last(e.Paused).occurred_at == day(10)
    assert e.Resumed not in story.kinds()
