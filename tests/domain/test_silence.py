"""Silence, suspicion and stagnation, by the cadence C of this agreement (30 days unless agreed otherwise)."""

from dataclasses import replace

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    agreed,
    booked,
    cancelled,
    corrected,
    day,
    given,
    held,
    measures,
    missed,
    opened,
    policy,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.moves import Move, State, destination

BOOK_NEXT = "book_next_meeting"
LOOK = c.HoldFreshLook(at=day(70), actor=AS_MENTEE, measures=measures("call", "plan"))
DONE = c.CompleteMeasure(at=day(72), actor=AS_MENTEE, measure=LOOK.measures[0].measure)


def test_stagnation_is_suspected_1_5_c_after_the_anchor() -> None:
    story = given(*agreed()).pass_time(day(44.99)).then_concerns()
    story.pass_time(day(45)).then_concerns("silence").then_state("active")


def test_it_rests_on_the_last_meeting_held_and_says_what_clears_it() -> None:
    story = (
        given(*agreed(), held("l", day(5)), held("m", day(10))).pass_time(day(60)).then_concerns("silence")
    )
    raised = story.last(e.ConcernRaised)
    assert [story.events[version - 1] for version in raised.evidence] == [
        story.last(e.MeetingHeld),
        story.last(e.StagnationSuspected),
    ]
    assert (raised.since, raised.clears) == (day(55, 1), "a meeting held, or one booked soon")


def test_the_cadence_of_this_agreement_drives_its_clocks() -> None:
    given(*agreed(cadence=10)).pass_time(day(15)).then_concerns("silence")


def test_and_entered_2_c_after_it() -> None:
    given(*agreed()).pass_time(day(59.99)).then_state("active").pass_time(day(60)).then_state("stagnation")


def test_never_before_a_suspicion_stood_7_days() -> None:
    story = given(*agreed(cadence=10)).pass_time(day(15)).then_concerns("silence")
    story.pass_time(day(21.9)).then_state("active").pass_time(day(22)).then_state("stagnation")


def test_the_first_14_days_raise_no_suspicion_either() -> None:
    story = given(*agreed(cadence=7)).pass_time(day(13.9)).then_concerns()
    story.pass_time(day(14)).then_concerns("silence").pass_time(day(21)).then_state("stagnation")


def test_after_a_booking_that_nobody_reported_on_a_suspicion_is_a_new_one() -> None:
    story = given(*agreed()).pass_time(day(45)).when(booked("m", day(58), at=day(46))).pass_time(day(73))
    story.then_concerns().pass_time(day(73, 1)).then_concerns("silence")
    story.pass_time(day(80)).then_state("active").pass_time(day(80, 1)).then_state("stagnation")


def test_a_suspicion_that_a_correction_would_have_held_off_gives_way_to_a_new_one() -> None:
    unreported = corrected("m", day(59.5), e.Outcome.NONE)
    story = given(*agreed(), booked("m", day(44), at=day(40)), missed("m", day(44, 2)))
    story.pass_time(day(59.4)).then_concerns("silence").when(unreported).then_concerns()
    story.pass_time(day(59.5)).then_concerns("silence")
    assert [event.occurred_at for event in story.all(e.StagnationSuspected)] == [day(45), day(59.5)]
    story.pass_time(day(66.4)).then_state("active").pass_time(day(66.5)).then_state("stagnation")


def test_that_one_is_back_after_a_cancellation_and_not_the_one_before() -> None:
    unreported = corrected("m", day(59.5), e.Outcome.NONE)
    story = given(*agreed(), booked("m", day(44), at=day(40)), missed("m", day(44, 2)), unreported)
    story.pass_time(day(60)).when(booked("n", day(64), at=day(60))).then_concerns()
    story.when(cancelled("n", day(61), sequence=1)).then_concerns("silence")
    assert story.last(e.StagnationSuspected).occurred_at == day(59.5)
    story.pass_time(day(66.4)).then_state("active").pass_time(day(66.5)).then_state("stagnation")


def test_a_meeting_long_ago_that_becomes_known_does_the_same() -> None:
    story = given(*agreed()).pass_time(day(59)).when(held("m", day(10)), now=day(59)).then_concerns()
    story.pass_time(day(59)).then_concerns("silence")
    story.pass_time(day(70)).then_state("active").pass_time(day(70, 1)).then_state("stagnation")
    assert story.last(e.StagnationSuspected).occurred_at == day(59)


