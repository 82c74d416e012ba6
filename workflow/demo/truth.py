"""What must come of a story: each message's disposition, each meeting's outcome, each relationship's course.

Worked out from the story alone, before anything is sent, by a model that shares no rule with the service.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from workflow.demo.cast import DAY, Pair
from workflow.demo.course import Course
from workflow.demo.known import Known
from workflow.demo.merging import Standing
from workflow.demo.policies import Adoption
from workflow.demo.reports import Call
from workflow.demo.story import Delivery, Story

PATIENCE = 30 * DAY
"""A message waits so long for its relationship."""


@dataclass(slots=True)
class Verdict:
    """What must come of one delivery: the disposition, and where it is laid aside, why."""

    disposition: str
    reason: str | None = None


@dataclass(slots=True)
class _Waiting:
    delivery: Delivery
    verdict: Verdict
    since: datetime


@dataclass(slots=True)
class Truth:
    """The story's outcome. ``verdicts`` follow the deliveries in the order of the story."""

    verdicts: list[Verdict] = field(default_factory=list)
    accepted: dict[UUID, bool] = field(default_factory=dict)
    courses: dict[UUID, Course] = field(default_factory=dict)

    def meetings(self) -> list[dict[str, Any]]:
        """A row a meeting whose start is known, with what stands of it in the end."""
        return [
            {"relationship": str(relationship), **_row(meeting)}
            for relationship, course in sorted(self.courses.items())
            for meeting in sorted(course.meetings.standing(), key=lambda meeting: meeting.name)
        ]

    def check_ins(self) -> dict[str, list[dict[str, Any]]]:
        """What each relationship's parties answered, which nobody but them reads in the service."""
        return {
            str(relationship): course.permitted.rows()
            for relationship, course in sorted(self.courses.items())
        }

    def journeys(self) -> dict[str, list[dict[str, Any]]]:
        """The states that each relationship went through, with reasons."""
        return {
            str(relationship): [asdict(step) | {"at": step.at.isoformat()} for step in course.trail]
            for relationship, course in sorted(self.courses.items())
        }


def _row(meeting: Standing) -> dict[str, Any]:
    return {
        "meeting": meeting.name,
        "outcome": meeting.status,
        "starts_at": meeting.starts_at.isoformat() if meeting.starts_at is not None else None,
        "ends_at": meeting.ends_at.isoformat() if meeting.ends_at is not None else None,
    }


def truth(story: Story, course: Callable[[Pair, datetime], Course] = Course) -> Truth:
    """Work the story out. ``course`` makes the model of one relationship."""
    world = _World(story, course)
    for tick in story.ticks:
        world.pass_time(tick.at)
        for adoption in tick.adoptions:
            world.adopt(adoption)
        for call in tick.calls:
            world.call(call)
        for delivery in tick.deliveries:
            world.receive(delivery)
    return world.truth


