"""Meetings: what stands, whatever came first."""

from dataclasses import replace
from uuid import UUID

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    MENTEE,
    MENTOR,
    Story,
    agreed,
    booked,
    cancelled,
    corrected,
    day,
    given,
    held,
    missed,
    moved,
    text,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.meetings import Meeting


def meeting(story: Story) -> Meeting:
    """The only meeting."""
    assert story.state is not None
    (only,) = story.state.calendar.meetings()
    return only


def test_a_meeting_is_booked_and_held() -> None:
    story = given(*agreed(), booked("m", day(10))).when(held("m", day(10))).then(e.MeetingHeld)
    assert meeting(story).status == "held"


def test_a_report_that_says_what_is_known_already_is_stale() -> None:
    story = given(*agreed(), moved("m", day(12), at=day(9))).when(booked("m", day(10), at=day(8)))
    assert story.latest is not None
    assert story.latest.stale
    assert story.latest.events == ()
    assert meeting(story).starts_at == day(12)


def test_sequence_comes_before_time() -> None:
    story = given(*agreed(), booked("m", day(10), at=day(9), sequence=2))
    story.when(booked("m", day(20), at=day(9, 1), sequence=1))
    assert meeting(story).starts_at == day(10)


def test_what_moves_a_meeting_is_no_stale_report() -> None:
    story = given(*agreed(), booked("m", day(10))).when(moved("m", day(12), at=day(9, 1)))
    assert story.latest is not None
    assert not story.latest.stale
    story = given(*agreed(), booked("old", day(20), at=day(15)))
    story.when(moved("new", day(21), at=day(16), previous="old"), moved("old", day(22), at=day(17)))
    assert story.latest is not None
    assert story.latest.stale
    assert meeting(story).starts_at == day(21)


def test_a_reschedule_after_a_cancellation_stands() -> None:
    story = given(*agreed(), booked("m", day(10)), cancelled("m", day(9, 1), sequence=1))
    assert meeting(story).status == "cancelled"
    story.when(moved("m", day(12), at=day(9, 2), sequence=2))
    assert meeting(story).status == "scheduled"


def test_an_occurrence_of_a_series_is_a_meeting_of_its_own() -> None:
    series = booked("m", day(10)), replace(booked("m", day(17)), recurrence_id=day(17))
    story = given(*agreed(), *series)
    assert story.state is not None
    assert [m.starts_at for m in story.state.calendar.meetings()] == [day(10), day(17)]


def test_a_reschedule_under_a_new_uid_stays_one_meeting_and_counts_no_cancellation() -> None:
    story = given(*agreed(), booked("old", day(20), at=day(15)))
    story.when(moved("new", day(21), at=day(19, 20), previous="old"), cancelled("old", day(19, 21)))
    assert story.latest is not None
    assert story.latest.stale
    assert meeting(story).status == "scheduled"
    assert meeting(story).starts_at == day(21)


def test_uids_that_replace_each_other_in_a_cycle_replace_nothing() -> None:
    story = given(*agreed(), moved("a", day(20), at=day(15), previous="b"))
    story.when(moved("b", day(22), at=day(16), previous="a"))
    assert meeting(story).starts_at == day(22)
    story.when(cancelled("a", day(17), sequence=3))
    assert meeting(story).status == "cancelled"


def test_of_uids_in_a_cycle_a_booking_after_a_cancellation_stands_too() -> None:
    story = given(*agreed(), moved("a", day(20), at=day(15), previous="b"))
    story.when(moved("b", day(22), at=day(16), previous="a"), cancelled("a", day(17), sequence=3))
    story.when(moved("a", day(25), at=day(18), sequence=4))
    assert meeting(story).status == "scheduled"
    assert meeting(story).starts_at == day(25)


def test_an_earlier_message_still_tells_which_uid_was_replaced_and_nothing_else() -> None:
    story = given(
        *agreed(), booked("old", day(20), at=day(15)), booked("new", day(22), at=day(17), sequence=5)
    )
    story.when(moved("new", day(21), at=day(16), sequence=1, previous="old"))
    assert story.latest is not None
    assert not story.latest.stale
    assert meeting(story).starts_at == day(22)


def test_a_uid_does_not_replace_itself() -> None:
    story = given(*agreed(), booked("new", day(22), at=day(17), sequence=5))
    story.when(moved("new", day(21), at=day(16), sequence=1, previous="".join(("n", "ew")))).then()
    assert story.latest is not None
    assert story.latest.stale


def test_of_cancellations_the_latest_is_kept() -> None:
    story = given(*agreed(), booked("m", day(20), at=day(15)), cancelled("m", day(16), sequence=2))
    story.when(cancelled("m", day(17), sequence=1)).then()
    assert meeting(story).cancelled_at == day(16)
    story.when(cancelled("m", day(18), sequence=2)).then(e.MeetingCancelled)
    assert meeting(story).cancelled_at == day(18)