def test_not_suspected_while_a_meeting_is_booked_within_half_c() -> None:
    story = given(*agreed(), booked("soon", day(60), at=day(40))).pass_time(day(46)).then_concerns()
    assert e.StagnationSuspected not in story.kinds()


def test_a_meeting_booked_further_off_does_not_help() -> None:
    given(*agreed(), booked("far", day(61), at=day(40))).pass_time(day(45)).then_concerns("silence")


def test_an_unconfirmed_meeting_postpones_it_once_an_anchor_to_half_c_after_its_end() -> None:
    story = given(*agreed(), booked("m", day(44), at=day(40)), booked("n", day(50), at=day(40)))
    story.pass_time(day(59)).then_concerns()
    story.pass_time(day(59, 1)).then_concerns("silence")


def test_the_agenda_says_when_a_booking_no_longer_holds_it_off() -> None:
    story = given(*agreed(), booked("m", day(44), at=day(40)))
    assert story.state is not None
    assert story.state.dues[e.DueKind.SILENCE] == day(59, 1)
    story.when(booked("n", day(57), at=day(40)))
    assert story.state.dues[e.DueKind.SILENCE] == day(60, 1), (
        "the second until nobody has reported, and no longer"
    )


def test_a_held_meeting_moves_the_anchor_and_clears_the_suspicion() -> None:
    story = given(*agreed()).pass_time(day(50)).when(held("m", day(50, 5))).then_concerns()
    story.pass_time(day(95)).then_concerns()
    story.pass_time(day(95, 6)).then_concerns("silence")


def test_a_meeting_booked_soon_clears_it() -> None:
    story = given(*agreed()).pass_time(day(46)).when(booked("m", day(60), at=day(47)))
    story.then_concerns()
    assert e.SuspicionCleared in story.kinds()


def test_or_one_further_off_once_it_is_near_the_nearest_first() -> None:
    story = (
        given(*agreed())
        .pass_time(day(46))
        .when(booked("m", day(70), at=day(47)), booked("n", day(90), at=day(47)))
    )
    assert story.state is not None
    assert story.state.dues[e.DueKind.SILENCE] == day(55)
    story.pass_time(day(54.9)).then_concerns("silence").pass_time(day(55)).then_concerns()


def test_and_its_cancellation_brings_the_suspicion_back() -> None:
    story = given(*agreed()).pass_time(day(46))
    story.when(booked("m", day(60), at=day(47)), cancelled("m", day(48), sequence=1)).then_concerns("silence")


def test_a_booking_further_off_beside_it_changes_nothing_of_that() -> None:
    story = given(*agreed()).pass_time(day(46)).when(booked("far", day(100), at=day(46)))
    story.when(booked("m", day(60), at=day(47)), cancelled("m", day(48), sequence=1)).then_concerns("silence")
    assert story.last(e.StagnationSuspected).occurred_at == day(45)


def test_a_booking_that_comes_before_silence_would_tell_puts_nothing_forward() -> None:
    story = given(*agreed(), booked("m", day(12), at=day(10)))
    assert story.state is not None
    assert story.state.dues[e.DueKind.SILENCE] == day(45)


def test_in_agreement_drift_raises_concerns_from_the_first_held_meeting_and_never_stagnation() -> None:
    story = given(opened()).pass_time(day(300)).then_concerns()
    committed = [c.ConfirmCommitment(at=day(1), actor=actor) for actor in (AS_MENTOR, AS_MENTEE)]
    story = given(opened(), *committed, held("m", day(2))).then_state("agreement")
    story.pass_time(day(300)).then_concerns("silence").then_state("agreement")


def test_inferred_stagnation_is_withdrawn_when_a_meeting_before_it_becomes_known() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(30)), now=day(66))
    assert story.last(e.StagnationWithdrawn).entered == destination(
        State.STAGNATION, Move.WITHDRAW_STAGNATION
    )
    story.then_state("active").then_concerns()


def test_so_it_is_by_one_that_ended_as_it_was_entered() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(60, -1)), now=day(66)).then_state("active")
    assert e.StagnationWithdrawn in story.kinds()


