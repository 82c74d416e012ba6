"""Onboarding and the agreement: when it stands, and what later facts change about that."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    AS_STRANGER,
    COORDINATOR,
    MENTEE,
    MENTOR,
    PAIR,
    Story,
    agreed,
    corrected,
    day,
    given,
    held,
    measures,
    opened,
    policy,
    signed_by_both,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.evolve import replay
from workflow.aggregates.rules.agreement import add_months

NONE = policy(agreement={"form": "none"})
BEGUN = agreed()[:3]
"""The parties are brought together and have committed themselves."""

DRAFT = c.DraftAgreement(at=day(1), actor=AS_MENTOR)


def signed(actor: c.Actor, version: int = 1, at: float = 1) -> c.SignAgreement:
    return c.SignAgreement(at=day(at), actor=actor, version=version)


def by_meeting(*commands: c.Command) -> Story:
    """A relationship whose agreement a meeting on day 20 has concluded, and what is said after it."""
    return given(*BEGUN, held("m", day(20)), *commands, in_force=NONE).then_state("active")


def active_since(story: Story) -> datetime | None:
    assert story.state is not None
    return story.state.active_since


def without_the_meeting(story: Story, at: float) -> Story:
    return story.when(corrected("m", day(at), e.Outcome.NONE))


# --- onboarding -------------------------------------------------------------------------------------------


def test_the_last_party_to_commit_itself_completes_the_onboarding_and_nobody_does_so_twice() -> None:
    mentor, mentee = BEGUN[1], BEGUN[2]
    story = given(opened(), mentor).then_state("onboarding").when(mentor).then().then_state("onboarding")
    story.when(mentee).then(e.CommitmentConfirmed).then_state("agreement")


# --- concluding -------------------------------------------------------------------------------------------


def test_it_stands_once_all_have_signed_the_current_version() -> None:
    story = given(*BEGUN, DRAFT, signed(AS_MENTOR, at=3)).then_state("agreement")
    story.when(signed(AS_MENTEE, at=2), now=day(4)).then(e.AgreementSigned, e.AgreementConcluded)
    concluded = story.last(e.AgreementConcluded)
    assert (concluded.occurred_at, concluded.version) == (day(3), 1)
    assert concluded.provenance is e.Provenance.SELF_REPORTED


def test_signed_before_the_onboarding_was_complete_it_stands_from_its_completion() -> None:
    committed = [replace(command, at=day(4)) for command in BEGUN[1:]]
    story = given(opened(), DRAFT, signed(AS_MENTOR), signed(AS_MENTEE)).then_state("onboarding")
    story.when(*committed).then_state("active")
    assert active_since(story) == day(4)


def test_nothing_is_signed_before_it_is_drafted_and_nothing_twice() -> None:
    given(*BEGUN).when(signed(AS_MENTOR)).then_refused("no_draft")
    given(*BEGUN, DRAFT, signed(AS_MENTOR)).when(signed(AS_MENTOR)).then()
    given(*BEGUN).when(replace(DRAFT, actor=AS_STRANGER)).then_refused("not_a_party")


def test_a_new_draft_asks_for_every_signature_anew() -> None:
    story = given(*BEGUN, DRAFT, signed(AS_MENTOR), replace(DRAFT, cadence_days=14.0))
    story.when(signed(AS_MENTEE)).then_refused("not_current_version")
    story.when(signed(AS_MENTEE, 2)).then_state("agreement").when(signed(AS_MENTOR, 2)).then_state("active")
    assert story.last(e.AgreementConcluded).cadence_days == 14


def test_where_the_programme_asks_for_no_signature_each_confirms() -> None:
    oral = policy(agreement={"form": "oral"})
    story = given(*BEGUN, DRAFT, signed(AS_MENTOR), held("m", day(2)), in_force=oral).then_state("agreement")
    story.when(signed(AS_MENTEE)).then_state("active")
    assert story.last(e.AgreementSigned).form == "oral"


def test_or_the_first_held_meeting_concludes_it_by_the_defaults() -> None:
    concluded = by_meeting().last(e.AgreementConcluded)
    assert (concluded.occurred_at, concluded.version) == (day(20, 1), None)
    assert (concluded.cadence_days, concluded.duration_months) == (30, 6)
    assert concluded.provenance is e.Provenance.INFERRED


def test_a_meeting_before_the_onboarding_was_complete_counts_from_its_completion() -> None:
    committed = [replace(command, at=day(4)) for command in BEGUN[1:]]
    story = given(opened(), held("m", day(1)), *committed, in_force=NONE).then_state("active")
    assert active_since(story) == day(4)


# --- the term ---------------------------------------------------------------------------------------------


def test_a_term_is_six_calendar_months_in_the_programme_s_zone() -> None:
    assert given(*agreed()).last(e.AgreementConcluded).term_ends_at == datetime(2026, 7, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("months", "ends"), [(1, (2026, 2, 28)), (2, (2026, 3, 31)), (13, (2027, 2, 28)), (11, (2026, 12, 31))]
)
def test_and_clamped_to_a_shorter_month_s_last_day(months: int, ends: tuple[int, int, int]) -> None:
    last_of_january = datetime(2026, 1, 31, 9, tzinfo=UTC)
    story = given(*BEGUN, *signed_by_both(last_of_january, months=months))
    term = story.last(e.AgreementConcluded).term_ends_at
    assert (term.year, term.month, term.day) == ends


# --- amendments -------------------------------------------------------------------------------------------


def test_amendments_are_version_n_plus_1_and_n_stays_in_force_until_all_have_signed() -> None:
    story = given(*agreed(), *signed_by_both(day(30), 2, cadence=14, months=12)[:2])
    assert story.state is not None
    assert story.state.agreement is not None
    assert (story.state.agreement.version, story.state.agreement.cadence_days) == (1, 30)
    story.when(signed(AS_MENTEE, 2, at=31)).then(e.AgreementSigned, e.AgreementAmended).then_state("active")
    in_force = story.last(e.AgreementAmended)
    assert (in_force.occurred_at, in_force.version, in_force.cadence_days) == (day(31), 2, 14)
    assert in_force.term_ends_at == datetime(2027, 1, 5, 9, tzinfo=UTC)


def test_signing_an_amendment_again_amends_nothing() -> None:
    given(*agreed(), *signed_by_both(day(30), 2)).when(signed(AS_MENTOR, 2, at=31)).then()


# --- a conclusion that rests on a meeting -----------------------------------------------------------------


def test_its_term_follows_the_meeting_s_facts() -> None:
    story = by_meeting().when(held("earlier", day(10)), now=day(21))
    revised = story.last(e.MoveRevised)
    assert (revised.move, revised.instant, revised.entered) == ("conclude_agreement", day(10, 1), None)
    assert revised.term_ends_at == datetime(2026, 7, 15, 9, tzinfo=UTC)
    assert story.state is not None
    assert story.state.entered_at == day(10, 1)


def test_what_is_only_drafted_leaves_its_term_as_it_was() -> None:
    story = by_meeting(c.DraftAgreement(at=day(30), actor=AS_MENTOR, duration_months=24))
    story.when(held("earlier", day(10)), now=day(31))
    assert story.last(e.MoveRevised).term_ends_at == datetime(2026, 7, 15, 9, tzinfo=UTC)


def test_what_was_drafted_before_it_is_agreed_by_it() -> None:
    story = given(*BEGUN, replace(DRAFT, duration_months=3), held("m", day(20)), in_force=NONE)
    story.when(replace(DRAFT, at=day(30), duration_months=24), held("earlier", day(10)), now=day(31))
    assert story.last(e.AgreementConcluded).duration_months == 3
    assert story.last(e.MoveRevised).term_ends_at == datetime(2026, 4, 15, 9, tzinfo=UTC)


def test_and_what_was_amended_holds_whatever_the_meeting() -> None:
    story = by_meeting(*signed_by_both(day(30), months=3)).when(held("earlier", day(10)), now=day(31))
    assert story.last(e.AgreementAmended).version == 1
    assert story.last(e.MoveRevised).term_ends_at == datetime(2026, 4, 15, 9, tzinfo=UTC)


def test_facts_from_before_the_duration_was_told_mean_what_was_drafted_by_then() -> None:
    story = given(*BEGUN, *signed_by_both(day(1), months=3))
    older = [event.model_copy(update={"duration_months": None}) for event in story.all(e.AgreementConcluded)]
    before = [event for event in story.events if not isinstance(event, e.AgreementConcluded)]
    known = replay(PAIR, [*before, *older])
    assert known is not None
    assert known.agreement is not None
    assert known.agreement.duration_months == 3


@pytest.mark.parametrize("meeting_first", [True, False])
def test_signatures_that_nobody_asks_for_come_into_force_with_the_first_held_meeting(
    meeting_first: bool,
) -> None:
    """In whichever order signatures and meeting become known, and whatever is corrected meanwhile."""
    told = [held("m", day(20)), *signed_by_both(day(30), months=3)]
    story = given(*BEGUN, in_force=NONE).when(*(told if meeting_first else (*told[1:], told[0])), now=day(31))
    without_the_meeting(story, 32).then_state("agreement")
    story.when(held("n", day(40))).then_state("active")
    assert story.state is not None
    assert story.state.agreement is not None
    assert (story.state.agreement.version, active_since(story)) == (1, day(40, 1))
    assert story.state.agreement.duration_months == 3


def test_what_people_have_declared_since_stands_and_is_asked_about() -> None:
    declared = c.DeclareStagnation(at=day(30), actor=AS_COORDINATOR)
    story = without_the_meeting(by_meeting().when(declared), 31).then_state("stagnation")
    assert story.last(e.ConcernRaised).code == "basis_withdrawn"
    assert active_since(story) == day(20, 1)


def test_without_it_nothing_was_concluded() -> None:
    story = without_the_meeting(by_meeting(), 31).then_state("agreement")
    assert story.last(e.MoveRevised).entered == "agreement"
    assert story.state is not None
    assert story.state.agreement is None
    assert story.state.entered_at == story.state.onboarded_at


def test_stagnation_that_was_only_inferred_goes_with_it() -> None:
    story = without_the_meeting(by_meeting().pass_time(day(90)).then_state("stagnation"), 91)
    assert [
        type(event) for event in story.events if type(event) in (e.StagnationWithdrawn, e.MoveRevised)
    ] == [
        e.StagnationWithdrawn,
        e.MoveRevised,
    ]
    story.then_state("agreement").then_concerns()
    story.pass_time(day(300)).then_state("agreement")


def test_even_if_the_pair_has_come_back_from_it() -> None:
    look = c.HoldFreshLook(at=day(92), actor=AS_MENTEE, measures=measures("call", "plan"))
    done = c.CompleteMeasure(at=day(93), actor=AS_MENTEE, measure=look.measures[0].measure)
    story = by_meeting().pass_time(day(90)).when(look, done, held("n", day(94))).then_state("active")
    story = without_the_meeting(story, 95).then_state("active")
    story.when(corrected("n", day(96), e.Outcome.NONE)).then_state("agreement")
    assert story.state is not None
    assert story.state.spell is None or story.state.spell.withdrawn


def test_a_meeting_held_after_all_concludes_it_anew() -> None:
    story = without_the_meeting(by_meeting(), 31).when(held("n", day(40))).then_state("active")
    assert active_since(story) == day(40, 1)


# --- who ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ({MENTOR: e.Role.MENTOR}, "side_missing"),
        ({MENTOR: e.Role.MENTOR, MENTEE: e.Role.MENTOR}, "side_missing"),
        (
            {MENTOR: e.Role.MENTOR, MENTEE: e.Role.MENTEE, COORDINATOR: e.Role.COORDINATOR},
            "role_unknown",
        ),
    ],
)
def test_a_relationship_is_between_mentors_and_mentees(roles: dict[UUID, e.Role], code: str) -> None:
    parties = tuple(e.Party(person=person, role=role) for person, role in roles.items())
    Story().when(replace(opened(), parties=parties)).then_refused(code)


def test_nobody_is_both() -> None:
    parties = tuple(e.Party(person=MENTOR, role=role) for role in (e.Role.MENTOR, e.Role.MENTEE))
    Story().when(replace(opened(), parties=parties)).then_refused("same_person")


@pytest.mark.parametrize(
    ("begins", "months", "ends"),
    [
        ((2026, 1, 15), 1, (2026, 2, 15)),
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2026, 11, 30), 3, (2027, 2, 28)),
        ((2026, 12, 5), 12, (2027, 12, 5)),
        ((2026, 3, 31), 6, (2026, 9, 30)),
        ((2027, 8, 29), 6, (2028, 2, 29)),
    ],
)
def test_a_term_is_so_many_calendar_months_on_the_last_day_of_shorter_ones(
    begins: tuple[int, int, int], months: int, ends: tuple[int, int, int]
) -> None:
    helsinki = ZoneInfo("Europe/Helsinki")
    since, until = (datetime(*day, 9, 30, tzinfo=helsinki) for day in (begins, ends))
    assert add_months(since.astimezone(UTC), months, "Europe/Helsinki") == until.astimezone(UTC)
