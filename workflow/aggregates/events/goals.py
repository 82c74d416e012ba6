"""Goals: what the pair wants to reach, and how far it has come."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from workflow.aggregates.events.event import Event
from workflow.aggregates.sealed import Sealed


class GoalSet(Event):
    """The pair has a goal."""

    name: ClassVar[str] = "mentoring.goal_set.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"goal"})
    inside: ClassVar[frozenset[str]] = frozenset({"text"})
    goal: UUID
    text: Sealed


class GoalReviewed(Event):
    """The pair looked at a goal: how far it has come, in per cent, and what comes next."""

    name: ClassVar[str] = "mentoring.goal_reviewed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"goal", "reached_percent"})
    inside: ClassVar[frozenset[str]] = frozenset({"next"})
    goal: UUID
    reached_percent: int
    next: Sealed | None = None


class GoalRevised(Event):
    """A goal reads differently from now on."""

    name: ClassVar[str] = "mentoring.goal_revised.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"goal"})
    inside: ClassVar[frozenset[str]] = frozenset({"text"})
    goal: UUID
    text: Sealed


class GoalAchieved(Event):
    """A goal was reached."""

    name: ClassVar[str] = "mentoring.goal_achieved.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"goal"})
    goal: UUID


class GoalDropped(Event):
    """A goal was given up."""

    name: ClassVar[str] = "mentoring.goal_dropped.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"goal"})
    goal: UUID
