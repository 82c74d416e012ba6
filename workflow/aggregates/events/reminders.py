"""Reminders: issued, or not."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from workflow.aggregates.events.concerns import ConcernCode
from workflow.aggregates.events.event import INSIDE, DueKind, Event, Role
from workflow.aggregates.words import Word


class ReminderKind(Word):
    """What somebody is reminded of."""

    FIRST_MEETING = "first_meeting"
    PREPARATION = "preparation"
    MEETING = "meeting"
    OUTCOME = "outcome"
    BOOK_NEXT_MEETING = "book_next_meeting"
    SILENCE = "silence"
    CONTACT = "contact"
    FRESH_LOOK = "fresh_look"
    MEASURES = "measures"
    MIDPOINT = "midpoint"
    CHECK_IN = "check_in"
    SUPPORT_CONTACT = "support_contact"
    CLOSING = "closing"
    FEEDBACK = "feedback"


EXEMPT_REMINDERS = frozenset(
    {ReminderKind.PREPARATION, ReminderKind.MEETING, ReminderKind.OUTCOME, ReminderKind.CHECK_IN}
)
"""Those that no limit on the number of reminders holds back, and that hold no other back.

Among them the ones to check in: whoever gets none has done so, and the next that is not sent would tell who got one.
"""

REMINDER_DUES = {kind: DueKind(f"remind_{kind.value}") for kind in ReminderKind}
"""What the clock asks for when a reminder of a kind is due."""


EPISODES = {
    ReminderKind.FIRST_MEETING: ConcernCode.NO_FIRST_MEETING,
    ReminderKind.BOOK_NEXT_MEETING: ConcernCode.SILENCE,
    ReminderKind.SILENCE: ConcernCode.SILENCE,
    ReminderKind.FRESH_LOOK: ConcernCode.SILENCE,
    ReminderKind.MEASURES: ConcernCode.MEASURES_OVERDUE,
}
"""The concern that reminders of a kind are about. It makes an episode, from its raising to its clearing."""


class SuppressionReason(Word):
    """Why a reminder that was due is not sent."""

    TOO_LATE = "too_late"
    ENOUGH = "enough"


def hidden_of(kind: ReminderKind) -> frozenset[str]:
    """What nobody is shown of a reminder of this kind: whoever gets none to check in has done so."""
    return _FOR_WHOM if kind is ReminderKind.CHECK_IN else frozenset()


_FOR_WHOM = frozenset({"audience", "guidance", "party"})


class ReminderIssued(Event):
    """Somebody is to be reminded: a party, or (without one) the coordinator.

    ``about`` is the instant that it is about, ``step`` which of several about the same. Where facts move that
    instant it is the opening, and ``step`` says what it is about: of a check-in its number, of the midpoint
    the duration in months. ``guidance`` names the piece of advice that goes with it: its reason, for
    whom it is and the state that the relationship is in.
    Of one to check in, nobody is shown whom it is for: `party`, `audience` and `guidance`.
    """

    name: ClassVar[str] = "mentoring.reminder_issued.v1"
    public: ClassVar[frozenset[str] | None] = frozenset(
        {"kind", "party", "audience", "about", "step", "guidance"}
    )
    kind: ReminderKind
    party: UUID | None
    audience: Role
    about: AwareDatetime
    step: int = 1
    guidance: str

    @property
    def hidden(self) -> frozenset[str]:
        """Whom it is for, and what tells it, where that tells who has checked in."""
        return hidden_of(self.kind)


class ReminderSuppressed(Event):
    """A reminder was due and is not sent, for the reason given.

    Of one to check in, nobody is shown whom it was for: `party` and `audience`.
    """

    name: ClassVar[str] = "mentoring.reminder_suppressed.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    kind: ReminderKind
    party: UUID | None
    audience: Role
    about: AwareDatetime
    step: int = 1
    reason: SuppressionReason

    @property
    def hidden(self) -> frozenset[str]:
        """Whom it is for, and what tells it, where that tells who has checked in."""
        return hidden_of(self.kind)
