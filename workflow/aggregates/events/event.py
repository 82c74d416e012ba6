"""What every event has, and the words that events of all subjects share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, ParamSpec, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from workflow.aggregates.words import Word


class Provenance(Word):
    """How we know."""

    OBSERVED = "observed"
    SELF_REPORTED = "self_reported"
    INFERRED = "inferred"
    CORRECTED = "corrected"


class Role(Word):
    """As whom somebody acts."""

    MENTOR = "mentor"
    MENTEE = "mentee"
    COORDINATOR = "coordinator"
    SERVICE = "service"


class DueKind(Word):
    """What the clock may have to ask a relationship, in the order in which dues of one instant are asked.

    Of the concerns and of the reminders that time alone brings, an agenda tells the next one.
    """

    PAUSE_ENDS = "pause_ends"
    OUTCOME_UNCONFIRMED = "outcome_unconfirmed"
    CONCERNS_BEGIN = "concerns_begin"
    SILENCE = "silence"
    STAGNATION = "stagnation"
    CLOSURE_PROPOSED = "closure_proposed"
    NO_FIRST_MEETING = "no_first_meeting"
    STUCK = "stuck"
    NO_DIRECTION = "no_direction"
    NO_FRESH_LOOK = "no_fresh_look"
    MEASURES_OVERDUE = "measures_overdue"
    NO_SUPPORT_CONTACT = "no_support_contact"
    OVERRUN = "overrun"
    REMIND_FIRST_MEETING = "remind_first_meeting"
    REMIND_PREPARATION = "remind_preparation"
    REMIND_MEETING = "remind_meeting"
    REMIND_OUTCOME = "remind_outcome"
    REMIND_BOOK_NEXT_MEETING = "remind_book_next_meeting"
    REMIND_SILENCE = "remind_silence"
    REMIND_CONTACT = "remind_contact"
    REMIND_FRESH_LOOK = "remind_fresh_look"
    REMIND_MEASURES = "remind_measures"
    REMIND_MIDPOINT = "remind_midpoint"
    REMIND_CHECK_IN = "remind_check_in"
    REMIND_SUPPORT_CONTACT = "remind_support_contact"
    REMIND_CLOSING = "remind_closing"
    REMIND_FEEDBACK = "remind_feedback"


INSIDE = None
"""Said of an event that does not go out to other services."""


class Value(BaseModel):
    """A part of an event.

    What goes out to other services is declared member by member, by each class for its own: ``public`` do, and
    ``inside`` were decided not to. What is in neither stays inside, too, until somebody decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    public: ClassVar[frozenset[str] | None] = frozenset()
    inside: ClassVar[frozenset[str]] = frozenset()


class Event(Value):
    """Something that happened.

    ``by`` is the opaque id of the person who said it, None where a service observed or a clock inferred
    it. ``dues``, where present, is the whole agenda of the relationship from this event on.
    """

    name: ClassVar[str]
    confidential: ClassVar[frozenset[str]] = frozenset()
    """Members that nobody is shown, beside those that are sealed: the decisions alone need them."""
    public: ClassVar[frozenset[str] | None] = frozenset({"occurred_at", "provenance", "policy"})
    inside: ClassVar[frozenset[str]] = frozenset({"by", "dues"})

    occurred_at: AwareDatetime
    by: UUID | None = None
    provenance: Provenance
    policy: int | None = None
    dues: dict[DueKind, AwareDatetime] | None = None

    @property
    def hidden(self) -> frozenset[str]:
        """The members of this very event that nobody is shown."""
        return self.confidential


P = ParamSpec("P")
E = TypeVar("E", bound=Event)


def of_checked(kind: Callable[P, E]) -> Callable[P, E]:
    """What makes events of a class, as its constructor does, from members that were validated when they came in.

    It does not look at them again, which is most of what a constructor costs. Only for what comes out of a validated
    message: whatever else is given to it would be stored as it is.
    """
    made: Any = kind
    absent = {name: field.get_default() for name, field in made.model_fields.items()}

    def make(*_: P.args, **members: P.kwargs) -> E:
        event: E = made.__new__(made)
        _set(event, "__dict__", absent | members)
        _set(event, "__pydantic_fields_set__", set(members))
        _set(event, "__pydantic_extra__", None)
        _set(event, "__pydantic_private__", None)
        return event

    return make


_set = object.__setattr__


class AgendaRevised(Event):
    """Nothing happened but that the clock has to ask at other times; ``dues`` says when."""

    name: ClassVar[str] = "mentoring.agenda_revised.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
