"""Endings that nobody has spoken of: a term that is over, and a pair of whom nothing is heard any more."""

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTOR,
    agreed,
    amended,
    booked,
    checked_in,
    closed,
    committed,
    contacted,
    corrected,
    day,
    given,
    held,
    met,
    opened,
    paused,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e

OVERRUN = "overrun"
PROPOSED = "closure_proposed"
CLOSING = "closing"
END = day(181, -1)
"""Six months in Helsinki, where summer has come meanwhile."""


def test_the_pair_is_reminded_30_days_before_the_end_the_coordinator_14() -> None:
    spoken = (checked_in(149, 4, 4, 4), checked_in(149, 4, 4, 4, actor=AS_MENTOR))
    story = given(*agreed(), *met(40, 80, 110, 140), *spoken).pass_time(day(170))
    assert story.reminders(CLOSING) == [
        (CLOSING, "mentee", day(151, -1)),
        (CLOSING, "mentor", day(151, -1)),
        (CLOSING, "coordinator", day(167, -1)),
    ]


def test_an_amended_term_is_reminded_of_anew_and_the_old_one_no_more() -> None:
    story = given(*agreed(months=3), *amended(50, months=4)).pass_time(day(119))
    assert [at for _, _, at in story.reminders(CLOSING)] == [day(90, -1), day(90, -1), day(106, -1)]


def test_in_stagnation_too_but_not_before_there_is_an_agreement() -> None:
    story = given(*agreed()).pass_time(day(180)).then_state("stagnation")
    assert len(story.reminders(CLOSING)) == 3
    assert given(opened(), *committed()).pass_time(day(200)).reminders(CLOSING) == []


def test_past_the_end_without_a_word_is_overrun() -> None:
    story = given(*agreed(), *met(150)).pass_time(day(181, -1.01)).then_no_concern(OVERRUN)
    story.pass_time(END).then_concern(OVERRUN)
    (raised,) = story.raised(OVERRUN)
    assert (raised.since, raised.occurred_at, raised.evidence) == (END, END, ())


def test_a_meeting_held_after_the_end_clears_it_one_before_does_not() -> None:
    story = given(*agreed(), *met(150)).pass_time(END).when(held("m", day(180)), now=day(182))
    story.then_concern(OVERRUN)
    story.when(held("n", day(183))).then_no_concern(OVERRUN)
    assert story.pass_time(day(260)).raised(OVERRUN) == story.raised(OVERRUN)[:1]


def test_one_that_ends_with_the_term_is_of_the_term() -> None:
    given(*agreed(), held("m", day(181, -2))).pass_time(END).then_concern(OVERRUN)


def test_an_amendment_clears_it_until_the_new_end() -> None:
    story = (
        given(*agreed(), *met(150)).pass_time(day(182)).when(*amended(183, months=7)).then_no_concern(OVERRUN)
    )
    story.pass_time(day(213)).then_concern(OVERRUN)


def test_so_does_the_closing() -> None:
    story = given(*agreed(), *met(150)).pass_time(day(182)).then_concern(OVERRUN).when(closed(183))
    story.then_no_concern(OVERRUN)


def test_nothing_is_overrun_before_there_is_an_agreement() -> None:
    assert given(opened(), *committed()).pass_time(day(200)).raised(OVERRUN) == []


def test_closing_is_proposed_after_90_and_7_days_of_inactivity_and_never_done_by_a_clock() -> None:
    story = given(*agreed(), *met(10)).pass_time(day(107)).then_no_concern(PROPOSED)
    story.pass_time(day(107, 1)).then_concern(PROPOSED)
    proposed = story.last(e.ClosureProposed)
    assert (proposed.occurred_at, proposed.anchor) == (day(107, 1), day(10, 1))
    (raised,) = story.raised(PROPOSED)
    assert [type(story.events[version - 1]) for version in raised.evidence] == [e.ClosureProposed]
    story.pass_time(day(800)).then_state("stagnation")
    assert len(story.all(e.ClosureProposed)) == 1


def test_a_booked_meeting_is_no_sign_of_life_nor_is_a_contact() -> None:
    story = given(*agreed(), *met(10), *contacted(90), booked("m", day(105), at=day(100))).pass_time(day(108))
    story.then_concern(PROPOSED)


def test_what_was_never_agreed_is_proposed_from_its_opening_on() -> None:
    given(opened()).pass_time(day(96.9)).then_no_concern(PROPOSED).pass_time(day(97)).then_concern(PROPOSED)


def test_a_meeting_before_the_agreement_is_a_sign_of_life() -> None:
    given(opened(), *met(10)).pass_time(day(107)).then_no_concern(PROPOSED)


def test_a_meeting_held_takes_it_back_for_another_97_days() -> None:
    story = given(*agreed(), *met(10)).pass_time(day(110)).when(*met(111)).then_no_concern(PROPOSED)
    story.pass_time(day(208)).then_no_concern(PROPOSED).pass_time(day(208, 1)).then_concern(PROPOSED)


def test_so_does_an_amendment() -> None:
    story = given(*agreed(months=24), *met(10)).pass_time(day(110)).when(*amended(111, months=24))
    story.then_no_concern(PROPOSED).pass_time(day(207.9)).then_no_concern(PROPOSED)
    story.pass_time(day(208)).then_concern(PROPOSED)


def test_one_before_the_last_meeting_is_no_later_sign_of_life() -> None:
    story = given(*agreed(months=24), *met(10), *amended(11, months=24), *met(40)).pass_time(day(137))
    story.then_no_concern(PROPOSED).pass_time(day(137, 1)).then_concern(PROPOSED)


def test_and_a_correction_of_what_took_it_back_brings_it_again() -> None:
    story = given(*agreed(), *met(10)).pass_time(day(110)).when(held("m", day(50)), now=day(111))
    story.then_no_concern(PROPOSED).when(corrected("m", day(112), e.Outcome.NONE)).pass_time(day(112))
    story.then_concern(PROPOSED)


def test_a_pause_puts_it_off_and_a_resumption_is_a_sign_of_life() -> None:
    story = given(*agreed(), *met(10), paused(20, until=40)).pass_time(day(136.9)).then_no_concern(PROPOSED)
    story.pass_time(day(137)).then_concern(PROPOSED)


def test_one_that_begins_after_the_proposal_leaves_it_one_that_had_begun_before_takes_it_back() -> None:
    given(*agreed(), *met(10)).pass_time(day(110)).when(paused(111)).then_concern(PROPOSED)
    story = given(*agreed(), *met(10)).pass_time(day(110)).when(paused(100), now=day(111))
    story.then_no_concern(PROPOSED).pass_time(day(256.9)).then_no_concern(PROPOSED)
    story.pass_time(day(257)).then_concern(PROPOSED)


def test_nothing_is_proposed_of_what_is_closed() -> None:
    story = given(*agreed(), closed(50)).pass_time(day(300))
    assert e.ClosureProposed not in story.kinds()
    story.when(c.DeclareStagnation(at=day(300), actor=AS_COORDINATOR)).then_refused("closed")
