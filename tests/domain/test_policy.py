"""Every number of the policy does what it says: exactly at its limit, and otherwise one unit up or down.

A case tells a story under a policy and says what came of it. Its three outcomes are those with one unit less,
with the default, and with one unit more. That the default's is exact (the instant, or the first of several
steps across the limit) is what a flipped comparison would fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest
from pydantic import BaseModel, ValidationError

from tests.domain.story import (
    AS_MENTOR,
    Story,
    agreed,
    aimed,
    booked,
    cancelled,
    checked_in,
    closed,
    committed,
    contacted,
    day,
    followed,
    given,
    held,
    look,
    met,
    missed,
    opened,
    paused,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.policy import AgreementForm, Policy, PolicyInForce, parse_policy
from workflow.aggregates.policy_changes import changes
from workflow.errors import Invalid

Told = Callable[[PolicyInForce], object]


Sections = Mapping[str, Mapping[str, object]]


class Case(NamedTuple):
    """``unit`` is what one step of the field is; ``around`` what else is not as by default, to see it alone."""

    told: Told
    less: object
    default: object
    more: object
    unit: float = 1
    around: Sections = MappingProxyType({})


# --- what came of a story ---------------------------------------------------------------------------------


def in_days(instant: datetime) -> float:
    return round((instant - day(0)).total_seconds() / 86400, 4)


def story(in_force: PolicyInForce, *commands: c.Command, until: float) -> Story:
    return given(*commands, in_force=in_force).pass_time(day(until))


def raised(code: str, *commands: c.Command, until: float = 60) -> Told:
    """On which day the concern was first raised, by when the clock asked for it."""

    def tell(in_force: PolicyInForce) -> object:
        found = story(in_force, *commands, until=until).raised(code)
        return in_days(found[0].occurred_at) if found else None

    return tell


def reminded(kind: str, who: str, *commands: c.Command, until: float = 60) -> Told:
    """On which days somebody was reminded."""
    return lambda in_force: [
        in_days(at)
        for _, audience, at in story(in_force, *commands, until=until).reminders(kind)
        if audience == who
    ]


def happened(kind: type[e.Event], *commands: c.Command, until: float = 100) -> Told:
    """On which days something happened."""
    return lambda in_force: [
        in_days(event.occurred_at) for event in story(in_force, *commands, until=until).all(kind)
    ]


def list_of(told: object) -> list[object]:
    assert isinstance(told, list)
    return told


def first_of(steps: list[float], holds: Callable[[PolicyInForce, float], bool]) -> Told:
    """The first of several steps at which something holds."""
    return lambda in_force: next((step for step in steps if holds(in_force, step)), None)


def concerned(code: str, tell: Callable[[float], list[c.Command]]) -> Callable[[PolicyInForce, float], bool]:
    def holds(in_force: PolicyInForce, step: float) -> bool:
        state = given(*tell(step), in_force=in_force).state
        assert state is not None
        return code in {standing.value for standing, _ in state.concerns}

    return holds


def permitted(tell: Callable[[float], list[c.Command]]) -> Callable[[PolicyInForce, float], bool]:
    """The last command of a story is not refused."""

    def holds(in_force: PolicyInForce, step: float) -> bool:
        *before, last = tell(step)
        return given(*before, in_force=in_force).when(last).refusal is None

    return holds


# --- stories ----------------------------------------------------------------------------------------------

AGREED = (*agreed(), *met(1))
DECLARED = c.DeclareStagnation(at=day(20), actor=AS_MENTOR)
QUIET: Sections = {
    "dialogue": {"pulse_days": []},
    "silence": {"suspected_after": 12, "entered_after": 12},
    "agreement": {"midpoint": 1},
}
"""Nobody is reminded of what may happen along the way."""


def failures(*starts: float) -> list[c.Command]:
    return [
        report
        for start in starts
        for report in (booked(f"f{start}", day(start)), missed(f"f{start}", day(start, 1)))
    ]


def cancelled_so_late(hours: float) -> list[c.Command]:
    return [
        *agreed(),
        *failures(15),
        booked("late", day(22), at=day(16)),
        cancelled("late", day(22, -hours), sequence=1),
    ]


def mixed(count: int) -> list[c.Command]:
    """A failure, some held, and then a failure, one held, a failure: so many meetings lie from first to last."""
    between = [held(f"h{number}", day(16 + number)) for number in range(count - 4)]
    return [*agreed(), *failures(15), *between, *failures(25), held("h", day(27)), *failures(29)]


def alternating(count: int) -> list[c.Command]:
    """So many failures, each with a meeting held in between."""
    told: list[c.Command] = [*agreed()]
    for number in range(count):
        told += [held(f"h{number}", day(15 + 3 * number)), *failures(16 + 3 * number)]
    return told


def lapsed(days_apart: float) -> list[c.Command]:
    """Back from stagnation with two meetings so far apart."""
    return [*agreed(months=24), held("m", day(66)), held("n", day(66 + days_apart))]


def back(in_force: PolicyInForce, days_apart: float) -> bool:
    *before, first, second = lapsed(days_apart)
    told = given(*before, in_force=in_force).pass_time(day(65)).when(first, second)
    assert told.state is not None
    return told.state.state == "active"


def booked_next(in_force: PolicyInForce, days_before: float) -> bool:
    """Suspicion is held off by a meeting booked so far after day 45."""
    soon = booked("m", day(45 + days_before), at=day(40))
    return not story(in_force, *agreed(), soon, until=45).raised("silence")


def not_reminded_before_end(in_force: PolicyInForce, days_before_end: float) -> bool:
    """A meeting whose reminder would fall so many days before the end of a term of a month (day 31)."""
    told = held("m", day(31 - days_before_end - 15, -1))
    return not story(in_force, *agreed(months=1), told, until=31).reminders("book_next_meeting")


def sent_so_late(in_force: PolicyInForce, hours: float) -> bool:
    told = given(opened(), in_force=in_force)
    told.decide(c.PassTime(at=day(7), now=day(7, hours)), now=day(7, hours))
    return told.suppressed("first_meeting") == ["too_late"]


def looks_and_overdue() -> list[c.Command]:
    """A measure is overdue all the time, and five times the review of later ones is asked for."""
    later = [look(30 + 10 * number, f"a{number}", f"b{number}") for number in range(4)]
    return [*AGREED, look(20, by=20.5), *later]


def paused_for(days: float) -> list[c.Command]:
    return [*AGREED, paused(10, until=10 + days)]


def with_measures(count: float) -> list[c.Command]:
    return [*AGREED, look(20, *(str(number) for number in range(int(count))))]


def answered(total: float) -> list[c.Command]:
    """A check-in whose three answers come to so much."""
    first, rest = divmod(int(total), 3)
    return [*AGREED, checked_in(20, *(first + (1 if number < rest else 0) for number in range(3)))]


def fallen(by: float) -> list[c.Command]:
    """From 15 to so much less."""
    *before, last = answered(15 - by)
    assert isinstance(last, c.GiveCheckIn)
    return [*before, checked_in(20, *_answers(last), before=(5, 5, 5))]


def _answers(given_in: c.GiveCheckIn) -> tuple[int, int, int]:
    answers = given_in.answers
    return answers.new_perspectives, answers.comfort, answers.equality


def held_times(count: float) -> list[c.Command]:
    return [*agreed(), *met(*(15 + number for number in range(int(count))))]


def held_since_goal(count: float) -> list[c.Command]:
    return [*agreed(), aimed(1), *met(*(15 + number for number in range(int(count))))]


def unreported(count: float) -> list[c.Command]:
    return [*agreed(), *(booked(f"u{number}", day(15 + number)) for number in range(int(count)))]


def nobody_reports(in_force: PolicyInForce, count: float) -> bool:
    return bool(story(in_force, *unreported(count), until=30).raised("nobody_reports"))


UP = [number / 2 for number in range(1, 60)]
WHOLE = [float(number) for number in range(1, 20)]
BOOKED = booked("m", day(10), at=day(2))
HOUR = round(1 / 24, 4)

OUTCOMES = reminded("outcome", "mentee", *AGREED, BOOKED)
FEEDBACK = reminded("feedback", "mentor", *agreed(), BOOKED, closed(20))

CASES: dict[str, Case] = {
    "onboarding.stuck_after_days": Case(raised("stuck", opened()), 20, 21, 22),
    "onboarding.remind_mentee_days": Case(reminded("first_meeting", "mentee", opened()), [6], [7], [8]),
    "onboarding.remind_mentor_days": Case(reminded("first_meeting", "mentor", opened()), [9], [10], [11]),
    "onboarding.remind_coordinator_days": Case(
        reminded("first_meeting", "coordinator", opened()), [13], [14], [15]
    ),
    "onboarding.no_first_meeting_days": Case(
        raised("no_first_meeting", opened()), 13, 14, 15, around={"concerns": {"too_early_days": 1}}
    ),
    "agreement.cadence_days": Case(raised("silence", *agreed()), 43.5, 45, 46.5),
    "agreement.duration_months": Case(
        raised("overrun", *agreed(), until=250),
        in_days(day(151, -1)),
        in_days(day(181, -1)),
        in_days(day(212, -1)),
    ),
    "agreement.midpoint": Case(
        reminded("midpoint", "mentor", *agreed(), *contacted(1), until=170),
        [round(0.25 * (181 - 1 / 24), 4)],
        [round(0.5 * (181 - 1 / 24), 4)],
        [round(0.75 * (181 - 1 / 24), 4)],
        0.25,
        {"dialogue": {"pulse_days": []}, "silence": QUIET["silence"]},
    ),
    "meetings.preparation_hours": Case(
        reminded("preparation", "mentee", *AGREED, BOOKED), [7 + HOUR], [7], [7 - HOUR]
    ),
    "meetings.reminder_hours": Case(
        reminded("meeting", "mentee", *AGREED, BOOKED), [9 + HOUR], [9], [9 - HOUR]
    ),
    "meetings.late_cancellation_hours": Case(
        first_of([26, 25, 24.5, 24, 23.5, 23, 22.5, 22], concerned("commitment", cancelled_so_late)),
        22.5,
        23.5,
        24.5,
    ),
    "meetings.outcome_hours.0": Case(
        lambda in_force: list_of(OUTCOMES(in_force))[0],
        round(10 + 1.25 / 24, 4),
        round(10 + 1.5 / 24, 4),
        round(10 + 1.75 / 24, 4),
        0.25,
    ),
    "meetings.outcome_hours.1": Case(
        lambda in_force: list_of(OUTCOMES(in_force))[1],
        11,
        round(11 + 1 / 24, 4),
        round(11 + 2 / 24, 4),
    ),
    "meetings.outcome_hours.2": Case(
        lambda in_force: list_of(OUTCOMES(in_force))[2],
        13,
        round(13 + 1 / 24, 4),
        round(13 + 2 / 24, 4),
    ),
    "meetings.unconfirmed_after_hours": Case(
        happened(e.MeetingOutcomeUnconfirmed, *AGREED, BOOKED), [13], [13 + HOUR], [round(13 + 2 / 24, 4)]
    ),
    "meetings.unconfirmed_in_a_row": Case(first_of(WHOLE, nobody_reports), 1, 2, 3),
    "meetings.book_next_after": Case(
        reminded("book_next_meeting", "mentee", *AGREED),
        [round(13 + 1 / 24, 4)],
        [16 + HOUR],
        [19 + HOUR],
        0.1,
    ),
    "meetings.book_next_not_within_days": Case(
        first_of([9, 8.5, 8, 7.5, 7, 6.5, 6, 5.5, 5], not_reminded_before_end), 6, 7, 8
    ),
    "silence.suspected_after": Case(raised("silence", *agreed()), 42, 45, 48, 0.1),
    "silence.entered_after": Case(happened(e.StagnationEntered, *agreed()), [57], [60], [63], 0.1),
    "silence.booked_within": Case(
        first_of([19, 18, 17, 16, 15, 14, 13, 12, 11], booked_next), 12, 15, 18, 0.1
    ),
    "silence.suspicion_stands_days": Case(
        happened(e.StagnationEntered, *agreed(cadence=10), until=30), [21], [22], [23]
    ),
    "silence.two_meetings_within": Case(
        first_of([64, 63, 62, 61, 60, 59, 58, 57, 56], back), 57, 60, 63, 0.1
    ),
    "concerns.in_a_row": Case(
        first_of(
            WHOLE, concerned("commitment", lambda n: [*agreed(), *failures(*(15 + i for i in range(int(n))))])
        ),
        1,
        2,
        3,
    ),
    "concerns.of_last": Case(
        first_of([9, 8, 7, 6, 5], concerned("commitment", lambda count: mixed(int(count)))), 5, 6, 7
    ),
    "concerns.failures_of_last": Case(
        first_of(WHOLE, concerned("commitment", lambda count: alternating(int(count)))), 2, 3, None
    ),
    "concerns.too_early_days": Case(raised("no_direction", *agreed(), *met(1, 2)), 13, 14, 15),
    "goals.first_by_held": Case(first_of(WHOLE, concerned("no_direction", held_times)), 1, 2, 3),
    "goals.review_within_held": Case(first_of(WHOLE, concerned("no_direction", held_since_goal)), 1, 2, 3),
    "goals.review_within_days": Case(raised("no_direction", *agreed(), aimed(1), until=70), 60, 61, 62),
    "dialogue.low_mean": Case(
        first_of([12, 11, 10, 9, 8, 7, 6, 5], concerned("low_dialogue", answered)), 6, 9, 12
    ),
    "dialogue.drop": Case(
        first_of(
            [1, 2, 3, 4, 5, 6],
            lambda in_force, by: by < 6 and concerned("low_dialogue", fallen)(in_force, by),
        ),
        2,
        3,
        4,
        1 / 3,
    ),
    "dialogue.pulse_days.0": Case(reminded("check_in", "mentee", *AGREED, until=60), [29], [30], [31]),
    "dialogue.pulse_days.1": Case(
        reminded("check_in", "mentee", *agreed(), *met(1, 35, 60, 80), until=100),
        [30, 89],
        [30, 90],
        [30, 91],
        around={"agreement": {"midpoint": 1}},
    ),
    "dialogue.pulse_days.2": Case(
        reminded("check_in", "mentee", *agreed(), *met(1, 35, 60, 88, 115, 140), until=160),
        [30, 90, 149],
        [30, 90, 150],
        [30, 90, 151],
        around={"agreement": {"midpoint": 1}, "closure": {"remind_pair_days": 1}},
    ),
    "fresh_look.within_days": Case(
        reminded("fresh_look", "mentee", *AGREED, DECLARED, until=45), [33], [34], [35], around=QUIET
    ),
    "fresh_look.missing_after_days": Case(raised("no_fresh_look", *AGREED, DECLARED), 40, 41, 42),
    "fresh_look.least_measures": Case(first_of(WHOLE, permitted(with_measures)), 1, 2, 3),
    "fresh_look.most_measures": Case(first_of(WHOLE[::-1], permitted(with_measures)), 4, 5, 6),
    "fresh_look.review_after_days": Case(raised("measures_overdue", *AGREED, look(10)), 39, 40, 41),
    "support.first_month_days": Case(
        reminded("support_contact", "coordinator", *agreed(), *contacted(29.5), until=90),
        [1, 89],
        [1, 60],
        [1, 31],
        around={"support": {"first_month_every_days": 1}},
    ),
    "support.first_month_every_days": Case(
        reminded("support_contact", "coordinator", *agreed(), until=40), [14], [15], [16]
    ),
    "support.then_every_days": Case(
        reminded("support_contact", "coordinator", *agreed(), *contacted(14, 29), until=80), [59], [60], [61]
    ),
    "support.late_after_days": Case(raised("no_support_contact", *agreed()), 21, 22, 23),
    "pauses.longest_days": Case(
        first_of([62, 61.5, 61, 60.5, 60, 59.5, 59, 58.5], permitted(paused_for)), 59, 60, 61
    ),
    "reminders.one_in_days": Case(
        reminded("midpoint", "mentee", *agreed(), *met(14), until=60),
        [35.0417],
        [36.0417],
        [37.0417],
        around={"agreement": {"midpoint": 0.17}},
    ),
    "reminders.most_per_episode": Case(
        lambda in_force: len(
            list_of(reminded("measures", "mentor", *looks_and_overdue(), until=75)(in_force))
        ),
        2,
        3,
        4,
        around={**QUIET, "fresh_look": {"review_after_days": 1}},
    ),
    "reminders.too_late_hours": Case(
        first_of([22.5, 23, 23.5, 24, 24.5, 25, 25.5], sent_so_late), 23.5, 24.5, 25.5
    ),
    "closure.remind_pair_days": Case(
        reminded("closing", "mentor", *agreed(months=2), *met(5), until=58), [30], [29], [28], around=QUIET
    ),
    "closure.remind_coordinator_days": Case(
        reminded("closing", "coordinator", *agreed(), until=181),
        [round(168 - 1 / 24, 4)],
        [round(167 - 1 / 24, 4)],
        [round(166 - 1 / 24, 4)],
    ),
    "closure.feedback_days.0": Case(
        FEEDBACK, [26, 34, 41], [27, 34, 41], [28, 34, 41], around={"reminders": {"one_in_days": 1}}
    ),
    "closure.feedback_days.1": Case(
        FEEDBACK, [27, 33, 41], [27, 34, 41], [27, 35, 41], around={"reminders": {"one_in_days": 1}}
    ),
    "closure.feedback_days.2": Case(
        FEEDBACK, [27, 34, 40], [27, 34, 41], [27, 34, 42], around={"reminders": {"one_in_days": 1}}
    ),
    "closure.inactive_days": Case(raised("closure_proposed", opened(), *committed(), until=100), 96, 97, 98),
    "closure.notice_days": Case(raised("closure_proposed", opened(), *committed(), until=100), 96, 97, 98),
}


# --- the fields -------------------------------------------------------------------------------------------


NO_NUMBERS = {"agreement.form", "onboarding.steps"}
"""What each of them does is shown in `test_agreement.py` and `test_beginnings.py`."""


def numbers(section: BaseModel, path: str = "") -> Iterator[str]:
    """The path of every number in a policy; one in a list by its place."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from numbers(value, f"{path}{name}.")
        elif isinstance(value, tuple):
            yield from (
                f"{path}{name}.{place}" for place, one in enumerate(value) if isinstance(one, int | float)
            )
        elif isinstance(value, int | float):
            yield f"{path}{name}"


