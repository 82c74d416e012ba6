"""Reminders: who is reminded of what, and no more than is good for them."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest

from tests.domain.story import (
    AS_MENTEE,
    AS_MENTOR,
    MENTEE,
    MENTOR,
    Story,
    agreed,
    amended,
    booked,
    cancelled,
    checked_in,
    contacted,
    corrected,
    day,
    given,
    held,
    look,
    met,
    missed,
    moved,
    opened,
    policy,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.events import REMINDER_DUES, ReminderKind
from workflow.aggregates.events.reminders import hidden_of
from workflow.aggregates.policy import Policy, PolicyInForce

PREPARE, MEET, OUTCOME, BOOK = "preparation", "meeting", "outcome", "book_next_meeting"
AGREED = (*agreed(), *met(1))
BOOKED = booked("m", day(10), at=day(5))


def whom(story: Story, kind: str) -> list[tuple[str, datetime]]:
    return [(who, at) for _, who, at in story.reminders(kind)]


def to(story: Story, kind: str, who: str) -> list[datetime]:
    return [at for _, audience, at in story.reminders(kind) if audience == who]


# --- around meetings --------------------------------------------------------------------------------------


def test_preparation_is_asked_for_72_hours_before_a_meeting_and_itself_24() -> None:
    story = given(*AGREED, BOOKED).pass_time(day(10))
    assert whom(story, PREPARE) == [("mentee", day(7)), ("mentor", day(7))]
    assert whom(story, MEET) == [("mentee", day(9)), ("mentor", day(9))]


def test_whoever_has_prepared_is_not_asked_to() -> None:
    noted = c.NotePreparation(at=day(6), actor=AS_MENTEE, uid="m")
    story = given(*AGREED, BOOKED, noted).pass_time(day(10))
    assert whom(story, PREPARE) == [("mentor", day(7))]
    assert len(story.reminders(MEET)) == 2


def test_but_for_every_meeting_of_which_it_has_not() -> None:
    noted = c.NotePreparation(at=day(6), actor=AS_MENTEE, uid="m")
    others = [booked(uid, day(number), at=day(5)) for uid, number in (("a", 11), ("z", 12))]
    story = given(*AGREED, BOOKED, *others, noted).pass_time(day(12))
    assert to(story, PREPARE, "mentee") == [day(8), day(9)]


def test_nor_if_the_meeting_got_another_uid_since() -> None:
    noted = c.NotePreparation(at=day(6), actor=AS_MENTEE, uid="m")
    story = given(*AGREED, BOOKED, noted, moved("n", day(11), at=day(6, 1), previous="m")).pass_time(day(10))
    assert whom(story, PREPARE) == [("mentor", day(8))]


def test_what_was_booked_too_late_to_be_reminded_of_is_not() -> None:
    story = given(*AGREED, booked("m", day(10), at=day(7, 0.01))).pass_time(day(10))
    assert story.reminders(PREPARE) == []
    assert len(story.reminders(MEET)) == 2
    story = given(*AGREED, booked("m", day(10), at=day(7))).pass_time(day(10))
    assert len(story.reminders(PREPARE)) == 2
    for at, count in ((day(9), 2), (day(9, 0.01), 0)):
        assert len(given(*AGREED, booked("m", day(10), at=at)).pass_time(day(10)).reminders(MEET)) == count


def test_what_became_known_after_its_beginning_is_not_reminded_of() -> None:
    story = given(*AGREED).pass_time(day(10)).when(BOOKED, now=day(10)).pass_time(day(10))
    assert story.reminders(PREPARE) == story.reminders(MEET) == []


def test_what_became_known_just_before_it_is_at_once() -> None:
    story = given(*AGREED).pass_time(day(9.5)).when(BOOKED, now=day(9.5)).pass_time(day(9.5))
    assert whom(story, MEET) == [("mentee", day(9.5)), ("mentor", day(9.5))]


def test_a_moved_meeting_is_reminded_of_anew_and_one_called_off_is_not() -> None:
    story = (
        given(*AGREED, BOOKED).pass_time(day(9.5)).when(moved("m", day(20), at=day(9.5))).pass_time(day(20))
    )
    assert len(story.reminders(MEET)) == 4
    story = given(*AGREED, BOOKED, cancelled("m", day(6), sequence=1)).pass_time(day(10))
    assert story.reminders(MEET) == []


def test_its_outcome_is_asked_for_30_min_24_h_and_72_h_after_its_end() -> None:
    story = given(*AGREED, BOOKED).pass_time(day(20))
    assert to(story, OUTCOME, "mentor") == [day(10, 1.5), day(11, 1), day(13, 1)]
    assert to(story, OUTCOME, "mentee") == to(story, OUTCOME, "mentor")
    assert sorted({event.step for event in story.all(e.ReminderIssued) if event.kind.value == OUTCOME}) == [
        1,
        2,
        3,
    ]


@pytest.mark.parametrize("told", [held("m", day(10)), missed("m", day(10, 1))])
def test_until_somebody_tells_it(told: c.Command) -> None:
    story = given(*AGREED, BOOKED).pass_time(day(10, 2)).when(told, now=day(10, 2)).pass_time(day(20))
    assert len(story.reminders(OUTCOME)) == 2


def test_none_of_these_counts_towards_a_limit() -> None:
    story = given(*AGREED, *(booked(f"m{number}", day(number), at=day(2)) for number in (10, 11, 12)))
    assert len(story.pass_time(day(12)).reminders(MEET)) == 6
    story = given(*AGREED, booked("m", day(14), at=day(2)), cancelled("m", day(14, -1), sequence=1))
    assert to(story.pass_time(day(17)), BOOK, "mentee") == [day(16, 1)]


# --- the next meeting -------------------------------------------------------------------------------------


def test_nothing_booked_half_a_cadence_after_a_meeting_reminds_the_mentee() -> None:
    story = given(*AGREED).pass_time(day(40))
    assert whom(story, BOOK) == [("mentee", day(16, 1))]


def test_one_that_was_booked_for_before_it_is_no_next_one() -> None:
    story = given(*agreed(), booked("m", day(12), at=day(1)), held("n", day(13))).pass_time(day(29))
    assert whom(story, BOOK) == [("mentee", day(28, 1))]


def test_nor_while_nobody_has_told_yet_what_it_came_to() -> None:
    story = given(*agreed(cadence=5), booked("m", day(13, -2), at=day(1)), held("n", day(13)))
    assert to(story.pass_time(day(15.8)), BOOK, "mentee") == [day(15.5, 1)]


def test_one_that_begins_as_it_ends_is() -> None:
    story = given(*agreed(), booked("m", day(13, 1), at=day(1)), held("n", day(13))).pass_time(day(29))
    assert len(story.reminders(OUTCOME)) == 6
    assert len(story.reminders(BOOK)) == 1, "nobody reported on it"


def test_it_is_not_within_7_days_of_the_end() -> None:
    ends = day(31)
    for start, count in ((9, 0), (8.5, 1)):
        short = given(*agreed(months=1), held("m", day(start, -1))).pass_time(ends)
        assert len(short.reminders(BOOK)) == count


def test_nor_before_the_pair_is_at_its_agreement_nor_in_stagnation() -> None:
    assert given(opened(), *met(1)).pass_time(day(30)).reminders(BOOK) == []
    story = given(*AGREED, c.DeclareStagnation(at=day(3), actor=AS_MENTOR)).pass_time(day(30))
    assert story.reminders(BOOK) == []


# --- along the way ----------------------------------------------------------------------------------------


def test_at_half_of_the_duration_the_pair_looks_back() -> None:
    story = given(*AGREED).pass_time(day(100))
    half = day(90.5, -0.5)
    assert [who for who, at in whom(story, "midpoint") if at >= half] == ["mentee", "mentor"]
    assert len(story.reminders("midpoint")) == 2


def test_an_amended_duration_has_its_own() -> None:
    story = given(*agreed(months=2), *amended(50, months=6), *met(60)).pass_time(day(110))
    assert len(to(story, "midpoint", "mentor")) == 2


def test_suspicion_prompts_the_mentor_whose_role_is_key() -> None:
    story = given(*agreed()).pass_time(day(50))
    assert whom(story, "silence") == [("mentor", day(45))]


# --- limits -----------------------------------------------------------------------------------------------


def test_each_reminder_carries_guidance_fitting_its_reason_and_whom_it_is_for() -> None:
    story = given(opened()).pass_time(day(14))
    assert [event.guidance for event in story.all(e.ReminderIssued)] == [
        "first_meeting.mentee.onboarding",
        "first_meeting.mentor.onboarding",
        "first_meeting.coordinator.onboarding",
    ]
    assert [event.party for event in story.all(e.ReminderIssued)] == [MENTEE, MENTOR, None]
    assert all(event.provenance is e.Provenance.INFERRED for event in story.all(e.ReminderIssued))


def test_a_party_gets_one_in_7_days_and_day_7_is_permitted() -> None:
    story = given(*agreed(), *contacted(1, 16), c.DeclareStagnation(at=day(20), actor=AS_MENTOR))
    story.pass_time(day(36)).when(*met(15), now=day(36)).pass_time(day(60))
    sent: dict[object, list[datetime]] = {}
    for event in story.all(e.ReminderIssued):
        if event.party is not None and event.kind not in e.EXEMPT_REMINDERS:
            sent.setdefault(event.party, []).append(event.occurred_at)
    for instants in sent.values():
        assert all((after - before).days >= 7 for before, after in pairwise(instants))


def test_one_over_the_limit_moves_once_to_the_first_permitted_instant() -> None:
    """The mentee is reminded to book on day 19, so that the first meeting's prompt of day 20 waits."""
    soon = policy(
        onboarding={"remind_mentee_days": 7, "remind_mentor_days": 7}, support={"first_month_every_days": 30}
    )
    story = given(*agreed(), c.DeclareStagnation(at=day(3), actor=AS_MENTOR), in_force=soon).pass_time(
        day(10)
    )
    assert whom(story, "fresh_look") == [("mentor", day(3))]
    assert to(story, "first_meeting", "mentor") == [day(10)]
    assert to(story, "first_meeting", "mentee") == [day(7)]