def test_meetings_of_one_start_are_told_by_their_keys_whichever_came_first() -> None:
    story = given(*agreed(), booked("b", day(10)), booked("a", day(10)), booked("c", day(9)))
    assert story.state is not None
    assert [one.subject for one in story.state.calendar.meetings()] == ["c", "a", "b"]


def test_held_with_a_side_missing_is_missed_by_that_side() -> None:
    story = given(*agreed(), booked("m", day(10))).when(held("m", day(10), attended=[MENTOR]))
    story.then(e.MeetingMissed)
    event = story.last(e.MeetingMissed)
    assert isinstance(event, e.MeetingMissed)
    assert event.missed_by == (MENTEE,)
    assert meeting(story).status == "missed"


@pytest.mark.parametrize("attended", [None, (MENTOR, MENTEE)])
def test_attendance_not_told_means_that_all_came(attended: tuple[UUID, ...] | None) -> None:
    story = given(*agreed()).when(held("m", day(10), attended=attended))
    assert meeting(story).status == "held"


def test_the_latest_correction_stands_against_later_reports() -> None:
    story = given(*agreed(), booked("m", day(10)), held("m", day(10)))
    story.when(corrected("m", day(11), e.Outcome.MISSED))
    story.when(held("m", day(10, 48)))
    assert meeting(story).status == "missed"


def test_a_correction_to_none_withdraws_what_came_before_it() -> None:
    story = given(*agreed(), booked("m", day(10)), held("m", day(10)))
    story.when(corrected("m", day(11), e.Outcome.NONE))
    assert meeting(story).status == "scheduled"


def test_and_a_later_report_stands_again() -> None:
    story = given(
        *agreed(), booked("m", day(10)), held("m", day(10)), corrected("m", day(11), e.Outcome.NONE)
    )
    story.when(missed("m", day(12)))
    assert meeting(story).status == "missed"


def test_an_outcome_beside_a_cancellation_stands_and_is_contradictory() -> None:
    story = given(*agreed(), booked("m", day(20)), cancelled("m", day(19, 2))).when(held("m", day(20)))
    assert meeting(story).status == "held"
    story.then_concerns("contradictory")


def test_a_correction_clears_the_contradiction() -> None:
    story = given(*agreed(), booked("m", day(20)), cancelled("m", day(19, 2)), held("m", day(20)))
    story.when(corrected("m", day(21), e.Outcome.CANCELLED)).then_concerns()
    assert meeting(story).status == "cancelled"
    assert meeting(story).cancelled_at is None, "a corrected cancellation is not late"


def test_nobody_reported_for_72_hours_so_the_outcome_is_unconfirmed_never_held() -> None:
    story = given(*agreed(), booked("m", day(10))).pass_time(day(13, 1))
    assert e.MeetingOutcomeUnconfirmed in story.kinds()
    assert meeting(story).status == "unconfirmed"


def test_whatever_else_the_clock_asks_meanwhile_leaves_it_as_it_is() -> None:
    story = given(*agreed(), booked("m", day(10))).when(c.PassTime(at=day(13, 0.9), now=day(13, 0.9)))
    assert meeting(story).status == "scheduled"
    story.when(c.PassTime(at=day(13, 1), now=day(13, 1)))
    assert meeting(story).status == "unconfirmed"


def test_unconfirmed_yields_to_any_report() -> None:
    story = given(*agreed(), booked("m", day(10))).pass_time(day(14)).when(missed("m", day(15)))
    assert meeting(story).status == "missed"


def test_a_moved_meeting_is_no_longer_unconfirmed() -> None:
    story = given(*agreed(), booked("m", day(10))).pass_time(day(14))
    story.when(moved("m", day(30), at=day(15)))
    assert meeting(story).status == "scheduled"


def unreported(*days: float) -> list[c.Command]:
    """Meetings booked on these days."""
    return [booked(f"u{number}", day(number), at=day(1)) for number in days]


def test_two_unconfirmed_in_a_row_raise_that_nobody_reports_which_asks_and_never_accuses() -> None:
    story = given(*agreed(), *unreported(15, 20)).pass_time(day(23)).then_no_concern("nobody_reports")
    story.pass_time(day(23, 1)).then_concern("nobody_reports").then_no_concern("commitment")
    (raised,) = story.raised("nobody_reports")
    assert raised.since == day(23, 1)
    assert [story.events[version - 1].name for version in raised.evidence] == [e.MeetingScheduled.name] * 2


def test_any_report_of_an_outcome_clears_it_whichever_meeting_it_is_of() -> None:
    for told in (missed("u15", day(24)), held("elsewhere", day(24)), held("u20", day(20))):
        story = given(*agreed(), *unreported(15, 20)).pass_time(day(24)).then_concern("nobody_reports")
        story.when(replace(told, at=day(24, 2))).then_no_concern("nobody_reports")
    story = given(*agreed(), *unreported(15, 20)).pass_time(day(24))
    story.when(replace(held("elsewhere", day(10)), at=day(23, 1)), now=day(24))
    story.then_no_concern("nobody_reports")