def changed(field: str, by: float) -> PolicyInForce:
    """The policy of the field's case, with that one number changed."""
    document = Policy().model_dump()
    for name, section in CASES[field].around.items():
        document[name] |= section
    part, name, *place = field.split(".")
    if place:
        values = list(document[part][name])
        values[int(place[0])] += by
        document[part][name] = values
    else:
        document[part][name] += by
    return PolicyInForce(version=1, policy=Policy.model_validate(document))


def test_every_number_of_the_policy_has_its_case() -> None:
    assert set(CASES) == set(numbers(Policy()))


def test_so_has_every_field_but_those_that_are_no_numbers() -> None:
    fields = {f"{section}.{name}" for section, part in Policy() for name in type(part).model_fields}
    assert {".".join(case.split(".")[:2]) for case in CASES} == fields - NO_NUMBERS


@pytest.mark.parametrize("field", CASES)
def test_it_holds_exactly_at_its_limit_and_one_unit_less_or_more_is_another_rule(field: str) -> None:
    case = CASES[field]
    assert case.told(changed(field, 0)) == case.default
    assert case.told(changed(field, -case.unit)) == case.less
    assert case.told(changed(field, case.unit)) == case.more
    assert case.default not in (case.less, case.more), "the case would not see it"


# --- the document -----------------------------------------------------------------------------------------


