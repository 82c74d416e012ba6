"""Parties: two of a role, identities, leaving, and having destroyed what one wrote."""

from dataclasses import replace

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    AS_SECOND,
    AS_STRANGER,
    COORDINATOR,
    MENTEE,
    MENTOR,
    SECOND,
    Story,
    agreed,
    checked_in,
    closed,
    committed,
    day,
    given,
    held,
    left,
    look,
    opened,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.sealed import Sealed

TWO_MENTORS = opened(e.Party(person=SECOND, role=e.Role.MENTOR))
BOTH = (AS_MENTOR, AS_MENTEE)
ALL = (*BOTH, AS_SECOND)
ADDRESS = Sealed("mailto:mentee@example.org", author=MENTEE, personal=True)


def three(*signing: c.Actor) -> Story:
    """Two mentors and a mentee at their agreement, which some of them have signed on day 1."""
    story = given(TWO_MENTORS, *committed(*ALL), c.DraftAgreement(at=day(1), actor=AS_MENTOR))
    return story.when(*(c.SignAgreement(at=day(1), actor=actor, version=1) for actor in signing))


def forgotten(person: c.Actor, actor: c.Actor, at: float = 1) -> c.RemoveIdentity:
    return c.RemoveIdentity(at=day(at), actor=actor, person=person.person, identity=ADDRESS)


def destruction(person: c.Actor, actor: c.Actor | None, at: float = 1) -> c.RequestDestruction:
    return c.RequestDestruction(at=day(at), actor=actor, person=person.person)


# --- leaving ----------------------------------------------------------------------------------------------


def test_the_check_ins_of_who_leaves_go_and_those_of_all_who_stay_remain() -> None:
    for leaver in (AS_MENTOR, AS_SECOND):
        story = three(*ALL).when(held("m", day(2)))
        story.when(*(checked_in(3, 4, 4, 4, actor=actor) for actor in ALL)).when(left(5, leaver))
        assert story.state is not None
        assert story.state.check_ins.keys() == {MENTOR, MENTEE, SECOND} - {leaver.person}


def test_one_of_two_mentors_may_leave() -> None:
    story = three(*ALL).then_state("active").when(left(5)).then(e.PartyLeft).then_state("active")
    assert story.state is not None
    assert story.state.persons(e.Role.MENTOR) == (MENTOR,)
    assert story.state.role(SECOND) is e.Role.MENTOR


def test_whoever_left_does_nothing_more_in_it_and_is_reminded_of_nothing() -> None:
    story = three(*ALL).when(left(5)).pass_time(day(60))
    story.when(c.AskForHelp(at=day(60), actor=AS_SECOND)).then_refused("not_a_party")
    reminded = {event.party for event in story.all(e.ReminderIssued) if event.occurred_at > day(5)}
    assert reminded == {MENTOR, MENTEE, None}


def test_nobody_has_another_leave_but_the_coordinator() -> None:
    three(*ALL).when(left(5, actor=AS_MENTOR)).then_refused("not_ones_own")
    three(*ALL).when(left(5, actor=AS_MENTEE)).then_refused("not_ones_own")
    three(*ALL).when(left(5, actor=AS_COORDINATOR)).then(e.PartyLeft)


def test_but_not_the_last_of_a_role() -> None:
    three(*ALL).when(left(5, AS_MENTEE)).then_refused("last_of_role")
    three(*ALL).when(left(5)).when(left(6, AS_MENTOR)).then_refused("last_of_role")


def test_nor_somebody_who_is_no_party() -> None:
    three().when(left(5, AS_STRANGER, AS_COORDINATOR)).then_refused("not_a_party")
    three().when(left(5, AS_STRANGER)).then_refused("not_a_party")


def test_a_coordinator_may_say_so_too() -> None:
    three().when(left(5, actor=AS_COORDINATOR)).then(e.PartyLeft)


def test_whoever_stays_is_then_all_that_onboarding_waits_for() -> None:
    story = given(TWO_MENTORS, *committed(*BOTH)).then_state("onboarding")
    story.when(left(5)).then(e.PartyLeft).then_state("agreement")
    assert story.last(e.PartyLeft).entered == "agreement"
    given(TWO_MENTORS, *committed(AS_MENTEE)).when(left(5)).then_state("onboarding")


def test_and_all_that_the_agreement_waits_for_from_that_day_on() -> None:
    story = three(*BOTH).then_state("agreement").when(left(5)).then_state("active")
    assert story.last(e.AgreementConcluded).occurred_at == day(5)


def test_so_it_is_with_an_amendment() -> None:
    story = three(*ALL).when(c.DraftAgreement(at=day(20), actor=AS_MENTOR))
    story.when(*(c.SignAgreement(at=day(21), actor=actor, version=2) for actor in BOTH))
    story.when(left(25))
    assert story.last(e.AgreementAmended).occurred_at == day(25)


def test_whoever_signed_before_leaving_does_not_put_that_off() -> None:
    story = three(AS_SECOND, AS_MENTOR).when(left(5)).then_state("agreement")
    story.when(c.SignAgreement(at=day(4), actor=AS_MENTEE, version=1), now=day(6)).then_state("active")
    assert story.last(e.AgreementConcluded).occurred_at == day(4)


def test_a_measure_dropped_by_all_who_stay_is_dropped_from_that_day_on() -> None:
    story = three(*ALL).when(c.DeclareStagnation(at=day(20), actor=AS_MENTOR), look(22), held("m", day(23)))
    for actor in BOTH:
        story.when(c.DropMeasure(at=day(24), actor=actor, measure=look(22).measures[0].measure))
    story.then_state("stagnation").when(left(30)).then_state("active")
    assert story.last(e.Reinvigorated).occurred_at == day(30)


