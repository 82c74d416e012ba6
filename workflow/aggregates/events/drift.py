"""Silence, stagnation, and the way back."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from workflow.aggregates.events.event import Event, Value
from workflow.aggregates.moves import Move, State
from workflow.aggregates.sealed import Sealed


class StagnationSuspected(Event):
    """Nothing was heard for long after the ``anchor`` (the last sign of life)."""

    name: ClassVar[str] = "mentoring.stagnation_suspected.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"anchor"})
    anchor: AwareDatetime


class SuspicionCleared(Event):
    """A sign of life, or a meeting booked soon, took the suspicion away."""

    name: ClassVar[str] = "mentoring.suspicion_cleared.v1"
    public: ClassVar[frozenset[str] | None] = frozenset()


class StagnationEntered(Event):
    """The relationship stagnates: people said so, or the clock inferred it from silence since ``anchor``.

    ``silent_for`` is how long a silence had to be, ``two_meetings_within`` how near each other two held
    meetings have to be to end it: whoever decides anew does so by these, whatever is agreed meanwhile.
    """

    name: ClassVar[str] = "mentoring.stagnation_entered.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"declared", "anchor", "entered"})
    inside: ClassVar[frozenset[str]] = frozenset({"silent_for", "two_meetings_within", "evidence"})
    declared: bool
    anchor: AwareDatetime
    silent_for: timedelta
    two_meetings_within: timedelta
    evidence: tuple[int, ...] = ()
    entered: State = State.STAGNATION


class StagnationWithdrawn(Event):
    """A fact that became known later shows that the silence never was."""

    name: ClassVar[str] = "mentoring.stagnation_withdrawn.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"entered"})
    entered: State = State.ACTIVE


class Measure(Value):
    """Something concrete that the pair will do: what, who and by when."""

    public: ClassVar[frozenset[str] | None] = frozenset({"measure", "who", "by_when"})
    inside: ClassVar[frozenset[str]] = frozenset({"what"})
    measure: UUID
    what: Sealed
    who: UUID
    by_when: AwareDatetime


class FreshLookHeld(Event):
    """The pair looked at its process from a new perspective and wrote down a few concrete measures."""

    name: ClassVar[str] = "mentoring.fresh_look_held.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"measures"})
    inside: ClassVar[frozenset[str]] = frozenset({"perspective"})
    perspective: Sealed | None = None
    measures: tuple[Measure, ...]


class MeasuresReviewed(Event):
    """The pair looked at what became of its measures."""

    name: ClassVar[str] = "mentoring.measures_reviewed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset()


class MeasureCompleted(Event):
    """A measure was done."""

    name: ClassVar[str] = "mentoring.measure_completed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"measure"})
    measure: UUID


class MeasureDropped(Event):
    """A party gave a measure up; it is dropped once every party has."""

    name: ClassVar[str] = "mentoring.measure_dropped.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"measure", "party"})
    measure: UUID
    party: UUID


class Reinvigorated(Event):
    """The relationship came back. ``occurred_at`` is the instant of the last thing that this took."""

    name: ClassVar[str] = "mentoring.reinvigorated.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"entered"})
    inside: ClassVar[frozenset[str]] = frozenset({"evidence"})
    evidence: tuple[int, ...]
    entered: State = State.ACTIVE


class MoveRevised(Event):
    """A move that rested on meetings was decided anew: its new instant, or None where it never was.

    ``stagnate`` without an instant: a time of stagnation that the pair had come back from never was.
    ``withdraw_stagnation`` without one: what had taken the latest stagnation away was itself corrected, so
    that it stands again since its own instant. ``entered`` says where the relationship stands now, where
    that changes.
    """

    name: ClassVar[str] = "mentoring.move_revised.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"move", "instant", "term_ends_at", "entered"})
    move: Move
    instant: AwareDatetime | None
    term_ends_at: AwareDatetime | None = None
    entered: State | None = None