def test_a_document_says_what_is_not_as_by_default() -> None:
    read = parse_policy("[silence]\nsuspected_after = 1.0\n\n[agreement]\nform = 'oral'\n")
    assert read.silence.suspected_after == 1
    assert read.agreement.form is AgreementForm.ORAL
    assert read == Policy.model_validate({"silence": {"suspected_after": 1}, "agreement": {"form": "oral"}})
    assert parse_policy("") == Policy()


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("[silence", "the policy is not TOML"),
        (
            "[silence]\nsuspected = 1",
            "silence.suspected is not known; `mentoring policy schema` lists what is",
        ),
        ("[quiet]\nafter = 1", "quiet is not known"),
        (
            "[silence]\nsuspected_after = 2.5",
            "in silence, suspected_after must not exceed entered_after",
        ),
        ("[concerns]\nfailures_of_last = 7", "failures_of_last must not exceed of_last"),
        ("[fresh_look]\nleast_measures = 6", "least_measures must not exceed most_measures"),
        ("[silence]\nentered_after = nan", "silence.entered_after must be a number"),
        ("silence = 3", r"silence is a section: write its members below \[silence\]"),
        ("[silence]\nentered_after = 'x'", "silence.entered_after must be a number"),
        ("[silence]\nentered_after = 13", "silence.entered_after must be 12 or less"),
        ("[agreement]\nform = 'x'", "agreement.form must be one of 'signed', 'oral' or 'none'"),
        ("[agreement]\nduration_months = 0.5", "agreement.duration_months must be a whole number"),
        ("[onboarding]\nsteps = 'x'", "onboarding.steps must be a list"),
        ("[onboarding]\nsteps = ['X']", "onboarding.steps.0 must be a word of small letters"),
    ],
)
def test_one_that_does_not_fit_is_refused_and_says_where(document: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refusal:
        parse_policy(document)
    assert refusal.value.code == "policy_invalid"


def test_a_lower_limit_may_equal_the_upper_one() -> None:
    assert parse_policy("[silence]\nsuspected_after = 2.0").silence.suspected_after == 2


LEAST_AND_MOST: dict[str, tuple[float, float, float]] = {
    "onboarding.stuck_after_days": (0, 3660, 1),
    "meetings.preparation_hours": (0, 1440, 1),
    "silence.entered_after": (0, 12, 1),
    "agreement.midpoint": (0, 1, 0.1),
    "dialogue.drop": (0, 4, 0.1),
}
"""Above the first, up to the second."""


@pytest.mark.parametrize("field", LEAST_AND_MOST)
def test_a_number_has_its_bounds(field: str) -> None:
    part, name = field.split(".")
    least, most, step = LEAST_AND_MOST[field]
    for value in (least, most + step):
        with pytest.raises(ValidationError):
            Policy.model_validate({part: {name: value}})
    Policy.model_validate({part: {name: most}})


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("agreement.duration_months", 1, 120),
        ("meetings.unconfirmed_in_a_row", 1, 50),
        ("concerns.in_a_row", 1, 50),
        ("concerns.of_last", 3, 50),
        ("goals.first_by_held", 1, 50),
        ("goals.review_within_held", 1, 50),
        ("dialogue.low_mean", 1, 5),
        ("fresh_look.most_measures", 2, 20),
        ("fresh_look.least_measures", 1, 5),
        ("reminders.most_per_episode", 1, 20),
    ],
)
def test_both_included_where_it_is_a_count(field: str, least: int, most: int) -> None:
    part, name = field.split(".")
    for value in (least, most):
        Policy.model_validate({part: {name: value}})
    for value in (least - 1, most + 1):
        with pytest.raises(ValidationError):
            Policy.model_validate({part: {name: value}})


