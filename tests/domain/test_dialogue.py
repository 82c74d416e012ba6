"""Dialogue: new perspectives, comfort, equality; what each answers is for itself. And help, asked in private."""

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    MENTEE,
    agreed,
    checked_in,
    closed,
    contacted,
    day,
    given,
    held,
    met,
    opened,
    text,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

LOW = "low_dialogue"
HELP = "help_asked"
ASK = "check_in"


def consent(at: float, actor: c.Actor = AS_MENTEE) -> c.GiveCheckInConsent:
    return c.GiveCheckInConsent(at=day(at), actor=actor)


def withdrawn(at: float, actor: c.Actor = AS_MENTEE) -> c.WithdrawCheckInConsent:
    return c.WithdrawCheckInConsent(at=day(at), actor=actor)


# --- check-ins --------------------------------------------------------------------------------------------


def test_after_a_held_meeting_each_party_may_check_in() -> None:
    story = given(*agreed()).when(checked_in(20, 4, 4, 4)).then_refused("no_meeting_held")
    story = (
        given(*agreed(), *met(15)).when(checked_in(15, 4, 4, 4), now=day(16)).then_refused("no_meeting_held")
    )
    story = given(*agreed(), *met(15)).when(checked_in(16, 4, 4, 4, 5)).then(e.CheckInGiven)
    story.when(checked_in(16, 5, 5, 5, actor=AS_MENTOR)).then(e.CheckInGiven)


def test_its_answers_are_sealed_and_whose_they_are_is_shown_to_nobody() -> None:
    given_in = given(*agreed(), *met(15), checked_in(16, 4, 3, 5, 2)).last(e.CheckInGiven)
    assert [answer.open_text() for answer in sealed(given_in)] == ["4", "3", "5", "2"]
    assert {answer.author for answer in sealed(given_in)} == {MENTEE}
    assert {"by", "party", "low"} <= e.CheckInGiven.confidential
    assert set(given_in.model_dump(mode="json", include={"comfort", "equality"}).values()) == {"sealed"}


def sealed(event: e.CheckInGiven) -> list:  # type: ignore[type-arg]
    return [event.new_perspectives, event.comfort, event.equality, event.direction]


def test_it_may_be_given_as_the_meeting_ends_and_not_before() -> None:
    given(*agreed(), *met(15)).when(checked_in(15 + 1 / 24, 4, 4, 4)).then(e.CheckInGiven)
    given(*agreed(), *met(15)).when(checked_in(15, 4, 4, 4), now=day(16)).then_refused("no_meeting_held")


def test_the_answer_on_direction_may_be_left_out() -> None:
    assert given(*agreed(), *met(15), checked_in(16, 4, 4, 4)).last(e.CheckInGiven).direction is None


@pytest.mark.parametrize("answers", [(0, 3, 3), (3, 6, 3), (3, 3, -1), (3, 3, 3, 0), (3, 3, 3, 6)])
def test_an_answer_is_a_number_from_1_to_5(answers: tuple[int, ...]) -> None:
    given(*agreed(), *met(15)).when(checked_in(16, *answers)).then_refused("answer_unknown")


def test_both_included() -> None:
    given(*agreed(), *met(15)).when(checked_in(16, 1, 5, 5, 1)).then(e.CheckInGiven)


def test_a_mean_at_or_under_3_is_low() -> None:
    given(*agreed(), *met(15)).when(checked_in(16, 3, 3, 4)).then_no_concern(LOW)
    given(*agreed(), *met(15)).when(checked_in(16, 3, 2, 4)).then_concern(LOW)


def test_direction_counts_not_in_it() -> None:
    given(*agreed(), *met(15)).when(checked_in(16, 3, 3, 4, 1)).then_no_concern(LOW)
    given(*agreed(), *met(15)).when(checked_in(16, 3, 3, 3, 5)).then_concern(LOW)


def test_or_one_that_fell_by_1_below_the_same_party_s_previous() -> None:
    given(*agreed(), *met(15)).when(checked_in(16, 4, 4, 4, before=(5, 5, 4))).then_no_concern(LOW)
    given(*agreed(), *met(15)).when(checked_in(16, 4, 4, 4, before=(5, 5, 5))).then_concern(LOW)


def test_its_evidence_names_neither_party_nor_version() -> None:
    (raised,) = given(*agreed(), *met(15), checked_in(16, 1, 1, 1)).raised(LOW)
    assert (raised.since, raised.evidence, raised.by, raised.subject) == (day(16), (), None, None)


