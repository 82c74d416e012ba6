"""What can be asked of a relationship. Each is plain data, validated at the edge that it came in by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.aggregates.events import (
    ClosureManner,
    ClosureReason,
    Measure,
    Outcome,
    Party,
    Role,
    Topic,
)
from workflow.aggregates.sealed import Sealed


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and as whom."""

    person: UUID
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``at`` is when what is reported happened; ``actor`` is None for services and the clock."""

    at: datetime
    actor: Actor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRelationship(Command):
    """Bring parties together."""

    programme: str
    zone: str
    parties: tuple[Party, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCommitment(Command):
    """The acting party commits itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAgreement(Command):
    """Write down a new version; what is None follows the policy."""

    cadence_days: float | None = None
    duration_months: int | None = None
    topics: tuple[Topic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAgreement(Command):
    """The acting party signs, or confirms, the version named."""

    version: int


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
class DeclareStagnation(Command):
    """A party or the coordinator says that the relationship stagnates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFreshLook(Command):
    """The pair took a new perspective and wrote down measures."""

    perspective: Sealed | None = None
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteMeasure(Command):
    """A measure was done."""

    measure: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DropMeasure(Command):
    """The acting party gives a measure up."""

    measure: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Command):
    """End the relationship."""

    manner: ClosureManner
    reason: ClosureReason


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTime(Command):
    """The clock asks: ``at`` is the due instant, ``now`` what the clock shows while asking."""

    now: datetime