# --- adopting another -------------------------------------------------------------------------------------


def test_what_is_due_is_dated_anew_by_the_policy_adopted() -> None:
    story = followed(given(*agreed()), 5, silence={"suspected_after": 1}).then(e.AgendaRevised)
    revised = story.last(e.AgendaRevised)
    assert (revised.policy, revised.occurred_at) == (2, day(5))
    assert revised.dues is not None
    assert revised.dues[e.DueKind.SILENCE] == day(30)
    story.pass_time(day(30)).then_concern("silence")


def test_where_it_changes_nothing_nothing_is_told() -> None:
    followed(given(*agreed()), 5).then()
    followed(given(*agreed()), 5, dialogue={"low_mean": 2}).then()


def test_what_is_past_by_the_policy_adopted_is_for_the_clock_to_ask() -> None:
    story = followed(given(*agreed()), 40, silence={"suspected_after": 1}).then_no_concern("silence")
    story.pass_time(day(40)).then_concern("silence")


def test_a_concern_that_does_not_stand_by_it_is_cleared() -> None:
    story = given(opened()).pass_time(day(14)).then_concern("no_first_meeting")
    followed(story, 15, onboarding={"no_first_meeting_days": 20}).then_no_concern("no_first_meeting")


def test_a_closed_relationship_is_asked_for_feedback_by_it() -> None:
    story = followed(given(*agreed(), closed(10)), 11, closure={"feedback_days": [9]})
    revised = story.last(e.AgendaRevised)
    assert revised.dues == {e.DueKind.REMIND_FEEDBACK: day(19)}


