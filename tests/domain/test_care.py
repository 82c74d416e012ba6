"""What asks for the coordinator: support contacts that are due, and declarations whose basis has gone."""

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    Story,
    agreed,
    committed,
    contacted,
    corrected,
    day,
    given,
    held,
    look,
    met,
    opened,
    paused,
    policy,
    text,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

CONTACT = "support_contact"
LATE = "no_support_contact"
BASIS = "basis_withdrawn"
NO_AGREEMENT = policy(agreement={"form": "none"})


def asked(story: Story) -> list[float]:
    """The days on which the coordinator was asked to make contact."""
    return [(at - day(0)).total_seconds() / 86400 for _, _, at in story.reminders(CONTACT)]


# --- support contacts -------------------------------------------------------------------------------------


def test_a_coordinator_makes_contact_and_may_note_what_was_said() -> None:
    story = given(opened()).when(c.MakeSupportContact(at=day(1), actor=AS_COORDINATOR, note=text()))
    story.then(e.SupportContactMade)
    assert story.last(e.SupportContactMade).note == text()
    for actor in (AS_MENTOR, AS_MENTEE, None):
        given(opened()).when(c.MakeSupportContact(at=day(1), actor=actor)).then_refused("not_a_coordinator")


def test_twice_in_the_first_month_then_monthly() -> None:
    assert asked(given(*agreed(), *contacted(15, 30, 60, 90)).pass_time(day(121))) == [15, 30, 60, 90, 120]


def test_one_made_early_is_the_one_that_was_due_next() -> None:
    assert asked(given(*agreed(), *contacted(1)).pass_time(day(31))) == [30]
    assert asked(given(*agreed(), *contacted(16)).pass_time(day(61))) == [15, 60]
    assert asked(given(*agreed(), *contacted(1, 2)).pass_time(day(31))) == [30]
    assert asked(given(*agreed(), *contacted(31)).pass_time(day(91))) == [15, 90]
    assert asked(given(*agreed(), *contacted(60)).pass_time(day(91))) == [15, 90]


def test_one_on_the_day_of_the_opening_is_the_first() -> None:
    assert asked(given(*agreed(), *contacted(0)).pass_time(day(31))) == [30]


@pytest.mark.parametrize(("often", "first"), [(31, 60), (30, 30)])
def test_where_the_first_month_asks_for_none_or_one(often: int, first: int) -> None:
    rare = policy(support={"first_month_every_days": often, "then_every_days": 60})
    assert asked(given(*agreed(), in_force=rare).pass_time(day(100))) == [first]
    assert asked(given(*agreed(), *contacted(0), in_force=rare).pass_time(day(130))) == [first + 60]


def test_a_number_over_0_that_is_too_small_for_any_clock_counts_as_the_smallest_span() -> None:
    often = policy(support={"first_month_every_days": 1e-300, "then_every_days": 1e-300})
    story = given(*agreed(), in_force=often).pass_time(day(40))
    story.when(*contacted(40)).then(e.SupportContactMade, e.ConcernCleared)


def test_each_is_asked_for_once_however_long_it_is_not_made() -> None:
    assert asked(given(*agreed()).pass_time(day(180))) == [15]


def test_a_due_contact_7_days_late_is_a_concern_until_one_is_made() -> None:
    story = given(*agreed()).pass_time(day(21.99)).then_no_concern(LATE).pass_time(day(22)).then_concern(LATE)
    (raised,) = story.raised(LATE)
    assert (raised.since, raised.evidence) == (day(22), ())
    story.when(*contacted(23)).then_no_concern(LATE)
    story.pass_time(day(66.9)).then_no_concern(LATE).pass_time(day(67)).then_concern(LATE)


def test_one_told_of_late_does_not_make_the_latest_older() -> None:
    story = given(*agreed(), *contacted(29)).when(*contacted(10), now=day(29.5)).pass_time(day(66.9))
    story.then_no_concern(LATE)


def test_a_pause_puts_it_off() -> None:
    story = given(*agreed(), *met(1), paused(5, until=15)).pass_time(day(31.9)).then_no_concern(LATE)
    assert asked(story) == [25]
    story.pass_time(day(32)).then_concern(LATE)


def test_a_contact_during_a_pause_covers_what_was_due_by_then() -> None:
    story = given(*agreed(), *met(1), paused(5, until=15), *contacted(10)).pass_time(day(41))
    assert asked(story) == [40]
    story = given(*agreed(), *met(1), paused(5, until=15), *contacted(26)).pass_time(day(71))
    assert asked(story) == [25, 70]


def test_the_rest_counts_for_no_stretch_of_time() -> None:
    story = given(*agreed(), *met(1), paused(5, until=15), *contacted(20)).pass_time(day(41))
    assert asked(story) == [40]


def test_an_open_pause_holds_it_up() -> None:
    assert asked(given(*agreed(), *met(1), paused(5), *contacted(10)).pass_time(day(60))) == []


