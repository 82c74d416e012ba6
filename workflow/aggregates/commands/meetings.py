"""What is said of meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.aggregates.commands.command import Command
from workflow.aggregates.events import Outcome
from workflow.aggregates.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingReport(Command):
    """What a service says of one meeting; ``at`` is the message's own time."""

    uid: str
    recurrence_id: datetime | None = None
    source: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportScheduled(MeetingReport):
    """A meeting was booked."""

    sequence: int = 0
    starts_at: datetime
    ends_at: datetime
    timezone: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRescheduled(MeetingReport):
    """A meeting was moved."""

    sequence: int = 0
    starts_at: datetime
    ends_at: datetime
    timezone: str | None = None
    channel: str | None = None
    previous_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCancelled(MeetingReport):
    """A meeting was called off."""

    sequence: int = 0
    cancelled_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHeld(MeetingReport):
    """A meeting took place; ``attended`` None means that all came."""

    starts_at: datetime
    ends_at: datetime
    attended: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportMissed(MeetingReport):
    """Somebody did not come."""

    missed_by: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectOutcome(MeetingReport):
    """An outcome is replaced, with that outcome's own members."""

    outcome: Outcome
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    attended: tuple[UUID, ...] | None = None
    missed_by: tuple[UUID, ...] = ()
    cancelled_by: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePreparation(Command):
    """The acting party prepared for a meeting."""

    uid: str
    recurrence_id: datetime | None = None
    note: Sealed | None = None
