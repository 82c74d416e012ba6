"""Closure: a manner and a reason, what it clears, and what still follows it."""

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    AS_STRANGER,
    COORDINATOR,
    MENTEE,
    MENTOR,
    Story,
    agreed,
    aimed,
    amended,
    booked,
    cancelled,
    closed,
    committed,
    contacted,
    corrected,
    day,
    given,
    held,
    look,
    met,
    missed,
    opened,
    paused,
    text,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

FEEDBACK = "feedback"


def looked_back(at: float, actor: c.Actor = AS_MENTEE) -> c.GiveClosingFeedback:
    return c.GiveClosingFeedback(at=day(at), actor=actor, text=text())


def asked(story: Story) -> list[tuple[str, float]]:
    return [(who, (at - day(0)).total_seconds() / 86400) for _, who, at in story.reminders(FEEDBACK)]


@pytest.mark.parametrize("manner", e.ClosureManner)
def test_it_has_a_manner(manner: e.ClosureManner) -> None:
    assert given(*agreed(), closed(10, manner=manner)).last(e.Closed).manner is manner


@pytest.mark.parametrize("reason", e.ClosureReason)
def test_and_a_reason(reason: e.ClosureReason) -> None:
    story = given(*agreed(), closed(10, reason=reason)).then_state("closure")
    assert (story.last(e.Closed).reason, story.last(e.Closed).by) == (reason, COORDINATOR)


def test_any_state_but_closure_can_be_closed() -> None:
    given(opened(), closed(1)).then_state("closure")
    given(opened(), *committed(), closed(1)).then_state("closure")
    given(*agreed(), c.DeclareStagnation(at=day(5), actor=AS_MENTEE), closed(6)).then_state("closure")
    story = given(*agreed(), closed(1)).when(closed(2)).then_refused("closed")
    assert "closing feedback" in str(story.refusal)


def test_by_a_party_or_the_coordinator() -> None:
    for actor in (AS_MENTOR, AS_MENTEE, AS_COORDINATOR):
        given(*agreed()).when(closed(1, actor=actor)).then_state("closure")
    for stranger in (AS_STRANGER, None):
        given(*agreed()).when(closed(1, actor=stranger)).then_refused("not_a_party")


def test_or_by_a_service_where_the_programme_has_ended() -> None:
    service = c.Actor(COORDINATOR, e.Role.SERVICE)
    ended = e.ClosureReason.PROGRAMME_ENDED
    given(*agreed()).when(closed(1, reason=ended, actor=service)).then_state("closure")
    given(*agreed()).when(closed(1, actor=service)).then_refused("not_a_party")


def test_not_before_the_present_state_was_entered() -> None:
    story = given(*agreed(), c.DeclareStagnation(at=day(20), actor=AS_MENTOR))
    story.when(closed(19), now=day(21)).then_refused("before_state")
    given(*agreed(), c.DeclareStagnation(at=day(20), actor=AS_MENTOR)).when(closed(20)).then_state("closure")
    given(*agreed()[:5], c.SignAgreement(at=day(5), actor=AS_MENTEE, version=1)).when(
        c.DeclareStagnation(at=day(4), actor=AS_MENTOR), now=day(6)
    ).then_refused("before_state")


def test_it_clears_every_concern_and_asks_for_nothing_of_before() -> None:
    story = given(*agreed()).pass_time(day(65)).when(c.AskForHelp(at=day(66), actor=AS_MENTEE))
    assert story.state is not None
    standing = len(story.state.concerns)
    assert standing > 1
    story.when(closed(67))
    assert story.latest is not None
    assert [type(event) for event in story.latest.events] == [e.Closed] + [e.ConcernCleared] * standing
    assert story.state.concerns == {}
    assert set(story.state.dues) == {e.DueKind.REMIND_FEEDBACK}
    codes = [event.code.value for event in story.latest.events if isinstance(event, e.ConcernCleared)]
    assert {event.policy for event in story.latest.events} == {1}
    assert codes == sorted(codes)


