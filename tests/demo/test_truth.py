"""The demonstration's own model: what stands of a meeting, and what becomes of a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

from workflow.demo.cast import DAY, START, Pair, cast, name
from workflow.demo.envelopes import wire
from workflow.demo.merging import Meetings
from workflow.demo.permitted import Permitted
from workflow.demo.reports import Call, Report
from workflow.demo.rests import Rests
from workflow.demo.story import Delivery, Story, Tick
from workflow.demo.truth import Truth, truth

HOUR = timedelta(hours=1)
PAIR: Pair = replace(cast(1, 1, 8).pairs[0], by_parties=True, cadence=30, opens=START + DAY)
MEETS = START + 10 * DAY


def report(kind: str, time: datetime, number: int, **members: Any) -> Report:
    """A report of the pair's only meeting, unless told otherwise."""
    given = {"uid": "one"} | members
    if kind in ("scheduled", "rescheduled", "held"):
        given = {"starts_at": MEETS, "ends_at": MEETS + HOUR} | given
    return Report(
        kind=kind, relationship=PAIR.relationship, source="/calendars/x", id=str(number), time=time, **given
    )


def outcomes(*reports: Report) -> set[tuple[tuple[str, str], ...]]:
    """What stands, for every order in which the reports may come."""
    found = set()
    for order in permutations(reports):
        meetings = Meetings(PAIR)
        for one in order:
            meetings.learn(one)
        found.add(tuple((meeting.name, meeting.status) for meeting in meetings.standing()))
    return found


def test_an_outcome_stands_beside_a_cancellation() -> None:
    reports = (report("scheduled", START, 1), report("cancelled", START + DAY, 2, sequence=1))
    assert outcomes(*reports) == {(("one", "cancelled"),)}
    assert outcomes(*reports, report("held", MEETS + 2 * HOUR, 3)) == {(("one", "held"),)}


def test_a_later_booking_undoes_a_cancellation() -> None:
    assert outcomes(
        report("scheduled", START, 1),
        report("cancelled", START + DAY, 2, sequence=1),
        report("rescheduled", START + 2 * DAY, 3, sequence=2),
    ) == {(("one", "scheduled"),)}


def test_a_new_uid_makes_no_new_meeting() -> None:
    assert outcomes(
        report("scheduled", START, 1),
        report("rescheduled", START + DAY, 2, uid="two", previous_uid="one"),
        report("cancelled", START + 2 * DAY, 3, sequence=5),
    ) == {(("one", "scheduled"),)}


def test_a_correction_stands_and_may_withdraw() -> None:
    missed = report("missed", MEETS + HOUR, 2, missed_by=(0,))
    booked = report("scheduled", START, 1)
    held = report("corrected", MEETS + DAY, 3, outcome="held")
    none = report("corrected", MEETS + 2 * DAY, 4, outcome="none")
    assert outcomes(booked, missed, held) == {(("one", "held"),)}
    assert outcomes(booked, missed, held, none) == {(("one", "scheduled"),)}


def test_held_with_one_side_alone_is_missed() -> None:
    assert outcomes(report("held", MEETS + HOUR, 1, attended=(0,))) == {(("one", "missed"),)}


def told(*sent: tuple[int, Report]) -> Truth:
    """The pair is opened on day 1; each report is sent on its day."""
    opening = Call(
        kind="open", relationship=PAIR.relationship, key=PAIR.coordinator, role="coordinator",
        person=PAIR.coordinator, day=1,
    )  # fmt: skip
    ticks = [Tick(START + DAY * number) for number in range(60)]
    ticks[1].calls.append(opening)
    for day, one in sent:
        ticks[day].deliveries.append(Delivery(at=ticks[day].at, wire=wire(PAIR, one), pair=PAIR, report=one))
    return truth(Story(1, {PAIR.relationship: PAIR}, tuple(ticks)))


def dispositions(*sent: tuple[int, Report]) -> list[str]:
    return [verdict.disposition for verdict in told(*sent).verdicts]


def test_what_waits_is_applied_once_the_relationship_opens() -> None:
    early = report("scheduled", START, 1)
    assert dispositions((0, early)) == ["applied"]
    assert dispositions((0, early), (0, early)) == ["applied", "duplicate"]