def crowded(until: float, in_force: PolicyInForce | None = None) -> Story:
    """Three reminders for the mentor within a week."""
    soon = in_force or policy(
        onboarding={"remind_mentor_days": 4},
        fresh_look={"within_days": 2},
        support={"first_month_every_days": 30},
    )
    story = given(*agreed(), c.DeclareStagnation(at=day(3), actor=AS_MENTOR), in_force=soon)
    return story.pass_time(day(until))


def test_and_is_then_suppressed() -> None:
    story = crowded(20)
    assert to(story, "first_meeting", "mentor") == [day(10)]
    assert to(story, "fresh_look", "mentor") == [day(3)]
    assert "enough" in story.suppressed("fresh_look")
    (suppressed,) = [one for one in story.all(e.ReminderSuppressed) if one.party == MENTOR]
    assert (suppressed.occurred_at, suppressed.step, suppressed.audience) == (day(12), 2, "mentor")


def test_the_coordinator_is_not_limited() -> None:
    story = given(opened(), *contacted(0)).pass_time(day(30))
    coordinators = [at for _, who, at in story.reminders() if who == "coordinator"]
    assert coordinators == [day(14), day(30)]
    both = policy(onboarding={"remind_coordinator_days": 15})
    assert (
        len(
            [
                1
                for _, who, _ in given(opened(), in_force=both).pass_time(day(15)).reminders()
                if who == "coordinator"
            ]
        )
        == 2
    )