def test_a_meeting_long_before_it_takes_nothing_away() -> None:
    story = given(*agreed(cadence=7)).pass_time(day(40)).then_state("stagnation")
    story.when(held("m", day(1)), now=day(41)).then_state("stagnation")


def test_what_people_declared_is_never_undone_by_a_clock_or_a_meeting() -> None:
    story = given(*agreed(), c.DeclareStagnation(at=day(20), actor=AS_COORDINATOR))
    story.when(held("m", day(10)), now=day(21)).then_state("stagnation")


def test_a_withdrawal_is_revised_when_its_own_basis_is_corrected() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(30)), now=day(66)).then_state("active")
    story.when(corrected("m", day(67), e.Outcome.NONE)).then_state("stagnation").then_concerns("silence")


def test_a_fresh_look_a_held_meeting_and_a_measure_done_reinvigorate_in_any_order() -> None:
    for order in ((LOOK, DONE, held("m", day(71))), (held("m", day(71)), LOOK, DONE)):
        story = given(*agreed()).pass_time(day(65)).when(*order, now=day(73)).then_state("active")
        assert story.last(e.Reinvigorated).occurred_at == day(72)


def test_the_meeting_where_the_look_was_taken_counts() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(70, -0.5)), LOOK, DONE)
    story.then_state("active")


def test_a_look_taken_as_stagnation_is_declared_counts() -> None:
    look = replace(LOOK, at=day(20))
    story = given(*agreed(), c.DeclareStagnation(at=day(20), actor=AS_MENTOR)).when(
        look, held("m", day(21)), DONE
    )
    story.then_state("active")


def test_without_a_held_meeting_it_stays() -> None:
    given(*agreed()).pass_time(day(65)).when(LOOK, DONE).then_state("stagnation")


def test_a_measure_dropped_by_all_counts_by_one_does_not() -> None:
    measure = LOOK.measures[0].measure
    story = given(*agreed()).pass_time(day(65)).when(LOOK, held("m", day(71)))
    story.when(c.DropMeasure(at=day(73), actor=AS_MENTEE, measure=measure)).then_state("stagnation")
    story.when(c.DropMeasure(at=day(74), actor=AS_MENTOR, measure=measure)).then_state("active")


def test_inferred_stagnation_also_ends_with_two_held_meetings_within_2_c_and_the_concern_stays() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(66)), held("n", day(126)))
    story.then_state("active").then_concerns("no_fresh_look")
    story.when(replace(LOOK, at=day(127))).then_concerns()


def test_who_comes_back_without_measures_is_asked_for_them_at_once() -> None:
    story = given(*agreed()).pass_time(day(60)).when(held("m", day(61)), held("n", day(70)))
    raised = story.then_state("active").then_concerns("no_fresh_look").last(e.ConcernRaised)
    assert raised.since == day(70, 1)


def test_what_is_agreed_later_does_not_undo_a_way_back_nor_a_withdrawal() -> None:
    shorter = (
        c.DraftAgreement(at=day(130), actor=AS_MENTOR, cadence_days=14),
        c.SignAgreement(at=day(130), actor=AS_MENTOR, version=2),
        c.SignAgreement(at=day(130), actor=AS_MENTEE, version=2),
    )
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(66)), held("n", day(116)))
    story.when(*shorter).then_state("active")
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(30)), now=day(66)).then_state("active")
    story.when(*shorter).then_state("active")


def test_a_fresh_look_is_missed_only_once_it_is_not_too_early_to_tell() -> None:
    soon = policy(fresh_look={"missing_after_days": 7})
    story = given(*agreed(), c.DeclareStagnation(at=day(0), actor=AS_MENTOR), in_force=soon)
    story.pass_time(day(13.9)).then_concerns().pass_time(day(14)).then_concerns("no_fresh_look")


def test_two_meetings_further_apart_do_not_end_it() -> None:
    given(*agreed()).pass_time(day(65)).when(held("m", day(66)), held("n", day(126, 1))).then_state(
        "stagnation"
    )


def test_nor_do_they_end_what_was_declared() -> None:
    story = given(*agreed(), c.DeclareStagnation(at=day(20), actor=AS_MENTOR))
    story.when(held("m", day(21)), held("n", day(31))).then_state("stagnation")


def test_a_way_back_that_rested_on_a_corrected_meeting_is_withdrawn() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(66)), held("n", day(80)))
    story.when(corrected("n", day(90), e.Outcome.MISSED)).then_state("stagnation")