def test_the_coordinator_is_asked_to_make_contact_once_silence_has_become_stagnation() -> None:
    story = given(*agreed()).pass_time(day(60))
    assert story.reminders("contact") == [("contact", "coordinator", day(60))]
    declared = given(*agreed(), c.DeclareStagnation(at=day(20), actor=AS_MENTOR)).pass_time(day(50))
    assert declared.reminders("contact") == []


# --- a basis that has gone --------------------------------------------------------------------------------


def on_a_meeting() -> Story:
    """A relationship that a meeting made active, and that a party then said stagnates."""
    story = given(opened(), *committed(), held("m", day(5)), in_force=NO_AGREEMENT)
    return story.when(c.DeclareStagnation(at=day(20), actor=AS_MENTOR))


def test_what_people_declared_stands_when_its_basis_is_corrected_and_a_coordinator_looks_into_it() -> None:
    story = on_a_meeting().when(corrected("m", day(25), e.Outcome.NONE)).then_state("stagnation")
    story.then_concern(BASIS)
    (raised,) = story.raised(BASIS)
    assert raised.since == day(20)
    assert [type(story.events[version - 1]) for version in raised.evidence] == [
        e.StagnationEntered,
        e.MeetingOutcomeCorrected,
    ]


def test_a_support_contact_clears_it_for_good() -> None:
    story = (
        on_a_meeting().when(corrected("m", day(25), e.Outcome.NONE), *contacted(26)).then_no_concern(BASIS)
    )
    story.when(c.AskForHelp(at=day(27), actor=AS_MENTEE)).pass_time(day(40)).then_no_concern(BASIS)
    assert len(story.raised(BASIS)) == 1


def test_but_one_that_came_back_and_went_again_is_looked_into_anew() -> None:
    story = (
        on_a_meeting().when(corrected("m", day(25), e.Outcome.NONE), *contacted(26)).then_no_concern(BASIS)
    )
    story.when(corrected("m", day(27), e.Outcome.HELD, start=day(5))).then_no_concern(BASIS)
    story.when(corrected("m", day(28), e.Outcome.NONE)).then_concern(BASIS)
    assert len(story.raised(BASIS)) == 2


def test_a_contact_before_it_was_known_does_not() -> None:
    on_a_meeting().when(*contacted(24), corrected("m", day(25), e.Outcome.NONE)).then_concern(BASIS)


def test_nor_is_it_one_while_another_meeting_bears_it() -> None:
    story = on_a_meeting().when(held("n", day(7)), now=day(21)).when(corrected("m", day(25), e.Outcome.NONE))
    story.then_no_concern(BASIS)
    assert story.last(e.MoveRevised).instant == day(7, 1)


def test_without_a_word_of_people_the_agreement_is_taken_back_instead() -> None:
    story = given(opened(), *committed(), held("m", day(5)), in_force=NO_AGREEMENT).then_state("active")
    story.when(corrected("m", day(25), e.Outcome.NONE)).then_state("agreement").then_no_concern(BASIS)
    assert story.last(e.MoveRevised).instant is None
    assert story.state is not None
    assert story.state.entered_at == day(0), "when its onboarding was complete"


def test_nor_is_there_one_where_stagnation_was_but_inferred_that_goes_with_it() -> None:
    story = given(opened(), *committed(), held("m", day(5)), in_force=NO_AGREEMENT).pass_time(day(70))
    story.then_state("stagnation").when(corrected("m", day(71), e.Outcome.NONE)).then_state("agreement")
    story.then_no_concern(BASIS)
    assert {e.StagnationWithdrawn, e.MoveRevised} < set(story.kinds())
    story.when(corrected("m", day(72), e.Outcome.HELD, start=day(5))).then_state("stagnation")
    assert story.state is not None
    assert story.state.entered_at == day(65, 1)


def test_even_where_the_pair_had_come_back_from_it() -> None:
    story = given(opened(), *committed(), held("m", day(5)), in_force=NO_AGREEMENT).pass_time(day(70))
    story.when(held("n", day(71)), held("o", day(80))).then_state("active")
    for uid, at in (("n", 81), ("o", 82), ("m", 83)):
        story.when(corrected(uid, day(at), e.Outcome.NONE))
    story.then_state("agreement").then_no_concern(BASIS)


def test_a_signed_agreement_rests_on_no_meeting() -> None:
    story = given(*agreed(), *met(5), c.DeclareStagnation(at=day(20), actor=AS_MENTOR), look(21))
    story.when(corrected("met-5", day(25), e.Outcome.NONE)).then_no_concern(BASIS)


def test_it_waits_until_it_is_not_too_early_to_tell() -> None:
    story = given(opened(), *committed(), held("m", day(2)), in_force=NO_AGREEMENT)
    story.when(c.DeclareStagnation(at=day(5), actor=AS_MENTOR), corrected("m", day(6), e.Outcome.NONE))
    story.pass_time(day(13.9)).then_no_concern(BASIS).pass_time(day(14)).then_concern(BASIS)