def test_3_per_episode_then_a_human() -> None:
    often = policy(
        reminders={"most_per_episode": 1, "one_in_days": 1},
    )
    story = given(*agreed(), in_force=often).pass_time(day(75)).then_state("stagnation")
    assert to(story, "silence", "mentor") == [day(45)]
    assert to(story, "fresh_look", "mentor") == []
    assert story.suppressed("fresh_look").count("enough") >= 2
    human = [
        event for event in story.all(e.ReminderIssued) if event.kind.value == "contact" and event.step == 2
    ]
    assert [(one.audience, one.occurred_at, one.about) for one in human] == [
        ("coordinator", day(60), day(45))
    ]


def test_the_next_episode_counts_anew() -> None:
    often = policy(reminders={"most_per_episode": 1, "one_in_days": 1})
    story = given(*agreed(), in_force=often).pass_time(day(50)).when(*met(51)).then_no_concern("silence")
    story.pass_time(day(97))
    assert to(story, "silence", "mentor") == [day(45), day(96, 1)]


def test_and_comes_to_its_limit_like_the_one_before() -> None:
    often = policy(reminders={"most_per_episode": 1, "one_in_days": 1})
    story = given(*agreed(), in_force=often).pass_time(day(50)).when(*met(51)).pass_time(day(126))
    story.then_state("stagnation")
    assert len(to(story, "silence", "mentor")) == 2
    assert to(story, "fresh_look", "mentor") == []


