"""What few pairs live through: the model's word on each, held against the rules where the rules have one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.demo.mirrored import Mirrored
from workflow.demo.cast import DAY, START, Cast, Pair, Person, cast, name
from workflow.demo.envelopes import data, wire
from workflow.demo.reports import AGREED, Call, Report, topic
from workflow.demo.story import Delivery, Story, Tick, story
from workflow.demo.truth import Truth, truth

NEW = "email:grace@example.net"
PAIR: Pair = replace(
    cast(1, 1, 8).pairs[0], by_parties=True, source="/calendars/x", cadence=30, opens=START + DAY
)
MENTOR, MENTEE = PAIR.people
RENAMED = replace(PAIR, people=(MENTOR, replace(MENTEE, renamed=(START + 20 * DAY, NEW))))
SECOND = Person(id=name(1, "second"), role="mentor", identities=("email:ada@example.org", "ext:portal:ada"))
OF_THREE = replace(PAIR, people=(MENTOR, SECOND, MENTEE))


def call(kind: str, day: int, person: Person | None = None, **members: Any) -> Call:
    who = PAIR.coordinator if person is None else person.id
    return Call(
        kind=kind,
        relationship=PAIR.relationship,
        key=name(1, kind, day, who),
        role="coordinator" if person is None else person.role,
        person=who,
        day=day,
        **members,
    )


def booking(day: int, *, meets: int, number: int = 1) -> Report:
    starts = START + meets * DAY
    return Report(
        kind="scheduled",
        relationship=PAIR.relationship,
        source="/calendars/x",
        id=str(number),
        time=START + day * DAY,
        uid=str(number),
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
    )


def told(pair: Pair, *said: tuple[int, Call | Report]) -> Truth:
    """The pair is opened on day 1; each of ``said`` is asked or sent on its day."""
    ticks = [Tick(START + DAY * number) for number in range(80)]
    for day, one in ((1, call("open", 1)), *said):
        if isinstance(one, Call):
            ticks[day].calls.append(one)
        else:
            ticks[day].deliveries.append(
                Delivery(at=ticks[day].at, wire=wire(pair, one), pair=pair, report=one)
            )
    return truth(Story(1, {pair.relationship: pair}, tuple(ticks)), Mirrored)


def dispositions(found: Truth) -> list[tuple[str, str | None]]:
    return [(verdict.disposition, verdict.reason) for verdict in found.verdicts]


def test_what_names_a_new_address_waits_until_somebody_tells_whose_it_is() -> None:
    early, late = booking(22, meets=30), booking(35, meets=40, number=2)
    named = call("name", 25, whose=MENTEE.id, identity=NEW)
    assert dispositions(told(RENAMED, (22, early), (25, named), (35, late))) == [("applied", None)] * 2
    assert dispositions(told(RENAMED, (22, early))) == [("parked", "never_opened")]


def test_the_old_address_means_nobody_once_it_is_removed() -> None:
    gone = call("unname", 10, MENTEE, whose=MENTEE.id, identity=MENTEE.identities[0])
    assert dispositions(told(PAIR, (10, gone), (12, booking(12, meets=20)))) == [("parked", "never_opened")]


def test_whoever_has_had_it_destroyed_is_found_by_nothing() -> None:
    forgotten = call("destroy", 10, MENTEE, whose=MENTEE.id, identities=True)
    kept = call("destroy", 10, MENTEE, whose=MENTEE.id)
    later = (12, booking(12, meets=20))
    assert dispositions(told(PAIR, (10, forgotten), later)) == [("parked", "never_opened")]
    assert dispositions(told(PAIR, (10, kept), later)) == [("applied", None)]


def test_a_calendar_does_not_name_who_has_left_and_one_that_does_finds_nobody() -> None:
    gone = call("leave", 10, SECOND, whose=SECOND.id)
    later = booking(12, meets=20)
    assert dispositions(told(OF_THREE, (10, gone), (12, later))) == [("parked", "never_opened")]
    parted = replace(OF_THREE, departure=(1, START + 10 * DAY))
    assert data(parted, later)["parties"] == [MENTOR.identities[0], MENTEE.identities[0]]
    assert dispositions(told(parted, (10, gone), (12, later))) == [("applied", None)]


def agreed(*, unsigned: Person | None = None) -> list[tuple[int, Call]]:
    people = OF_THREE.people
    return [
        (2, call("step", 2, step="introduction")),
        *((3, call("confirm", 3, person)) for person in people),
        (4, call("draft", 4, MENTOR, cadence_days=21)),
        *((5, call("sign", 5, person, version=1)) for person in people if person is not unsigned),
    ]


def test_the_agreement_stands_once_the_last_who_had_not_signed_has_left() -> None:
    gone = call("leave", 9, whose=SECOND.id)
    (course,) = told(OF_THREE, *agreed(unsigned=SECOND), (9, gone)).courses.values()
    assert ("active", START + 9 * DAY) in [(step.state, step.at) for step in course.trail]


def test_who_has_left_may_say_nothing_more_and_the_only_one_of_a_side_cannot_leave() -> None:
    calls = {
        "leaves": call("leave", 9, SECOND, whose=SECOND.id),
        "leaves twice": call("leave", 10, whose=SECOND.id),
        "asks": call("help", 11, SECOND),
        "the last": call("leave", 12, MENTEE, whose=MENTEE.id),
        "destroys": call("destroy", 13, SECOND, whose=SECOND.id),
    }
    found = told(OF_THREE, *agreed(), *((one.day, one) for one in calls.values()))
    accepted = {what for what, one in calls.items() if found.accepted[one.key]}
    assert accepted == {"leaves", "destroys"}


def test_fewer_may_know_of_a_topic_at_once_and_more_only_by_a_version_that_all_sign() -> None:
    shared = topic(PAIR.relationship, AGREED.index("shareable"))
    fewer, more, again = (
        call("reclassify", day, MENTEE, topic=shared, visibility=visibility)
        for day, visibility in ((9, "pair_only"), (10, "shareable"), (20, "programme"))
    )
    anew = [
        (11, call("draft", 11, MENTOR, cadence_days=21)),
        *((12, call("sign", 12, person, version=2)) for person in OF_THREE.people),
    ]
    found = told(OF_THREE, *agreed(), (9, fewer), (10, more), *anew, (20, again))
    assert [found.accepted[one.key] for one in (fewer, more, again)] == [True, False, True]


def test_a_measure_that_all_but_one_have_dropped_is_settled_once_that_one_leaves() -> None:
    measures = tuple((name(1, "measure", n), MENTEE.id, START + 40 * DAY) for n in range(2))
    look = call("look", 9, MENTOR, measures=measures)
    drops = [(10, call("drop", 10, person, measure=measures[0][0])) for person in (MENTOR, MENTEE)]
    done = call("done", 12, MENTEE, measure=measures[1][0])
    late = call("drop", 13, MENTEE, measure=measures[1][0])
    gone = call("leave", 14, whose=SECOND.id)
    declared = call("declare", 8, MENTEE)
    met = replace(booking(11, meets=10), kind="held")
    found = told(OF_THREE, *agreed(), (8, declared), (9, look), *drops, (11, met), (14, gone))
    (course,) = found.courses.values()
    assert ("active", START + 14 * DAY) in [(step.state, step.at) for step in course.trail]
    found = told(OF_THREE, *agreed(), (9, look), (12, done), (13, late))
    assert [found.accepted[one.key] for one in (done, late)] == [True, False]


def stagnated(found: Truth) -> list[datetime]:
    (course,) = found.courses.values()
    return [step.at for step in course.trail if step.state == "stagnation"]


def test_a_suspicion_that_a_correction_would_have_held_off_is_another_one_from_then_on() -> None:
    """Suspected on day 36.5; by the correction, which leaves the meeting unreported, not before day 40."""
    booked = (20, booking(20, meets=30))
    missed = replace(booking(31, meets=30), kind="missed", id="missed", missed_by=(0,))
    assert stagnated(told(OF_THREE, *agreed(), booked, (31, missed))) == [START + 47 * DAY]
    none = replace(booking(44, meets=30), kind="corrected", id="none", outcome="none")
    found = told(OF_THREE, *agreed(), booked, (31, missed), (44, none))
    assert stagnated(found) == [START + 51 * DAY]


def test_a_suspicion_from_before_that_correction_does_not_come_back_by_a_cancellation_either() -> None:
    said = (
        (20, booking(20, meets=30)),
        (31, replace(booking(31, meets=30), kind="missed", id="missed", missed_by=(0,))),
    )
    near = (45, booking(45, meets=50, number=2))
    off = (46, replace(booking(46, meets=50, number=2), kind="cancelled", id="off", sequence=1))
    none = replace(booking(44, meets=30), kind="corrected", id="none", outcome="none")
    for corrected, entered in ((44, 51), (45, 53)):  # the clock had no time to ask before the booking
        found = told(OF_THREE, *agreed(), *said, (corrected, none), near, off)
        assert stagnated(found) == [START + entered * DAY]


def test_so_it_is_by_a_meeting_long_ago_that_becomes_known() -> None:
    met = replace(booking(10, meets=9), kind="held")
    assert stagnated(told(OF_THREE, *agreed(), (46, met))) == [START + 53 * DAY]


@pytest.fixture(scope="module")
def lived() -> tuple[Story, Truth]:
    everything = story(7, 300, 8)
    return everything, truth(everything)


def test_each_is_lived_by_some(lived: tuple[Story, Truth]) -> None:
    everything, expected = lived
    calls = [one for tick in everything.ticks for one in tick.calls]
    kinds = Counter((one.kind, expected.accepted[one.key]) for one in calls)
    for kind in ("name", "unname", "leave", "destroy", "reclassify"):
        assert kinds[kind, True] >= 5, kind
    assert kinds["reclassify", False]
    assert {one.identities for one in calls if one.kind == "destroy"} == {True, False}


def test_some_that_name_a_new_address_come_before_anybody_has_told_of_it(
    lived: tuple[Story, Truth],
) -> None:
    everything, expected = lived
    told_on = {one.identity: tick.at for tick in everything.ticks for one in tick.calls if one.kind == "name"}
    deliveries = [(tick.at, delivery) for tick in everything.ticks for delivery in tick.deliveries]
    found = Counter(
        (at < told_on[person.renamed[1]], verdict.disposition)
        for (at, delivery), verdict in zip(deliveries, expected.verdicts, strict=True)
        for person in delivery.pair.people
        if person.renamed is not None
        and person.renamed[1] in told_on
        and delivery.flaw is None
        and delivery.report.time >= person.renamed[0]
    )
    assert found[True, "applied"]
    assert found[False, "applied"] > 10


def test_no_calendar_knows_an_address_of_somebody_else() -> None:
    people: Cast = cast(7, 300, 8)
    addresses = [
        (person.renamed[1] if person.renamed else None, person.id)
        for pair in people.pairs
        for person in pair.people
    ]
    given = [address for address, _ in addresses if address is not None]
    assert len(given) == len(set(given)) > 5