def test_that_party_s_next_above_both_limits_clears_it_another_s_does_not() -> None:
    story = given(*agreed(), *met(15), checked_in(16, 2, 2, 2)).when(checked_in(17, 5, 5, 5, actor=AS_MENTOR))
    story.then_concern(LOW).when(checked_in(18, 3, 3, 3, before=(2, 2, 2))).then_concern(LOW)
    story.when(checked_in(19, 4, 3, 3, before=(3, 3, 3))).then_no_concern(LOW)


def test_one_reported_late_changes_nothing_of_the_latest() -> None:
    story = given(*agreed(), *met(15), checked_in(20, 5, 5, 5)).when(checked_in(17, 1, 1, 1), now=day(21))
    story.then_no_concern(LOW)


def test_another_low_one_makes_it_no_newer_and_one_that_was_not_starts_it_anew() -> None:
    story = given(*agreed(), *met(15), checked_in(16, 1, 1, 1), checked_in(40, 1, 1, 1))
    assert [raised.since for raised in story.raised(LOW)] == [day(16)]
    story.when(checked_in(30, 5, 5, 5), now=day(41)).then_concern(LOW)
    assert [raised.since for raised in story.raised(LOW)] == [day(16), day(40)]


def test_it_stands_since_the_first_of_those_that_are_low() -> None:
    story = given(*agreed(), *met(15), checked_in(20, 1, 1, 1)).when(
        checked_in(17, 1, 1, 1, actor=AS_MENTOR), now=day(21)
    )
    assert [raised.since for raised in story.raised(LOW)] == [day(20), day(17)]


def test_it_waits_until_it_is_not_too_early_to_tell() -> None:
    story = given(*agreed(), *met(3), checked_in(4, 1, 1, 1)).pass_time(day(13.9)).then_no_concern(LOW)
    story.pass_time(day(14)).then_concern(LOW)


def test_only_a_party_checks_in() -> None:
    given(*agreed(), *met(15)).when(checked_in(16, 4, 4, 4, actor=AS_COORDINATOR)).then_refused("not_a_party")


# --- consent ----------------------------------------------------------------------------------------------


def test_each_consents_for_itself_and_may_withdraw_that() -> None:
    story = given(*agreed()).when(consent(1)).then(e.CheckInConsentGiven).when(consent(1)).then()
    story.when(consent(1, AS_MENTOR)).then(e.CheckInConsentGiven)
    story.when(withdrawn(2)).then(e.CheckInConsentWithdrawn).when(withdrawn(2)).then()
    story.when(consent(3)).then(e.CheckInConsentGiven)
    story.when(consent(3, AS_COORDINATOR)).then_refused("not_a_party")


def test_consent_is_withdrawn_after_the_closing_and_no_longer_given() -> None:
    story = given(*agreed(), consent(1), closed(10)).when(withdrawn(11)).then(e.CheckInConsentWithdrawn)
    story.when(consent(12)).then_refused("closed")


# --- being asked ------------------------------------------------------------------------------------------


def test_check_ins_are_asked_for_on_days_30_90_and_150() -> None:
    story = given(*agreed(), *met(5)).pass_time(day(170))
    mentees = [at for kind, audience, at in story.reminders(ASK) if audience == "mentee"]
    assert [at.date() for at in mentees] == [day(30).date(), day(90).date(), day(150).date()]
    assert len(story.reminders(ASK)) == 6


def test_unless_one_was_given_since_the_last_of_them() -> None:
    story = given(*agreed(), *met(5), checked_in(29, 4, 4, 4)).pass_time(day(40))
    assert [audience for _, audience, _ in story.reminders(ASK)] == ["mentor"]
    story = given(*agreed(), *met(5), checked_in(30, 4, 4, 4)).pass_time(day(97))
    assert [audience for _, audience, _ in story.reminders(ASK)].count("mentee") == 2
    story = given(*agreed(), *met(5), checked_in(30.1, 4, 4, 4)).pass_time(day(97))
    assert [audience for _, audience, _ in story.reminders(ASK)].count("mentee") == 1


def test_nobody_is_asked_who_has_not_met() -> None:
    assert given(*agreed()).pass_time(day(170)).reminders(ASK) == []


def test_at_the_closing_each_is_asked_once_more_and_answers_once() -> None:
    story = given(*agreed(), *met(5), closed(20)).pass_time(day(20))
    assert story.reminders(ASK) == [(ASK, "mentee", day(20)), (ASK, "mentor", day(20))]
    story.when(checked_in(21, 1, 1, 1)).then(e.CheckInGiven).then_no_concern(LOW)
    story.when(checked_in(22, 1, 1, 1)).then_refused("check_in_given")
    story.when(checked_in(22, 1, 1, 1, actor=AS_MENTOR)).then(e.CheckInGiven)


