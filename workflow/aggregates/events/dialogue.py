"""The dialogue between the parties, as each of them finds it."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from workflow.aggregates.events.event import INSIDE, Event
from workflow.aggregates.sealed import Sealed


class CheckInGiven(Event):
    """A party answered how the dialogue is, from 1 to 5 each; what it answered is for itself.

    ``low`` was decided from the clear answers before they were sealed. Nobody is shown it, nor whose
    check-in it is: a coordinator sees that there is a concern, not whose.
    """

    name: ClassVar[str] = "mentoring.check_in_given.v1"
    confidential: ClassVar[frozenset[str]] = frozenset({"by", "party", "low"})
    public: ClassVar[frozenset[str] | None] = INSIDE
    party: UUID
    new_perspectives: Sealed
    comfort: Sealed
    equality: Sealed
    direction: Sealed | None = None
    note: Sealed | None = None
    low: bool


class CheckInConsentGiven(Event):
    """A party lets the others read its check-ins, once they let it read theirs."""

    name: ClassVar[str] = "mentoring.check_in_consent_given.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    party: UUID


class CheckInConsentWithdrawn(Event):
    """A party lets nobody read its check-ins any more."""

    name: ClassVar[str] = "mentoring.check_in_consent_withdrawn.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    party: UUID


class HelpAsked(Event):
    """A party asked the coordinator for help, in private: the others do not see it."""

    name: ClassVar[str] = "mentoring.help_asked.v1"
    confidential: ClassVar[frozenset[str]] = frozenset({"by", "party"})
    public: ClassVar[frozenset[str] | None] = INSIDE
    party: UUID
    message: Sealed | None = None
