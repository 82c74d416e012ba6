"""A programme that changes its mind: what the model says follows from it is what the rules say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.demo.mirrored import Mirrored
from workflow.demo.cast import DAY, START, Cast, Pair, Person, cast, name
from workflow.demo.findings import Findings
from workflow.demo.policies import Adoption, adoptions
from workflow.demo.reports import Call, Report

PAIR: Pair = replace(cast(1, 1, 8).pairs[0], cadence=30, opens=START)
MENTOR, MENTEE = PAIR.people
HOUR = timedelta(hours=1)


class Life:
    """One pair, day by day."""

    def __init__(self) -> None:
        self.course = Mirrored(PAIR, START)
        self._number = 0

    def on(self, day: int) -> datetime:
        now = START + day * DAY
        self.course.pass_time(now)
        return now

    def asks(self, day: int, kind: str, person: Person | None = None, **members: Any) -> bool:
        who = (PAIR.coordinator, "coordinator") if person is None else (person.id, person.role)
        call = Call(
            kind=kind,
            relationship=PAIR.relationship,
            key=name(1, kind, day),
            role=who[1],
            person=who[0],
            day=day,
            **members,
        )
        return self.course.call(call, self.on(day))

    def says(self, day: int, kind: str, *, met: int, hours: int = 1, **members: Any) -> bool:
        self._number += 1
        now = self.on(day)
        starts = START + met * DAY
        if kind == "held" or members.get("outcome") == "held":
            members |= {"starts_at": starts, "ends_at": starts + hours * HOUR}
        report = Report(
            kind=kind,
            relationship=PAIR.relationship,
            source="/calendars/x",
            id=str(self._number),
            time=now,
            uid=f"of day {met}",
            **members,
        )
        return self.course.report(report, now)

    def adopts(self, day: int, form: str, steps: tuple[str, ...] = ("introduction",)) -> None:
        document = {"onboarding": {"steps": steps}, "agreement": {"form": form}}
        self.course.follow(Adoption(name(1, "policy", day), day, PAIR.coordinator, document), self.on(day))

    @property
    def states(self) -> list[tuple[str, int]]:
        return [(step.state, (step.at - START).days) for step in self.course.trail[1:]]


def unsigned() -> Life:
    """Committed on day 2, and drafted on day 4; the mentee does not sign."""
    life = Life()
    life.asks(1, "step", step="introduction")
    for person in PAIR.people:
        life.asks(2, "confirm", person)
    life.asks(4, "draft", MENTOR, cadence_days=21)
    life.asks(5, "sign", MENTOR, version=1)
    return life


def test_a_pair_that_waits_for_its_introduction_alone_begins_once_none_is_asked_for() -> None:
    life = Life()
    for person in PAIR.people:
        life.asks(2, "confirm", person)
    life.adopts(10, "none")
    assert life.states == []
    life.adopts(20, "none", steps=())
    assert life.states == [("agreement", 20)]
    assert not life.asks(22, "step", step="introduction")


def test_a_meeting_of_before_makes_it_active_no_sooner_than_the_onboarding_ends() -> None:
    life = Life()
    for person in PAIR.people:
        life.asks(2, "confirm", person)
    life.says(9, "held", met=8)
    life.adopts(20, "none", steps=())
    assert life.states == [("agreement", 20), ("active", 20)]


def test_without_an_introduction_a_pair_begins_with_its_last_commitment() -> None:
    life = Life()
    life.asks(2, "confirm", MENTOR)
    life.adopts(20, "oral", steps=())
    assert life.states == []
    life.asks(22, "confirm", MENTEE)
    assert life.states == [("agreement", 22)]


def test_a_meeting_of_before_makes_a_pair_active_once_meetings_are_enough() -> None:
    life = unsigned()
    life.says(9, "held", met=8)
    assert life.states == [("agreement", 2)]
    life.adopts(20, "none")
    assert life.states == [("agreement", 2), ("active", 8)]


def test_without_a_meeting_it_stays_where_it_is_until_the_last_confirms() -> None:
    life = unsigned()
    life.adopts(20, "none")
    life.asks(22, "sign", MENTEE, version=1)
    assert life.states == [("agreement", 2)]
    life.adopts(30, "oral")
    assert life.states == [("agreement", 2), ("active", 22)]


def test_a_meeting_that_was_none_takes_back_what_rested_on_it() -> None:
    life = unsigned()
    life.adopts(6, "none")
    life.says(9, "held", met=8)
    life.says(15, "corrected", met=8, outcome="none")
    assert life.states == [("agreement", 2), ("active", 8), ("agreement", 15)]
    life.says(17, "held", met=16)
    assert life.states[-1] == ("active", 16)


def test_a_meeting_of_another_time_moves_what_rested_on_it() -> None:
    life = unsigned()
    life.adopts(6, "none")
    life.says(9, "held", met=8)
    life.says(10, "corrected", met=8, outcome="held", hours=30)
    assert life.states == [("agreement", 2), ("active", 9)]


def test_a_meeting_of_another_time_leaves_what_was_declared_since() -> None:
    life = unsigned()
    life.adopts(6, "none")
    life.says(9, "held", met=8)
    assert life.asks(12, "declare", MENTEE)
    life.says(13, "corrected", met=8, outcome="held", hours=30)
    assert life.course.state == "stagnation"
    assert life.states == [("agreement", 2), ("active", 9), ("stagnation", 12)]


def test_the_states_that_the_log_tells_follow_what_is_revised() -> None:
    life = unsigned()
    life.adopts(6, "none")
    life.says(9, "held", met=8)
    life.asks(12, "declare", MENTEE)
    life.says(13, "corrected", met=8, outcome="held", hours=30)
    found = Findings(intake={}, verified={}, rows=[], receipts={}, meetings={})
    for number, event in enumerate(life.course.events, 1):
        found.read(
            {
                "position": number,
                "name": event.name,
                "stream": "pair",
                "event": event.model_dump(mode="json"),
            }
        )
    assert found.trails["pair"] == [(step.state, str(step.at)) for step in life.course.trail]
    assert found.trails["pair"][-1][0] == "stagnation"


def test_inferred_stagnation_falls_with_the_meeting_that_the_pair_was_active_by() -> None:
    life = unsigned()
    life.adopts(6, "none")
    life.says(9, "held", met=8)
    life.on(80)
    assert life.states[-1] == ("stagnation", 50)
    life.says(81, "corrected", met=8, outcome="none")
    assert life.states[-2:] == [("active", 81), ("agreement", 81)]


def test_a_pair_that_had_come_back_goes_to_its_agreement_without_being_active_once_more() -> None:
    life = unsigned()
    life.adopts(6, "none")
    life.says(9, "held", met=8)
    life.on(80)
    life.says(83, "held", met=82)
    life.says(91, "held", met=90)
    assert life.states[-1] == ("active", 90)
    for met in (8, 82, 90):
        life.says(95, "corrected", met=met, outcome="none")
    assert life.states[-2:] == [("active", 90), ("agreement", 95)]


def test_what_people_declared_stays_with_nothing_to_rest_on() -> None:
    life = unsigned()
    life.adopts(6, "none")
    life.says(9, "held", met=8)
    assert life.asks(12, "declare", MENTEE)
    life.says(15, "corrected", met=8, outcome="none")
    life.adopts(16, "oral")
    assert life.states == [("agreement", 2), ("active", 8), ("stagnation", 12)]


def test_signatures_come_to_hold_beside_the_meeting() -> None:
    life = unsigned()
    life.adopts(6, "none")
    life.says(9, "held", met=8)
    life.asks(12, "sign", MENTEE, version=1)
    life.says(15, "corrected", met=8, outcome="none")
    assert life.states == [("agreement", 2), ("active", 8), ("agreement", 15)]
    life.adopts(18, "signed")
    assert life.states[-1] == ("active", 12)


def test_the_programme_changes_its_mind_twice_after_every_pair_is_opened() -> None:
    for months in (1, 2, 8):
        people: Cast = cast(3, 40, months)
        decided = adoptions(people)
        assert [one.form for one in decided] == ["none", "oral"]
        days = [one.day for one in decided]
        assert days == sorted(set(days))
        assert all(pair.opens < START + days[0] * DAY for pair in people.pairs)
        assert START + days[-1] * DAY < people.end