def test_after_it_nothing_more_is_done_in_it() -> None:
    story = given(*agreed(), booked("m", day(9), at=day(1)), closed(10))
    refused = (
        *committed(at=11),
        c.DraftAgreement(at=day(11), actor=AS_MENTOR),
        c.SignAgreement(at=day(11), actor=AS_MENTOR, version=1),
        c.NotePreparation(at=day(11), actor=AS_MENTOR, uid="m"),
        *contacted(11),
        c.AskForHelp(at=day(11), actor=AS_MENTEE),
        c.GiveCheckInConsent(at=day(11), actor=AS_MENTEE),
        c.ReviewMeasures(at=day(11), actor=AS_MENTEE),
        aimed(11),
        look(11),
        paused(11),
        *amended(11),
    )
    for command in refused:
        story.when(command).then_refused("closed")


def test_meeting_facts_from_before_it_still_merge_and_the_state_stays() -> None:
    story = given(*agreed(), *met(5), booked("m", day(9), at=day(6)), closed(20))
    for late in (missed("m", day(21)), corrected("m", day(22), e.Outcome.HELD, start=day(9))):
        story.when(late).then_state("closure")
    assert story.state is not None
    assert [meeting.status.value for meeting in story.state.calendar.meetings()] == ["held", "held"]
    assert story.kinds()[-2:] == [e.MeetingMissed, e.MeetingOutcomeCorrected]
    story.when(held("n", day(12)), now=day(23)).pass_time(day(60)).then_state("closure")
    assert story.state.concerns == {}


def test_what_was_booked_is_neither_reminded_of_nor_called_unconfirmed() -> None:
    story = given(*agreed(), *met(1), booked("m", day(30), at=day(6)), closed(20)).pass_time(day(60))
    assert e.MeetingOutcomeUnconfirmed not in story.kinds()
    for kind in ("preparation", "meeting", "outcome"):
        assert story.reminders(kind) == [], kind


def test_each_time_is_a_step_of_its_own() -> None:
    story = given(*agreed(), closed(10)).pass_time(day(40))
    asked = [one for one in story.all(e.ReminderIssued) if one.kind.value == FEEDBACK]
    assert [one.step for one in asked if one.party == MENTEE] == [1, 2, 3]


def test_feedback_is_asked_for_7_14_and_21_days_after() -> None:
    story = given(*agreed(), closed(10)).pass_time(day(60))
    assert asked(story) == [(who, at) for at in (17, 24, 31) for who in ("mentee", "mentor")]
    assert story.state is not None
    assert story.state.dues == {}


def test_until_it_is_given() -> None:
    story = given(*agreed(), closed(10)).pass_time(day(18)).when(looked_back(19)).then(e.ClosingFeedbackGiven)
    assert asked(story.pass_time(day(60))) == [("mentee", 17), ("mentor", 17), ("mentor", 24), ("mentor", 31)]


def test_each_party_gives_it_once_and_after_the_closing() -> None:
    given(*agreed()).when(looked_back(5)).then_refused("not_closed")
    story = given(*agreed(), closed(10), looked_back(11)).when(looked_back(12)).then_refused("feedback_given")
    story.when(looked_back(12, AS_MENTOR)).then(e.ClosingFeedbackGiven)
    assert {event.party for event in story.all(e.ClosingFeedbackGiven)} == {MENTOR, MENTEE}
    story.when(looked_back(12, AS_COORDINATOR)).then_refused("not_a_party")


def test_concerns_of_one_kind_are_cleared_in_the_order_of_what_they_are_about() -> None:
    contradicted = [
        report
        for uid in ("b", "a", "c")
        for report in (booked(uid, day(9), at=day(1)), cancelled(uid, day(2)), held(uid, day(9)))
    ]
    story = given(*agreed(), *contradicted).pass_time(day(15)).when(closed(16))
    assert story.latest is not None
    subjects = [event.subject for event in story.latest.events if isinstance(event, e.ConcernCleared)]
    assert [subject for subject in subjects if subject is not None] == ["a", "b", "c"]


def test_the_last_event_of_a_decision_tells_what_is_due_from_then_on() -> None:
    story = given(*agreed()).pass_time(day(65)).when(closed(67))
    assert story.latest is not None
    *others, last = story.latest.events
    assert others
    assert {event.dues is None for event in others} == {True}
    assert story.state is not None
    assert last.dues == story.state.dues
    assert not story.latest.stale
