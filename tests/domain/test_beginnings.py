"""From the opening to an agreement that stands: onboarding, commitment, topics, the first meeting."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    AS_STRANGER,
    DAY_ZERO,
    MENTOR,
    PAIR,
    Story,
    agreed,
    amended,
    assert_replays,
    booked,
    cancelled,
    committed,
    corrected,
    day,
    followed,
    given,
    held,
    missed,
    opened,
    policy,
    text,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.decide import decide
from workflow.errors import NotFound

FIRST = "first_meeting"
STEPS = policy(onboarding={"steps": ["training", "interview"]})
NONE = policy(agreement={"form": "none"})
TOPIC = e.Topic(topic=uuid4(), title=text("salary"), visibility=e.Visibility.PROGRAMME)


def drafted(at: float = 0, *, topics: tuple[e.Topic, ...] = (), cadence: float | None = None) -> c.Command:
    return c.DraftAgreement(at=day(at), actor=AS_MENTOR, topics=topics, cadence_days=cadence)


def signed(actor: c.Actor, version: int = 1, at: float = 0) -> c.Command:
    return c.SignAgreement(at=day(at), actor=actor, version=version)


def step(name: str, actor: c.Actor = AS_COORDINATOR) -> c.Command:
    return c.CompleteOnboardingStep(at=day(0), actor=actor, step=name)


def reclassified(visibility: e.Visibility, actor: c.Actor = AS_MENTEE, topic: e.Topic = TOPIC) -> c.Command:
    return c.ReclassifyTopic(at=day(1), actor=actor, topic=topic.topic, visibility=visibility)


def topics(story: Story) -> dict[str, str]:
    assert story.state is not None
    return {str(topic): visibility.value for topic, visibility in story.state.topics.items()}


# --- opening ----------------------------------------------------------------------------------------------


def test_a_relationship_is_opened_once() -> None:
    story = given(opened()).then(e.RelationshipOpened).then_state("onboarding")
    story.when(opened()).then_refused("already_open")


def test_what_was_never_opened_cannot_be_asked_for_anything() -> None:
    with pytest.raises(NotFound, match="no relationship"):
        decide(None, drafted(), id=PAIR, now=day(1), policy=STEPS)


def test_it_has_a_mentor_and_a_mentee_and_nobody_twice() -> None:
    mentor, mentee = opened().parties
    for parties, code in (
        ((mentor,), "side_missing"),
        ((mentee,), "side_missing"),
        ((mentor, mentee, e.Party(person=uuid4(), role=e.Role.COORDINATOR)), "role_unknown"),
        ((mentor, e.Party(person=MENTOR, role=e.Role.MENTEE)), "same_person"),
    ):
        Story().when(replace(opened(), parties=parties)).then_refused(code)


def test_a_replaced_mentor_is_a_new_relationship_that_continues_the_old_one() -> None:
    before = uuid4()
    story = given(replace(opened(), continues=before))
    assert story.last(e.RelationshipOpened).continues == before


def test_nothing_is_reported_from_before_the_opening_nor_from_the_future() -> None:
    given(opened()).when(committed(AS_MENTOR, at=-1)[0], now=day(1)).then_refused("before_opening")
    given(opened()).when(committed(AS_MENTOR, at=2)[0], now=day(1)).then_refused("in_the_future")
    given(opened()).when(committed(AS_MENTOR, at=1)[0], now=day(1)).then(e.CommitmentConfirmed)


# --- onboarding -------------------------------------------------------------------------------------------


def test_onboarding_is_complete_once_every_party_has_confirmed_its_commitment() -> None:
    story = given(opened()).when(*committed(AS_MENTOR)).then_state("onboarding")
    story.when(*committed(AS_MENTOR)).then()
    story.when(*committed(AS_MENTEE)).then(e.CommitmentConfirmed).then_state("agreement")


def test_and_every_step_of_the_programme_was_taken_in_any_order() -> None:
    story = given(opened(), *committed(), in_force=STEPS).then_state("onboarding")
    story.when(step("training")).then(e.OnboardingStepCompleted).then_state("onboarding")
    story.when(step("training")).then()
    story.when(step("interview", AS_MENTEE)).then_state("agreement")
    story = given(opened(), step("training"), step("interview"), in_force=STEPS).then_state("onboarding")
    story.when(*committed()).then_state("agreement")


def test_a_step_that_nobody_asks_for_is_refused() -> None:
    given(opened(), in_force=STEPS).when(step("yoga")).then_refused("step_unknown")
    given(opened(), in_force=STEPS).when(step("training", AS_STRANGER)).then_refused("not_a_party")


def test_who_has_done_all_that_the_policy_adopted_asks_for_has_completed_its_onboarding() -> None:
    asked = policy(onboarding={"steps": ["training", "interview"]})
    taken = c.CompleteOnboardingStep(at=day(1), actor=AS_COORDINATOR, step="training")
    story = given(opened(), *committed(), taken, in_force=asked).then_state("onboarding")
    followed(story, 5, onboarding={"steps": ["training"]}).then(e.OnboardingCompleted).then_state("agreement")
    completed = story.last(e.OnboardingCompleted)
    assert (completed.occurred_at, completed.policy) == (day(5), 2)
    assert story.state is not None
    assert story.state.onboarded_at == day(5)
    assert_replays(story)


def test_what_it_no_longer_asks_for_is_in_nobody_s_way() -> None:
    asked = policy(onboarding={"steps": ["training", "interview"]})
    taken = c.CompleteOnboardingStep(at=day(1), actor=AS_COORDINATOR, step="interview")
    story = followed(given(opened(), taken, in_force=asked), 5).then_state("onboarding")
    story.when(*committed(at=6)).then_state("agreement")


def test_who_has_not_waits_for_the_rest() -> None:
    asked = policy(onboarding={"steps": ["training"]})
    story = given(opened(), *committed(AS_MENTEE), in_force=asked)
    followed(story, 5).then_state("onboarding").when(*committed(AS_MENTOR, at=6)).then(e.CommitmentConfirmed)
    story.then_state("agreement")
    story = followed(given(opened(), *committed(), in_force=asked), 5, onboarding={"steps": ["interview"]})
    story.then_state("onboarding")


def test_what_the_policy_adopted_asks_for_beside_it_takes_nobody_back() -> None:
    story = followed(given(opened(), *committed()), 5, onboarding={"steps": ["training"]})
    story.then_state("agreement")


def test_a_party_commits_itself_and_nobody_else_does() -> None:
    for actor in (AS_COORDINATOR, AS_STRANGER, c.Actor(MENTOR, e.Role.MENTEE), None):
        given(opened()).when(c.ConfirmCommitment(at=DAY_ZERO, actor=actor)).then_refused("not_a_party")


# --- the agreement ----------------------------------------------------------------------------------------


def test_an_agreement_stands_once_every_party_has_signed_the_current_version() -> None:
    story = given(opened(), *committed(), drafted()).when(signed(AS_MENTOR)).then_state("agreement")
    story.when(signed(AS_MENTEE, at=1)).then(e.AgreementSigned, e.AgreementConcluded).then_state("active")
    concluded = story.last(e.AgreementConcluded)
    assert (concluded.occurred_at, concluded.version) == (day(1), 1)
    assert concluded.cadence_days == 30
    assert concluded.provenance is e.Provenance.SELF_REPORTED


def test_a_draft_says_the_terms_that_it_leaves_to_the_policy() -> None:
    story = given(opened(), *committed()).when(drafted(topics=(TOPIC,))).then(e.AgreementDrafted)
    draft = story.last(e.AgreementDrafted)
    assert (draft.version, draft.cadence_days, draft.duration_months) == (1, 30, 6)
    assert [topic.visibility for topic in draft.topics] == ["programme"]


def test_the_last_signature_counts_whenever_it_becomes_known() -> None:
    story = given(opened(), *committed(), drafted()).when(signed(AS_MENTEE, at=3), signed(AS_MENTOR, at=2))
    assert story.last(e.AgreementConcluded).occurred_at == day(3)


def test_what_is_signed_before_the_onboarding_is_complete_stands_with_its_completion() -> None:
    story = given(opened(), drafted(), signed(AS_MENTOR), signed(AS_MENTEE)).then_state("onboarding")
    story.when(*committed(at=5)).then_state("active")
    assert story.last(e.AgreementConcluded).occurred_at == day(5)


def test_its_term_follows_the_meeting_s_facts_and_what_was_amended() -> None:
    story = given(opened(), *committed(), held("m", day(20)), *amended_first(), in_force=NONE)
    assert story.last(e.AgreementAmended).version == 1
    story.when(held("earlier", day(10)), now=day(31))
    revised = story.last(e.MoveRevised)
    assert (revised.move, revised.instant) == ("conclude_agreement", day(10, 1))
    assert revised.term_ends_at == datetime(2026, 4, 15, 9, tzinfo=UTC)


@pytest.mark.parametrize("meeting_first", [True, False])
def test_signatures_that_the_programme_does_not_ask_for_come_into_force_with_the_first_held_meeting(
    meeting_first: bool,
) -> None:
    """In whichever order signatures and meeting become known, and whatever is corrected meanwhile."""
    meeting, withdrawn = held("m", day(20)), corrected("m", day(31), e.Outcome.NONE)
    first, then = ((meeting,), ()) if meeting_first else ((), (meeting,))
    story = given(opened(), *committed(), *first, *amended_first(), in_force=NONE)
    for report in (*then, withdrawn):
        story.when(report, now=day(31))
    story.then_state("agreement")
    assert story.state is not None
    assert (story.state.agreement, story.state.amended_at) == (None, None)
    story.when(held("n", day(40))).then_state("active")
    assert story.state.agreement is not None
    assert (story.state.agreement.version, story.state.active_since) == (1, day(40, 1))


@pytest.mark.parametrize("meeting_first", [True, False])
def test_nor_does_it_matter_to_when_it_is_active_since(meeting_first: bool) -> None:
    """The signatures of day 30 stand beside a meeting that turns out to have been held on day 32."""
    meeting, moved = held("m", day(20)), corrected("m", day(33), e.Outcome.HELD, start=day(32))
    first, then = ((meeting,), ()) if meeting_first else ((), (meeting,))
    story = given(opened(), *committed(), *first, *amended_first(), in_force=NONE)
    for report in (*then, moved):
        story.when(report, now=day(33))
    assert story.state is not None
    assert story.state.agreement is not None
    assert (story.state.agreement.version, story.state.active_since) == (1, day(32, 1))


def test_topics_drafted_before_it_are_those_that_it_brings_into_force() -> None:
    story = given(
        opened(),
        *committed(),
        drafted(topics=(TOPIC,)),
        *(signed(who) for who in (AS_MENTOR, AS_MENTEE)),
        in_force=NONE,
    )
    story.when(held("m", day(3))).then_state("active")
    assert story.state is not None
    assert story.state.topics == {TOPIC.topic: TOPIC.visibility}


def amended_first() -> tuple[c.Command, ...]:
    """The first version that is written down after a meeting has concluded the agreement: three months."""
    return (
        c.DraftAgreement(at=day(30), actor=AS_MENTOR, duration_months=3),
        signed(AS_MENTOR, 1, at=30),
        signed(AS_MENTEE, 1, at=30),
    )


def test_signing_again_amends_nothing() -> None:
    assert given(*agreed(), *amended(30)).when(signed(AS_MENTOR, 2, at=31)).then() is not None


# --- topics -----------------------------------------------------------------------------------------------


def test_a_topic_of_the_agreement_is_closed_to_others_at_once() -> None:
    story = given(opened(), *committed(), drafted(topics=(TOPIC,)))
    story.when(reclassified(e.Visibility.PAIR_ONLY)).then(e.TopicReclassified)
    assert topics(story) == {str(TOPIC.topic): "pair_only"}
    story.when(reclassified(e.Visibility.PAIR_ONLY)).then()


def test_but_opened_to_more_only_by_an_amendment_that_all_sign() -> None:
    story = given(opened(), *committed(), drafted(topics=(TOPIC,)), signed(AS_MENTOR), signed(AS_MENTEE))
    story.when(reclassified(e.Visibility.SHAREABLE)).then_refused("topic_opened")
    wider = TOPIC.model_copy(update={"visibility": e.Visibility.SHAREABLE})
    story.when(drafted(2, topics=(wider,)), signed(AS_MENTOR, 2, at=2))
    assert topics(story) == {str(TOPIC.topic): "programme"}
    story.when(signed(AS_MENTEE, 2, at=2)).then(e.AgreementSigned, e.AgreementAmended)
    assert topics(story) == {str(TOPIC.topic): "shareable"}


def test_what_was_written_down_before_opens_nothing_that_has_been_closed_since() -> None:
    both = signed(AS_MENTOR), signed(AS_MENTEE)
    close = reclassified(e.Visibility.PAIR_ONLY)
    story = given(opened(), *committed(), drafted(topics=(TOPIC,)), *both, in_force=NONE).when(close)
    story.when(held("m", day(3))).then_state("active")
    assert story.last(e.AgreementAmended).version == 1
    assert topics(story) == {str(TOPIC.topic): "pair_only"}
    story = given(opened(), *committed(), drafted(topics=(TOPIC,)), *both, drafted(topics=(TOPIC,)))
    story.when(signed(AS_MENTEE, 2), close, signed(AS_MENTOR, 2, at=2)).then_state("active")
    assert story.last(e.AgreementAmended).version == 2
    assert topics(story) == {str(TOPIC.topic): "pair_only"}


def test_nor_does_closing_a_topic_a_little_open_what_was_to_be_closed_more() -> None:
    open_topic = TOPIC.model_copy(update={"visibility": e.Visibility.SHAREABLE})
    closing = TOPIC.model_copy(update={"visibility": e.Visibility.PAIR_ONLY})
    both = signed(AS_MENTOR), signed(AS_MENTEE)
    story = given(opened(), *committed(), drafted(topics=(open_topic,)), *both, drafted(topics=(closing,)))
    story.when(reclassified(e.Visibility.PROGRAMME))
    assert topics(story) == {str(TOPIC.topic): "programme"}
    story.when(signed(AS_MENTEE, 2, at=2), signed(AS_MENTOR, 2, at=2))
    assert topics(story) == {str(TOPIC.topic): "pair_only"}


def test_only_a_party_reclassifies_and_only_what_was_agreed() -> None:
    story = given(opened(), drafted(topics=(TOPIC,)))
    story.when(reclassified(e.Visibility.PAIR_ONLY, AS_COORDINATOR)).then_refused("not_a_party")
    other = TOPIC.model_copy(update={"topic": uuid4()})
    story.when(reclassified(e.Visibility.PAIR_ONLY, topic=other)).then_refused("topic_unknown")


def test_a_topic_stands_once_in_an_agreement() -> None:
    given(opened()).when(drafted(topics=(TOPIC, TOPIC))).then_refused("topic_twice")


# --- what does not come about -----------------------------------------------------------------------------


def test_nothing_booked_reminds_the_mentee_on_day_7_the_mentor_on_10_the_coordinator_on_14() -> None:
    story = given(opened()).pass_time(day(30))
    assert story.reminders(FIRST) == [
        (FIRST, "mentee", day(7)),
        (FIRST, "mentor", day(10)),
        (FIRST, "coordinator", day(14)),
    ]


def test_and_is_a_concern_14_days_after_opening_until_a_meeting_is_booked() -> None:
    story = given(opened()).pass_time(day(13.99)).then_no_concern("no_first_meeting")
    story.pass_time(day(14)).then_concern("no_first_meeting")
    assert story.raised("no_first_meeting")[0].since == day(14)
    story.when(booked("m", day(20), at=day(15))).then_no_concern("no_first_meeting")


def test_one_that_is_called_off_books_nothing_and_one_missed_was_booked() -> None:
    story = given(opened(), booked("m", day(20), at=day(3)), cancelled("m", day(4), sequence=1))
    story.pass_time(day(14)).then_concern("no_first_meeting")
    story.when(booked("n", day(15)), missed("n", day(15, 1))).then_no_concern("no_first_meeting")


def test_21_days_in_onboarding_or_agreement_is_stuck_until_that_is_left() -> None:
    given(opened()).pass_time(day(20.99)).then_no_concern("stuck").pass_time(day(21)).then_concern("stuck")
    story = (
        given(opened(), *committed(), drafted(), signed(AS_MENTOR)).pass_time(day(21)).then_concern("stuck")
    )
    story.when(signed(AS_MENTEE, at=22)).then_state("active").then_no_concern("stuck")


def test_an_active_relationship_is_not_stuck() -> None:
    assert given(*agreed()).pass_time(day(60)).raised("stuck") == []