def test_without_a_concern_there_is_no_episode() -> None:
    few = policy(reminders={"most_per_episode": 1, "one_in_days": 1})
    story = given(*agreed(), *met(5, 25, 45), in_force=few).pass_time(day(61))
    assert len(to(story, BOOK, "mentee")) == 3


def test_reminders_of_a_kind_that_is_about_no_concern_are_not_counted() -> None:
    few = policy(reminders={"most_per_episode": 1, "one_in_days": 1}, dialogue={"pulse_days": [46, 48, 50]})
    story = given(*agreed(), *met(1), in_force=few).pass_time(day(50))
    assert to(story, "check_in", "mentor") == [day(46), day(48), day(50)]


# --- a clock that asks late -------------------------------------------------------------------------------


def asked_late(story: Story, now: float) -> Story:
    """A clock that was away asks at each due, while it shows ``now``."""
    assert story.state is not None
    at = story.now
    while story.state.dues and (due := min(story.state.dues.values())) <= day(now):
        at = max(at, due)
        story.decide(c.PassTime(at=at, now=day(now)), now=day(now))
        assert story.state is not None
    return story


def test_one_over_24_h_late_is_suppressed_and_one_of_24_h_is_not() -> None:
    assert whom(asked_late(given(opened()), 8), "first_meeting") == [("mentee", day(7))]
    story = asked_late(given(opened()), 8.01)
    assert story.reminders() == []
    assert story.suppressed("first_meeting") == ["too_late"]


def test_whatever_a_clock_missed_that_was_away_is_suppressed_at_its_own_instant() -> None:
    story = asked_late(given(opened()), 11.5)
    assert story.reminders() == []
    assert [(one.audience, one.occurred_at, one.reason) for one in story.all(e.ReminderSuppressed)] == [
        ("mentee", day(7), "too_late"),
        ("mentor", day(10), "too_late"),
    ]


def test_what_is_not_yet_24_h_late_then_is_sent() -> None:
    story = asked_late(given(opened()), 10.5)
    assert whom(story, "first_meeting") == [("mentor", day(10))]


def test_what_becomes_known_late_is_not_late_itself() -> None:
    story = given(*agreed()).pass_time(day(20)).when(held("m", day(2)), now=day(20)).pass_time(day(20))
    assert to(story, BOOK, "mentee") == [day(20)]
    assert story.suppressed(BOOK) == []


def test_a_suppressed_one_counts_towards_no_limit() -> None:
    story = asked_late(given(*AGREED), 18)
    assert story.suppressed(BOOK) == ["too_late"]
    assert story.state is not None
    assert MENTEE not in story.state.last_reminded


def test_nothing_is_sent_by_a_fact_alone() -> None:
    story = given(opened()).when(c.ConfirmCommitment(at=day(8), actor=AS_MENTEE))
    assert story.reminders() == []