def test_one_reported_between_them_makes_no_row() -> None:
    story = given(*agreed(), *unreported(15, 17, 20)).pass_time(day(17, 3)).when(held("u17", day(17)))
    story.pass_time(day(25)).then_no_concern("nobody_reports")


def test_a_third_makes_it_no_newer() -> None:
    assert len(given(*agreed(), *unreported(15, 20, 25)).pass_time(day(40)).raised("nobody_reports")) == 1


def test_and_it_takes_two_more_after_a_report() -> None:
    story = given(*agreed(), *unreported(15, 20, 30)).pass_time(day(24)).when(missed("other", day(24)))
    story.pass_time(day(40)).then_no_concern("nobody_reports")


def test_one_called_off_is_no_report_of_an_outcome() -> None:
    story = given(*agreed(), *unreported(15, 17, 20)).when(cancelled("u17", day(2), sequence=1))
    story.pass_time(day(24)).then_concern("nobody_reports")


def test_each_party_notes_its_preparation_of_a_meeting_that_is_known() -> None:
    noted = c.NotePreparation(at=day(9), actor=AS_MENTEE, uid="m", note=text())
    story = given(*agreed(), booked("m", day(10), at=day(5))).when(noted).then(e.PreparationNoted)
    assert story.last(e.PreparationNoted).party == MENTEE
    story.when(replace(noted, actor=AS_COORDINATOR)).then_refused("not_a_party")
    story.when(replace(noted, recurrence_id=day(10))).then_refused("meeting_unknown")


def test_sequences_of_several_uids_do_not_compare_and_the_later_message_stands() -> None:
    story = given(*agreed(), moved("a", day(20), at=day(15), sequence=5, previous="b"))
    story.when(moved("b", day(22), at=day(16), sequence=0, previous="a"))
    assert meeting(story).starts_at == day(22)
    story.when(cancelled("a", day(17), sequence=6), moved("b", day(23), at=day(17, 1), sequence=1))
    assert meeting(story).status == "scheduled"
    assert meeting(story).starts_at == day(23)
    story.when(cancelled("b", day(18), sequence=2), moved("a", day(24), at=day(17, 2), sequence=9))
    assert meeting(story).status == "cancelled"


def test_an_older_report_of_an_outcome_is_stale() -> None:
    for report in (held("m", day(10)), missed("m", day(10, 1)), corrected("m", day(10, 1), e.Outcome.HELD)):
        story = given(*agreed(), booked("m", day(10)), report)
        story.when(replace(report, at=day(9), message="older"), now=day(11)).then()
        assert story.latest is not None
        assert story.latest.stale


def test_a_correction_to_cancelled_stays_one_whoever_is_said_to_have_come() -> None:
    told = replace(corrected("m", day(11), e.Outcome.CANCELLED), attended=(MENTOR,), cancelled_by=MENTEE)
    story = given(*agreed(), booked("m", day(10))).when(told)
    assert story.last(e.MeetingOutcomeCorrected).outcome is e.Outcome.CANCELLED
    assert meeting(story).status == "cancelled"


def test_the_very_same_message_again_is_stale() -> None:
    told = {
        "scheduled": booked("m", day(10)),
        "rescheduled": moved("m", day(11), at=day(9, 1)),
        "cancelled": cancelled("m", day(9, 2), sequence=2),
        "held": held("m", day(11)),
        "missed": missed("m", day(11, 2)),
        "corrected": corrected("m", day(12), e.Outcome.HELD, start=day(11)),
    }
    for report in told.values():
        story = given(*agreed(), report).when(report).then()
        assert story.latest is not None
        assert story.latest.stale


def test_a_uid_that_is_told_twice_to_be_replaced_is_replaced() -> None:
    story = given(*agreed(), booked("old", day(20), at=day(15)))
    story.when(
        moved("new", day(21), at=day(16), previous="old"),
        moved("new", day(22), at=day(17), sequence=2, previous="old"),
        cancelled("old", day(18), sequence=5),
    )
    assert meeting(story).status == "scheduled"
    assert meeting(story).starts_at == day(22)


def test_a_correction_says_who_missed_it_whoever_the_publisher_named() -> None:
    story = given(*agreed(), held("m", day(15))).when(corrected("m", day(17), e.Outcome.MISSED))
    assert story.last(e.MeetingOutcomeCorrected).missed_by == (MENTEE,)


def test_a_report_of_an_earlier_meeting_says_nothing_of_one_that_may_still_be_told() -> None:
    earlier = replace(held("h", day(10)), at=day(16))
    given(*agreed(), *unreported(15, 20), earlier).pass_time(day(23, 1)).then_concern("nobody_reports")
