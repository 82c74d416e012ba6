"""The demonstration's own model beside the service's rules, step by step, without anything in between.

The two share no code. Whatever the whole demonstration would find different at its end is found here at the
first step at which they part.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.decide import decide
from workflow.aggregates.moves import MOVES, State
from workflow.aggregates.policy import Policy, PolicyInForce, parse_policy
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.sealed import Sealed
from workflow.demo.cast import Pair
from workflow.demo.course import Course
from workflow.demo.policies import Adoption
from workflow.demo.reports import AGREED, Call, Report, topic
from workflow.demo.stage import POLICY as PROGRAMME
from workflow.errors import Refused

POLICY = PolicyInForce(version=1, policy=parse_policy(PROGRAMME))


class Mirrored(Course):
    """A course that is held against the rules after each step."""

    def __init__(self, pair: Pair, opened: datetime) -> None:
        super().__init__(pair, opened)
        self.events: list[e.Event] = []
        self._steps: list[tuple[str, datetime]] = []
        self.now = opened
        self.policy = POLICY
        self._answered: dict[UUID, c.Answers] = {}
        parties = tuple(e.Party(person=person.id, role=e.Role(person.role)) for person in pair.people)
        self.kept: Relationship | None = None
        self._decide(
            c.OpenRelationship(at=opened, programme="default", zone="Europe/Helsinki", parties=parties)
        )

    def call(self, call: Call, now: datetime) -> bool:
        self.now = now
        accepted = super().call(call, now)
        try:
            self._decide(self._command(call, now))
            assert accepted, call
        except Refused:
            assert not accepted, call
        if accepted and call.kind == "destroy":
            assert call.whose is not None
            self._answered.pop(call.whose, None)
            self._decide(c.ConfirmDestruction(at=now, person=call.whose))
        self._compare(call)
        return accepted

    def report(self, report: Report, now: datetime) -> bool:
        self.now = now
        news = super().report(report, now)
        stale = self._decide(_told(self.pair, report))
        assert news is not stale, report
        self._compare(report)
        return news

    def follow(self, adoption: Adoption, now: datetime) -> None:
        self.now = now
        super().follow(adoption, now)
        document = Policy.model_validate(adoption.document)
        self.policy = PolicyInForce(version=self.policy.version + 1, policy=document)
        self._decide(c.FollowPolicy(at=now))
        self._compare(adoption)

    def pass_time(self, until: datetime) -> None:
        super().pass_time(until)
        assert self.kept is not None
        for _ in range(100):
            due = max(min(self.kept.dues.values(), default=until.max.replace(tzinfo=until.tzinfo)), self.now)
            if due > until:
                break
            self.now = due
            self._decide(c.PassTime(at=due, now=due))
        else:
            pytest.fail(f"the clock asks again and again: {self.kept.dues} at {self.now}")
        self.now = until
        self._compare(until)

    def _command(self, call: Call, now: datetime) -> c.Command:
        if call.kind != "check_in":
            return _command(call, now)
        answers = c.Answers(*call.answers)
        previous = self._answered.get(call.person)
        actor = c.Actor(person=call.person, role=e.Role(call.role))
        if self.permitted.check_ins and self.permitted.check_ins[-1].at == now:
            self._answered[call.person] = answers
        return c.GiveCheckIn(at=now, actor=actor, answers=answers, previous=previous)

    def _decide(self, command: c.Command) -> bool:
        decision = decide(self.kept, command, id=self.pair.relationship, now=self.now, policy=self.policy)
        self.kept = decision.state
        self.events += decision.events
        for event in decision.events:
            self._follow(event)
        return decision.stale

    def _follow(self, event: e.Event) -> None:
        """A state that is entered, or another instant at which one was."""
        if (entered := getattr(event, "entered", None)) is not None:
            self._steps.append((entered, event.occurred_at))
        elif isinstance(event, e.MoveRevised) and event.instant is not None:
            ((left,),) = {before for move, before, _ in MOVES if move is event.move}
            ways = enumerate(pairwise(state for state, _ in self._steps), 1)
            index = max(number for number, way in ways if way == (left, State.ACTIVE))
            self._steps[index] = (State.ACTIVE, event.instant)

    def _compare(self, after: object) -> None:
        assert self.kept is not None
        assert self.kept.state == self.state, (after, self.trail, self.pair)
        assert [(step.state, step.at) for step in self.trail] == self._steps, (after, self.pair)
        found = [(m.subject, m.status.value, m.starts_at, m.ends_at) for m in self.kept.calendar.meetings()]
        mine = [(m.name, m.status, m.starts_at, m.ends_at) for m in self.meetings.standing()]
        assert sorted(mine) == sorted(found), (after, self.pair)


def _command(call: Call, now: datetime) -> c.Command:
    by: dict[str, Any] = {"at": now, "actor": c.Actor(person=call.person, role=e.Role(call.role))}
    measures = tuple(
        e.Measure(measure=measure, what=Sealed("?", author=who), who=who, by_when=due)
        for measure, who, due in call.measures
    )
    measure: dict[str, Any] = {"measure": call.measure}
    goal: dict[str, Any] = {"goal": call.goal}
    person: dict[str, Any] = {"person": call.whose}
    known: dict[str, Any] = {"topic": call.topic, "visibility": e.Visibility(call.visibility or "pair_only")}
    leaves: dict[str, Any] = {"party": call.whose}
    text = Sealed("?", author=call.person)
    makers: dict[str, Callable[[], c.Command]] = {
        "step": lambda: c.CompleteOnboardingStep(**by, step=call.step),
        "confirm": lambda: c.ConfirmCommitment(**by),
        "draft": lambda: c.DraftAgreement(
            **by,
            cadence_days=call.cadence_days,
            duration_months=call.duration_months,
            topics=tuple(
                e.Topic(topic=topic(call.relationship, number), title=text, visibility=e.Visibility(shared))
                for number, shared in enumerate(AGREED)
            ),
        ),
        "sign": lambda: c.SignAgreement(**by, version=call.version),
        "declare": lambda: c.DeclareStagnation(**by),
        "look": lambda: c.HoldFreshLook(**by, measures=measures),
        "done": lambda: c.CompleteMeasure(**by, **measure),
        "drop": lambda: c.DropMeasure(**by, **measure),
        "review": lambda: c.ReviewMeasures(**by),
        "pause": lambda: c.Pause(**by, ends_at=call.ends_at),
        "resume": lambda: c.Resume(**by),
        "goal": lambda: c.SetGoal(**by, **goal, text=text),
        "goal_review": lambda: c.ReviewGoal(**by, **goal, reached_percent=call.reached_percent),
        "goal_revise": lambda: c.ReviseGoal(**by, **goal, text=text),
        "goal_achieve": lambda: c.AchieveGoal(**by, **goal),
        "goal_drop": lambda: c.DropGoal(**by, **goal),
        "consent": lambda: c.GiveCheckInConsent(**by),
        "withdraw": lambda: c.WithdrawCheckInConsent(**by),
        "help": lambda: c.AskForHelp(**by),
        "contact": lambda: c.MakeSupportContact(**by),
        "prepare": lambda: c.NotePreparation(**by, uid=call.uid, recurrence_id=call.recurrence_id),
        "feedback": lambda: c.GiveClosingFeedback(**by, text=text),
        "name": lambda: c.AddIdentity(**by, **person, identity=text),
        "unname": lambda: c.RemoveIdentity(**by, **person, identity=text),
        "leave": lambda: c.LeaveRelationship(**by, **leaves),
        "destroy": lambda: c.RequestDestruction(**by, **person, identities=call.identities),
        "reclassify": lambda: c.ReclassifyTopic(**by, **known),
        "close": lambda: c.Close(
            **by, manner=e.ClosureManner(call.manner), reason=e.ClosureReason(call.reason)
        ),
    }
    return makers[call.kind]()


def _told(pair: Pair, report: Report) -> c.Command:
    def ids(indexes: tuple[int, ...]) -> tuple[UUID, ...]:
        return tuple(pair.people[index].id for index in indexes)

    common: dict[str, Any] = {
        "at": report.time,
        "uid": report.uid,
        "recurrence_id": report.recurrence_id,
        "source": report.source,
        "message": report.id,
    }
    times: dict[str, Any] = {"starts_at": report.starts_at, "ends_at": report.ends_at}
    attended = None if report.attended is None else ids(report.attended)
    cancelled_by = None if report.cancelled_by is None else ids((report.cancelled_by,))[0]
    match report.kind:
        case "scheduled":
            return c.ReportScheduled(**common, **times, sequence=report.sequence)
        case "rescheduled":
            return c.ReportRescheduled(
                **common, **times, sequence=report.sequence, previous_uid=report.previous_uid
            )
        case "cancelled":
            return c.ReportCancelled(**common, sequence=report.sequence, cancelled_by=cancelled_by)
        case "held":
            return c.ReportHeld(**common, **times, attended=attended)
        case "missed":
            return c.ReportMissed(**common, missed_by=ids(report.missed_by))
        case _:
            return c.CorrectOutcome(
                **common,
                **times,
                outcome=e.Outcome(report.outcome or "none"),
                attended=attended,
                missed_by=ids(report.missed_by),
                cancelled_by=cancelled_by,
            )
