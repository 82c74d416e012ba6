"""Endings."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from workflow.aggregates.events.event import INSIDE, Event
from workflow.aggregates.moves import State
from workflow.aggregates.sealed import Sealed
from workflow.aggregates.words import Word


class ClosureManner(Word):
    """How a relationship ended."""

    PLANNED_HELD = "planned_held"
    PLANNED_NOT_HELD = "planned_not_held"
    ONE_SIDED = "one_sided"
    ADMINISTRATIVE = "administrative"


class ClosureReason(Word):
    """Why a relationship ended."""

    GOALS_MET = "goals_met"
    TERM_COMPLETED = "term_completed"
    LIFE_CHANGE = "life_change"
    MENTOR_DISSATISFACTION = "mentor_dissatisfaction"
    MENTEE_DISSATISFACTION = "mentee_dissatisfaction"
    GRADUAL_DISSOLUTION = "gradual_dissolution"
    ABANDONMENT = "abandonment"
    MISMATCH = "mismatch"
    PROGRAMME_ENDED = "programme_ended"
    LEFT_ORGANISATION = "left_organisation"


class Closed(Event):
    """The relationship ended."""

    name: ClassVar[str] = "mentoring.closed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"manner", "entered"})
    inside: ClassVar[frozenset[str]] = frozenset({"reason"})
    manner: ClosureManner
    reason: ClosureReason
    entered: State = State.CLOSURE


class ClosureProposed(Event):
    """Nothing was heard since ``anchor`` for so long that a coordinator has to decide whether to go on."""

    name: ClassVar[str] = "mentoring.closure_proposed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"anchor"})
    anchor: AwareDatetime


class ClosingFeedbackGiven(Event):
    """A party looked back on the relationship after its end."""

    name: ClassVar[str] = "mentoring.closing_feedback_given.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    party: UUID
    text: Sealed