def test_what_changes_is_told_member_by_member() -> None:
    other = Policy.model_validate({"silence": {"suspected_after": 1}, "closure": {"feedback_days": [3]}})
    assert changes(Policy(), Policy()) == []
    assert changes(Policy(), other) == [
        ("silence.suspected_after", 1.5, 1.0),
        ("closure.feedback_days", [7.0, 14.0, 21.0], [3.0]),
    ]


LISTS = {
    (section, field): of["maxItems"]
    for section, reference in Policy.model_json_schema()["properties"].items()
    for field, of in Policy.model_json_schema()["$defs"][reference["$ref"].rpartition("/")[2]][
        "properties"
    ].items()
    if "maxItems" in of
}


@pytest.mark.parametrize(("section", "field"), LISTS)
def test_a_list_has_a_length_that_it_does_not_exceed(section: str, field: str) -> None:
    most = LISTS[section, field]
    items: list[object] = [f"step_{number}" if field == "steps" else number + 1 for number in range(most + 1)]
    given_whole = Policy.model_validate({section: {field: items[:most]}})
    assert len(getattr(getattr(given_whole, section), field)) == most
    with pytest.raises(ValidationError):
        Policy.model_validate({section: {field: items}})


def test_no_list_of_the_policy_is_without_its_length() -> None:
    assert {".".join(name): most for name, most in LISTS.items()} == {
        "onboarding.steps": 20,
        "meetings.outcome_hours": 5,
        "dialogue.pulse_days": 20,
        "closure.feedback_days": 10,
    }


PUBLISHED = Path(__file__).parents[2] / "docs" / "policy.schema.json"


def test_every_bound_and_default_is_as_published() -> None:
    assert Policy.model_json_schema() == json.loads(PUBLISHED.read_text(encoding="utf-8"))


NUMBERS = [
    (section, field)
    for section, reference in Policy.model_json_schema()["properties"].items()
    for field, of in Policy.model_json_schema()["$defs"][reference["$ref"].rpartition("/")[2]][
        "properties"
    ].items()
    if of.get("type") == "number"
]


@pytest.mark.parametrize(("section", "field"), NUMBERS)
def test_a_number_is_a_finite_one(section: str, field: str) -> None:
    for value in ("nan", "inf", "-inf"):
        with pytest.raises(Invalid, match=f"{section}.{field} must be "):
            parse_policy(f"[{section}]\n{field} = {value}")