def test_what_a_party_found_low_goes_with_it() -> None:
    story = three(*ALL).when(held("m", day(15)), checked_in(16, 1, 1, 1, actor=AS_SECOND))
    story.then_concern("low_dialogue").when(left(20)).then_no_concern("low_dialogue")


def test_a_meeting_that_one_of_two_mentors_came_to_was_held_whoever_has_left_since() -> None:
    story = three(*ALL).when(left(20)).when(held("m", day(10), attended=[SECOND, MENTEE]), now=day(21))
    assert e.MeetingHeld in story.kinds()


# --- identities -------------------------------------------------------------------------------------------


def test_other_services_know_a_party_by_one_more_identity_or_one_fewer() -> None:
    story = (
        given(opened())
        .when(c.AddIdentity(at=day(1), actor=AS_MENTEE, person=MENTEE, identity=ADDRESS))
        .then(e.IdentityAdded)
    )
    assert "example" not in story.last(e.IdentityAdded).model_dump_json()
    story.when(forgotten(AS_MENTEE, AS_COORDINATOR)).then(e.IdentityRemoved)


def test_identities_are_those_of_the_parties() -> None:
    story = given(opened())
    story.when(
        c.AddIdentity(at=day(1), actor=AS_COORDINATOR, person=COORDINATOR, identity=ADDRESS)
    ).then_refused("not_a_party")
    story.when(c.AddIdentity(at=day(1), actor=AS_STRANGER, person=MENTEE, identity=ADDRESS)).then_refused(
        "not_a_party"
    )
    story.when(forgotten(AS_STRANGER, AS_COORDINATOR)).then_refused("not_a_party")
    story.when(forgotten(AS_MENTEE, AS_STRANGER)).then_refused("not_a_party")


def test_whoever_left_is_forgotten_but_not_known_anew() -> None:
    three().when(left(5)).when(forgotten(AS_SECOND, AS_SECOND, 6)).then(e.IdentityRemoved)
    three().when(left(5)).when(
        c.AddIdentity(at=day(6), actor=AS_COORDINATOR, person=SECOND, identity=ADDRESS)
    ).then_refused("not_a_party")
    three().when(left(5)).when(forgotten(AS_SECOND, c.Actor(SECOND, e.Role.MENTEE), 6)).then_refused(
        "not_a_party"
    )


# --- destruction ------------------------------------------------------------------------------------------


def test_a_party_has_destroyed_what_it_wrote_and_it_is_done_once() -> None:
    story = given(opened()).when(destruction(AS_MENTEE, AS_MENTEE)).then(e.DestructionRequested)
    story.when(destruction(AS_MENTEE, AS_MENTEE)).then()
    done = c.ConfirmDestruction(at=day(2), person=MENTEE)
    story.when(done).then(e.Destroyed).when(done).then()
    assert story.last(e.Destroyed).provenance is e.Provenance.OBSERVED


def test_only_a_service_says_that_it_is_done() -> None:
    story = given(opened()).when(destruction(AS_MENTEE, AS_MENTEE))
    done = c.ConfirmDestruction(at=day(2), person=MENTEE)
    for actor in (AS_MENTEE, AS_MENTOR, AS_COORDINATOR):
        story.when(replace(done, actor=actor)).then_refused("not_a_service")
    story.when(replace(done, actor=c.Actor(COORDINATOR, e.Role.SERVICE))).then(e.Destroyed)


def test_what_another_wrote_is_for_the_other_or_a_coordinator_to_have_destroyed() -> None:
    given(opened()).when(destruction(AS_MENTEE, AS_MENTOR)).then_refused("not_ones_own")
    given(opened()).when(destruction(AS_MENTEE, AS_COORDINATOR)).then(e.DestructionRequested)
    given(opened()).when(destruction(AS_MENTEE, AS_STRANGER)).then_refused("not_a_party")
    given(opened()).when(destruction(AS_MENTEE, None)).then_refused("not_a_party")
    given(opened()).when(destruction(AS_STRANGER, AS_COORDINATOR)).then_refused("not_a_party")


def test_whoever_left_may_ask_for_it_too() -> None:
    three().when(left(5)).when(destruction(AS_SECOND, AS_SECOND, 6)).then(e.DestructionRequested)


def test_nothing_is_destroyed_that_nobody_asked_for() -> None:
    given(opened()).when(c.ConfirmDestruction(at=day(2), person=MENTEE)).then_refused("not_requested")


def test_forgetting_is_possible_after_the_closing_and_knowing_more_is_not() -> None:
    story = given(*agreed(), closed(10))
    story.when(forgotten(AS_MENTEE, AS_MENTEE, 11)).then(e.IdentityRemoved)
    story.when(destruction(AS_MENTEE, AS_MENTEE, 11), c.ConfirmDestruction(at=day(12), person=MENTEE))
    story.then(e.Destroyed)
    story.when(replace(destruction(AS_MENTOR, AS_MENTOR, 12))).then(e.DestructionRequested)
    story.when(c.AddIdentity(at=day(12), actor=AS_MENTEE, person=MENTEE, identity=ADDRESS))
    story.then_refused("closed")


def test_by_what_others_know_it_goes_too_where_that_was_asked_for() -> None:
    asked = replace(destruction(AS_MENTEE, AS_MENTEE), identities=True)
    done = c.ConfirmDestruction(at=day(2), actor=None, person=MENTEE)
    assert given(opened(), asked, done).last(e.Destroyed).identities
    assert not given(opened(), destruction(AS_MENTEE, AS_MENTEE), done).last(e.Destroyed).identities
    both = given(opened(), asked, destruction(AS_MENTEE, AS_MENTEE), done)
    assert both.last(e.Destroyed).identities