class _World:
    def __init__(self, story: Story, course: Callable[[Pair, datetime], Course]) -> None:
        self.truth = Truth()
        self._course = course
        self._story = story
        self._now = story.ticks[0].at
        self._first: dict[tuple[str, str], bytes] = {}
        self._waiting: list[_Waiting] = []
        self._bound: dict[tuple[str, datetime | None], set[UUID]] = defaultdict(set)
        self._shared: dict[UUID, set[UUID]] = defaultdict(set)
        self._known = Known()
        self._adopted: Adoption | None = None

    def pass_time(self, now: datetime) -> None:
        """The clock goes on; whoever waited too long is laid aside."""
        self._now = now
        for course in self.truth.courses.values():
            course.pass_time(now)
        for waiting in self._waiting:
            if now >= waiting.since + PATIENCE:
                reason = "before_opening" if self._too_early(waiting.delivery) else "never_opened"
                waiting.verdict.disposition, waiting.verdict.reason = "parked", reason
        self._waiting = [waiting for waiting in self._waiting if waiting.verdict.disposition == "waiting"]

    def adopt(self, adoption: Adoption) -> None:
        """Every relationship follows another policy from now on."""
        self._adopted = adoption
        for course in self.truth.courses.values():
            course.follow(adoption, self._now)

    def call(self, call: Call) -> None:
        """Something is done in the portal."""
        if call.kind == "open":
            pair = self._story.pairs[call.relationship]
            course = self.truth.courses[call.relationship] = self._course(pair, self._now)
            if self._adopted is not None:
                course.follow(self._adopted, self._now)
            for person in pair.people:
                self._shared[person.id].add(call.relationship)
            self._known.open(pair)
            self.truth.accepted[call.key] = True
            self._drain()
            return
        course = self.truth.courses[call.relationship]
        accepted = course.call(call, self._now)
        self.truth.accepted[call.key] = accepted
        if accepted:
            self._known.call(call)
        if accepted and call.kind in ("name", "leave", "close"):
            self._drain()

    def receive(self, delivery: Delivery) -> None:
        """A message reaches the service."""
        report = delivery.report
        key = (report.source, report.id)
        verdict = Verdict("parked", delivery.flaw)
        self.truth.verdicts.append(verdict)
        if delivery.flaw not in (None, "conflict", "unknown_identity"):
            return  # nobody can tell what it says, and so it stands for no message
        if key in self._first:
            if self._first[key] == delivery.wire.body:
                verdict.disposition, verdict.reason = "duplicate", None
            else:
                verdict.reason = "conflict"
            return
        self._first[key] = delivery.wire.body
        if delivery.flaw is None:
            self._apply(delivery, verdict, self._now)
            if verdict.disposition == "waiting":
                self._waiting.append(_Waiting(delivery, verdict, self._now))

    def _apply(self, delivery: Delivery, verdict: Verdict, now: datetime) -> None:
        """Find whose meeting it is and tell it; bind its UIDs, which may be what others wait for."""
        report = delivery.report
        relationship = self._whose(delivery)
        if relationship is None:
            verdict.disposition, verdict.reason = "waiting", None
            return
        if not self._known.knows(delivery.pair, report):
            verdict.disposition, verdict.reason = "parked", "unknown_identity"
            return
        news = self.truth.courses[relationship].report(report, now)
        verdict.disposition, verdict.reason = ("applied" if news else "stale"), None
        entries = {
            (uid, report.recurrence_id) for uid in (report.uid, report.previous_uid) if uid is not None
        }
        fresh = [entry for entry in entries if relationship not in self._bound[entry]]
        for entry in fresh:
            self._bound[entry].add(relationship)
        if fresh:
            self._drain()

    def _whose(self, delivery: Delivery) -> UUID | None:
        """The relationship named; else the one holding the UID; else the one open when the meeting starts."""
        report, pair = delivery.report, delivery.pair
        if not pair.by_parties:
            return report.relationship if report.relationship in self.truth.courses else None
        theirs = self._theirs(delivery)
        for uid in (report.uid, report.previous_uid):
            holding = theirs & self._bound[uid, report.recurrence_id] if uid is not None else set()
            if holding:
                (found,) = holding
                return found
        starts = report.starts_at
        if starts is None:
            return None
        people = self._known.parties(pair, report) or set()
        opened = [found for found in theirs if self._is_open(self.truth.courses[found], starts, people)]
        assert len(opened) < 2  # no two pairs of a story are the same people
        return opened[0] if opened else None

    def _theirs(self, delivery: Delivery) -> set[UUID]:
        """The relationships of all whom a message names; none where it names somebody unknown."""
        people = self._known.parties(delivery.pair, delivery.report)
        return set.intersection(*(self._shared[person] for person in people)) if people else set()

    def _too_early(self, delivery: Delivery) -> bool:
        """Whether it names people who were brought together only after the meeting began."""
        starts, pair = delivery.report.starts_at, delivery.pair
        if not pair.by_parties or starts is None:
            return False
        return any(self.truth.courses[found].opened > starts for found in self._theirs(delivery))

    def _is_open(self, course: Course, at: datetime, people: set[UUID]) -> bool:
        """Whether it is, and all of these people are of it then."""
        there = course.opened <= at and (course.closed is None or at < course.closed)
        return there and not any(left <= at for left in (course.left(person) for person in people) if left)

    def _drain(self) -> None:
        """Try again what waits, in order of arrival."""
        waiting, self._waiting = self._waiting, []
        for index, one in enumerate(waiting):
            if one.verdict.disposition != "waiting":
                continue
            self._waiting = waiting[index + 1 :]
            self._apply(one.delivery, one.verdict, self._now)
        self._waiting = [one for one in waiting if one.verdict.disposition == "waiting"]