def test_each_kind_has_its_due() -> None:
    assert set(REMINDER_DUES) == set(ReminderKind)
    assert {due for due in e.DueKind if due.value.startswith("remind_")} == set(REMINDER_DUES.values())


def test_nobody_is_reminded_twice_of_the_same() -> None:
    story = given(*AGREED, BOOKED, look(12, by=20), *contacted(15, 30)).pass_time(day(200))
    seen = [(event.kind, event.party, event.about, event.step) for event in story.all(e.ReminderIssued)]
    assert len(seen) == len(set(seen)) > 10


def test_nor_where_a_correction_moves_the_meeting_by_a_minute() -> None:
    none = policy(
        agreement={"form": "none"},
        silence={"suspected_after": 5, "entered_after": 6},
        dialogue={"pulse_days": [30, 60]},
    )
    story = given(*agreed()[:3], held("m", day(3)), in_force=none).pass_time(day(100))
    kinds = (BOOK, "check_in", "midpoint")
    before = [to(story, kind, "mentee") for kind in kinds]
    assert [len(one) for one in before] == [1, 2, 1]
    story.when(corrected("m", day(100), e.Outcome.HELD, start=day(3, 1 / 60))).pass_time(day(120))
    assert [to(story, kind, "mentee") for kind in kinds] == before


def test_the_next_meeting_is_reminded_about_by_itself_even_if_the_one_before_it_moves() -> None:
    story = given(*AGREED, held("n", day(25))).pass_time(day(26))
    story.when(corrected("met-1", day(26), e.Outcome.HELD, start=day(0.5))).pass_time(day(45))
    assert to(story, BOOK, "mentee") == [day(16, 1), day(40, 1)]


def test_so_is_one_long_after_the_one_before_it() -> None:
    story = given(*AGREED, held("n", day(60))).pass_time(day(80))
    assert to(story, BOOK, "mentee") == [day(16, 1), day(75, 1)]
    assert [one.about for one in story.all(e.ReminderIssued) if one.kind.value == BOOK] == [
        day(1, 1),
        day(60, 1),
    ]


def test_whom_a_reminder_to_check_in_is_for_is_shown_to_nobody() -> None:
    assert hidden_of(e.ReminderKind.CHECK_IN) == {"audience", "guidance", "party"}
    assert not any(hidden_of(kind) for kind in e.ReminderKind if kind is not e.ReminderKind.CHECK_IN)


def test_nor_does_any_other_reminder_tell_who_has_checked_in() -> None:
    def seen(actor: c.Actor) -> list[dict[str, object]]:
        asked = policy(dialogue={"pulse_days": [16, 30]}, reminders={"one_in_days": 20})
        story = given(*agreed(), *met(15), checked_in(15.5, 1, 1, 1, actor=actor), in_force=asked)
        return [
            event.model_dump(exclude={"dues", *hidden_of(event.kind)})
            for event in story.pass_time(day(100)).events
            if isinstance(event, e.ReminderIssued | e.ReminderSuppressed)
        ]

    assert "check_in" in {one["kind"] for one in seen(AS_MENTOR)}
    assert seen(AS_MENTOR) == seen(AS_MENTEE)


def test_a_meeting_of_a_series_is_reminded_of_by_itself() -> None:
    series = [replace(booked("s", day(number), at=day(2)), recurrence_id=day(number)) for number in (10, 17)]
    assert to(given(*AGREED, *series).pass_time(day(17)), MEET, "mentee") == [day(9), day(16)]


def test_another_policy_dates_open_dues_anew_and_nothing_else_happens() -> None:
    story = given(*agreed(), *met(1)).pass_time(day(2))
    story.in_force = PolicyInForce(
        version=2, policy=Policy.model_validate({"silence": {"suspected_after": 1}})
    )
    story.when(c.PassTime(at=day(3), now=day(3))).then(e.AgendaRevised)
    assert story.state is not None
    assert story.state.dues[e.DueKind.SILENCE] == day(31, 1)
    assert story.last(e.AgendaRevised).policy == 2
    story.when(c.PassTime(at=day(4), now=day(4))).then()