def test_a_report_without_a_start_waits_for_its_booking() -> None:
    missed, booked = report("missed", MEETS + HOUR, 1, missed_by=(0,)), report("scheduled", START, 2)
    assert dispositions((12, missed), (13, booked)) == ["applied", "applied"]
    assert dispositions((50, missed)) == ["waiting"]
    assert dispositions((12, missed)) == ["parked"]


def test_an_older_booking_is_stale() -> None:
    assert dispositions((2, report("scheduled", START + DAY, 1)), (3, report("scheduled", START, 2))) == [
        "applied",
        "stale",
    ]


def test_a_meeting_before_the_opening_is_nobodys() -> None:
    before = report("held", START, 1, starts_at=START - DAY, ends_at=START - DAY + HOUR)
    (verdict,) = told((2, before)).verdicts
    assert (verdict.disposition, verdict.reason) == ("parked", "before_opening")


def day(number: float) -> datetime:
    return START + number * DAY


def test_a_pause_ends_by_a_word_by_its_last_day_or_by_the_first_meeting_after_its_begin() -> None:
    rests = Rests()
    assert rests.begin(day(10), day(40), held=[day(9)])
    assert rests.resting([day(9)])
    assert rests.ended([day(9), day(20), day(30)]) == [day(20)]
    rests.pass_time(day(40), [day(9)])
    assert rests.ended([day(9)]) == [day(40)]
    assert rests.begin(day(50), day(80), held=[])
    rests.end(day(60), held=[])
    assert rests.ended([]) == [day(40), day(60)]


def test_who_rests_cannot_rest_again_until_a_meeting_or_a_word_ends_it() -> None:
    rests = Rests()
    assert rests.begin(day(1), day(30), held=[])
    assert not rests.begin(day(2), day(30), held=[])
    assert rests.begin(day(12), day(30), held=[day(11)])


def test_a_meeting_that_was_none_ends_no_pause() -> None:
    rests = Rests()
    rests.begin(day(1), day(30), held=[])
    rests.pass_time(day(30), held=[day(10)])
    assert not rests.resting([day(10)])
    assert rests.resting([])
    rests.pass_time(day(31), held=[])
    assert rests.ended([]) == [day(30)]


def asked(kind: str, on: int, **members: Any) -> Call:
    mentor = PAIR.people[0]
    return Call(
        kind=kind,
        relationship=PAIR.relationship,
        key=name(1, kind, on),
        role=mentor.role,
        person=mentor.id,
        day=on,
        **members,
    )


def test_what_may_be_said_depends_on_what_was_said_before() -> None:
    meetings = Meetings(PAIR)
    permitted = Permitted(meetings)
    goal, check_in = PAIR.coordinator, asked("check_in", 20, answers=(4, 4, 5))
    assert not permitted.call(asked("goal_review", 1, goal=goal), day(1), None)
    assert permitted.call(asked("goal", 2, goal=goal), day(2), None)
    assert permitted.call(asked("goal_review", 3, goal=goal), day(3), None)
    assert permitted.call(asked("goal_drop", 4, goal=goal), day(4), None)
    assert not permitted.call(asked("goal_achieve", 5, goal=goal), day(5), None)
    assert not permitted.call(asked("prepare", 6, uid="one"), day(6), None)
    assert not permitted.call(check_in, day(20), None)
    meetings.learn(report("held", MEETS + HOUR, 1))
    assert permitted.call(asked("prepare", 6, uid="one"), day(6), None)
    assert permitted.call(check_in, day(20), None)
    assert [row["answers"] for row in permitted.rows()] == [[4, 4, 5]]


def test_after_the_closing_a_party_looks_back_and_checks_in_once() -> None:
    meetings = Meetings(PAIR)
    permitted = Permitted(meetings)
    meetings.learn(report("held", MEETS + HOUR, 1))
    feedback, check_in = asked("feedback", 30), asked("check_in", 30, answers=(3, 3, 3))
    assert not permitted.call(feedback, day(20), None)
    for call in (feedback, check_in):
        assert permitted.call(call, day(30), day(25))
        assert not permitted.call(call, day(31), day(25))
    assert not permitted.call(asked("help", 31), day(31), day(25))