def test_or_gets_its_new_instant() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(66)), held("n", day(90)))
    story.when(held("earlier", day(80)), now=day(91))
    revised = story.last(e.MoveRevised)
    assert isinstance(revised, e.MoveRevised)
    assert revised.instant == day(80, 1)
    assert story.state is not None
    assert story.state.entered_at == day(80, 1)


def test_21_days_in_stagnation_without_measures_raise_no_fresh_look() -> None:
    story = given(*agreed()).pass_time(day(80.9)).then_concerns("silence")
    story.pass_time(day(81)).then_concerns("no_fresh_look", "silence")
    story.when(replace(LOOK, at=day(82))).then_concerns("silence")


def test_a_fresh_look_has_two_to_five_measures() -> None:
    for names in (["one"], ["1", "2", "3", "4", "5", "6"]):
        look = c.HoldFreshLook(at=day(66), actor=AS_MENTEE, measures=measures(*names))
        given(*agreed()).pass_time(day(65)).when(look).then_refused("measures_count")


def test_the_mentee_is_reminded_half_c_after_a_meeting_with_nothing_booked() -> None:
    story = given(*agreed(), held("m", day(10))).pass_time(day(25))
    assert story.reminders(BOOK_NEXT) == []
    story.pass_time(day(44))
    assert story.reminders(BOOK_NEXT) == [(BOOK_NEXT, "mentee", day(25, 1))]


def test_not_where_the_next_is_booked_nor_within_7_days_of_the_end() -> None:
    story = given(*agreed(), held("m", day(10)), booked("n", day(80), at=day(11))).pass_time(day(40))
    assert story.reminders(BOOK_NEXT) == []
    story = given(*agreed(months=1), held("m", day(10))).pass_time(day(40))
    assert story.reminders(BOOK_NEXT) == []


def test_nor_where_the_next_follows_at_once() -> None:
    for hour, reminded in ((1, []), (0.9, [(BOOK_NEXT, "mentee", day(12.5, 1))])):
        following = booked("n", day(10, hour), at=day(2))
        story = given(*agreed(cadence=5), following, held("m", day(10))).pass_time(day(13))
        assert story.reminders(BOOK_NEXT) == reminded


def test_a_moved_end_is_no_other_meeting_to_follow() -> None:
    story = given(*agreed(), held("m", day(10))).pass_time(day(26))
    assert story.reminders(BOOK_NEXT) == [(BOOK_NEXT, "mentee", day(25, 1))]
    story.when(corrected("m", day(27), e.Outcome.HELD, start=day(12))).pass_time(day(40))
    assert story.reminders(BOOK_NEXT) == [(BOOK_NEXT, "mentee", day(25, 1))]


def test_one_that_comes_in_the_place_of_one_that_never_was_is_another_meeting_to_follow() -> None:
    story = given(*agreed(), held("m", day(10))).pass_time(day(26))
    story.when(corrected("m", day(27), e.Outcome.NONE), held("n", day(35))).pass_time(day(55))
    assert [at for _, who, at in story.reminders(BOOK_NEXT) if who == "mentee"] == [day(25, 1), day(50, 1)]


def test_a_meeting_soon_after_one_that_was_reminded_about_is_another_one_to_follow() -> None:
    story = given(*agreed(), held("m", day(10))).pass_time(day(26))
    story.when(held("n", day(26))).pass_time(day(45))
    assert [at for _, who, at in story.reminders(BOOK_NEXT) if who == "mentee"] == [day(25, 1), day(41, 1)]


def test_behind_meetings_that_nobody_reports_a_booked_one_still_holds_it_off() -> None:
    silent = booked("m", day(40)), booked("n", day(41)), booked("o", day(58), at=day(39, 12))
    story = given(*agreed(), *silent).pass_time(day(57)).then_concerns()
    assert e.StagnationSuspected not in story.kinds()


def test_having_come_back_another_meeting_changes_nothing_of_it() -> None:
    story = given(*agreed()).pass_time(day(65)).when(held("m", day(71)), LOOK, DONE).then_state("active")
    story.when(held("n", day(78)))
    assert e.MoveRevised not in story.kinds()
    story.pass_time(day(90))
    assert e.MoveRevised not in story.kinds()
