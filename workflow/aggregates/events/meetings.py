"""What becomes known of meetings."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from workflow.aggregates.events.event import INSIDE, Event
from workflow.aggregates.sealed import Sealed
from workflow.aggregates.words import Word


class Outcome(Word):
    """What a correction says a meeting came to; ``none`` withdraws what was reported."""

    HELD = "held"
    MISSED = "missed"
    CANCELLED = "cancelled"
    NONE = "none"


class MeetingEvent(Event):
    """Something about one meeting: a calendar UID, and for an occurrence of a series its original start.

    ``source`` and ``message`` name the message that told us; with ``occurred_at`` they order reports.
    """

    public: ClassVar[frozenset[str] | None] = frozenset({"uid", "recurrence_id"})
    inside: ClassVar[frozenset[str]] = frozenset({"source", "message"})
    uid: str
    recurrence_id: AwareDatetime | None = None
    source: str
    message: str


class MeetingScheduled(MeetingEvent):
    """A meeting was booked."""

    name: ClassVar[str] = "mentoring.meeting_scheduled.v1"
    public: ClassVar[frozenset[str] | None] = frozenset(
        {"sequence", "starts_at", "ends_at", "timezone", "channel"}
    )
    sequence: int = 0
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str | None = None
    channel: str | None = None


class MeetingRescheduled(MeetingEvent):
    """A meeting was moved, perhaps under a new calendar UID. No cancellation."""

    name: ClassVar[str] = "mentoring.meeting_rescheduled.v1"
    public: ClassVar[frozenset[str] | None] = frozenset(
        {"sequence", "starts_at", "ends_at", "timezone", "channel", "previous_uid"}
    )
    sequence: int = 0
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str | None = None
    channel: str | None = None
    previous_uid: str | None = None


class MeetingCancelled(MeetingEvent):
    """A meeting was called off. How late follows from its start, which may become known only afterwards."""

    name: ClassVar[str] = "mentoring.meeting_cancelled.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"sequence", "cancelled_by"})
    sequence: int = 0
    cancelled_by: UUID | None = None


class MeetingHeld(MeetingEvent):
    """At least one mentor and one mentee met. ``attended`` is None where nobody was named: then all did."""

    name: ClassVar[str] = "mentoring.meeting_held.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"starts_at", "ends_at", "attended"})
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    attended: tuple[UUID, ...] | None = None


class MeetingMissed(MeetingEvent):
    """A side did not come. The times are known where the report was of a meeting held with a side missing."""

    name: ClassVar[str] = "mentoring.meeting_missed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"missed_by", "starts_at", "ends_at"})
    missed_by: tuple[UUID, ...]
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class MeetingOutcomeCorrected(MeetingEvent):
    """What was known of a meeting's outcome is replaced; ``none`` withdraws it."""

    name: ClassVar[str] = "mentoring.meeting_outcome_corrected.v1"
    public: ClassVar[frozenset[str] | None] = frozenset(
        {"outcome", "starts_at", "ends_at", "attended", "missed_by", "cancelled_by"}
    )
    outcome: Outcome
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    attended: tuple[UUID, ...] | None = None
    missed_by: tuple[UUID, ...] = ()
    cancelled_by: UUID | None = None


class MeetingOutcomeUnconfirmed(Event):
    """Nobody reported whether the meeting that was to end at ``ends_at`` came about."""

    name: ClassVar[str] = "mentoring.meeting_outcome_unconfirmed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"uid", "recurrence_id", "ends_at"})
    uid: str
    recurrence_id: AwareDatetime | None = None
    ends_at: AwareDatetime


class PreparationNoted(Event):
    """A party prepared for a meeting. The note is for the pair."""

    name: ClassVar[str] = "mentoring.preparation_noted.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    uid: str
    recurrence_id: AwareDatetime | None = None
    party: UUID
    note: Sealed | None = None