def test_nor_does_it_twice_where_it_had_checked_in_before_the_closing() -> None:
    story = given(*agreed(), *met(5), checked_in(19, 4, 4, 4), closed(20))
    story.when(checked_in(21, 4, 4, 4)).then(e.CheckInGiven)
    story.when(checked_in(22, 4, 4, 4)).then_refused("check_in_given")


def test_one_from_before_the_closing_does_not_answer_that() -> None:
    story = given(*agreed(), *met(5), checked_in(19, 4, 4, 4), closed(20)).pass_time(day(20))
    assert [audience for _, audience, _ in story.reminders(ASK)] == ["mentee", "mentor"]


def test_not_where_it_has_told_already_nor_where_the_pair_never_met() -> None:
    story = given(*agreed(), *met(5), closed(20)).when(checked_in(20, 4, 4, 4)).pass_time(day(20))
    assert [audience for _, audience, _ in story.reminders(ASK)] == ["mentor"]
    assert given(*agreed(), closed(20)).pass_time(day(25)).reminders(ASK) == []


def test_a_meeting_that_begins_at_or_after_the_closing_counts_nowhere() -> None:
    story = given(*agreed(), closed(20)).when(held("m", day(20))).pass_time(day(25))
    assert story.reminders(ASK) == []
    story.when(checked_in(26, 4, 4, 4)).then_refused("no_meeting_held")
    story = given(*agreed(), closed(20)).when(held("m", day(19)), now=day(21)).pass_time(day(25))
    assert len(story.reminders(ASK)) == 2


# --- help -------------------------------------------------------------------------------------------------


def test_a_party_asks_for_help_in_private_and_the_coordinator_sees_it_at_once() -> None:
    story = given(opened()).when(c.AskForHelp(at=day(1), actor=AS_MENTEE, message=text())).then_concern(HELP)
    assert {"by", "party"} <= e.HelpAsked.confidential
    (raised,) = story.raised(HELP)
    assert [type(story.events[version - 1]) for version in raised.evidence] == [e.HelpAsked]
    assert raised.since == day(1)


def test_a_support_contact_clears_it_one_before_it_does_not() -> None:
    story = given(opened()).when(c.AskForHelp(at=day(2), actor=AS_MENTEE))
    story.when(*contacted(1), now=day(3)).then_concern(HELP)
    story.when(*contacted(2), now=day(3)).then_no_concern(HELP)
    story.when(c.AskForHelp(at=day(4), actor=AS_MENTEE)).then_concern(HELP)


def test_who_asks_again_has_waited_since_the_first_asking() -> None:
    story = given(opened(), c.AskForHelp(at=day(2), actor=AS_MENTEE))
    story.when(c.AskForHelp(at=day(5), actor=AS_MENTEE)).then(e.HelpAsked)
    assert [raised.since for raised in story.raised(HELP)] == [day(2)]


def test_what_was_asked_after_a_contact_waits_for_another() -> None:
    story = given(opened()).when(c.AskForHelp(at=day(5), actor=AS_MENTEE))
    story.when(c.AskForHelp(at=day(3), actor=AS_MENTOR), now=day(6)).when(*contacted(4), now=day(6))
    story.then_concern(HELP)
    assert [raised.since for raised in story.raised(HELP)] == [day(5), day(3), day(5)]
    story.when(c.AskForHelp(at=day(4), actor=AS_MENTOR), now=day(6)).then(e.HelpAsked)


def test_only_a_party_asks() -> None:
    given(opened()).when(c.AskForHelp(at=day(1), actor=AS_COORDINATOR)).then_refused("not_a_party")


def test_a_check_in_of_the_closing_itself_is_the_closing_one() -> None:
    story = given(*agreed(), *met(5), closed(10)).when(checked_in(10, 4, 4, 4)).then(e.CheckInGiven)
    story.when(checked_in(11, 4, 4, 4)).then_refused("check_in_given")


def test_who_has_told_before_the_last_time_it_was_asked_is_asked_again() -> None:
    story = given(*agreed(), *met(5), checked_in(10, 4, 4, 4)).pass_time(day(91))
    assert [at for _, who, at in story.reminders(ASK) if who == "mentee"] == [day(90)]
    assert [at for _, who, at in story.reminders(ASK) if who == "mentor"] == [day(30), day(90)]
