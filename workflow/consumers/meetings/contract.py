"""What other services may tell us about meetings: CloudEvents, checked member by member.

The models are the contract: they validate what comes in and describe it in the AsyncAPI document. Members
that they do not know are dropped and counted; ill-typed ones are never guessed at.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from workflow.consumers.meetings.members import Channel, Identities, Identity, Instant, Json, Name, Uid, Zone

LARGEST_BODY = 256 * 1024
"""Bytes of one message's body, and of one HTTP request's. More is parked, and is refused by HTTP."""

LONGEST_MEETING = timedelta(hours=24)


class Part(BaseModel):
    """A part of a message. What it does not know is held aside until it has been counted."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", hide_input_in_errors=True)


class About(Part):
    """Which meeting, and whose."""

    uid: Uid = Field(description="the calendar UID")
    recurrence_id: Instant | None = Field(None, description="of an occurrence: its original start")
    sequence: int = Field(0, ge=0, le=2**31 - 1, description="the calendar's own count of revisions")
    relationship_id: UUID | None = Field(None, description="either this, or `parties`")
    parties: Annotated[tuple[Identity, ...], Field(min_length=1, max_length=20)] | None = Field(
        None,
        description="identities of people who belong to the relationship; one is enough, where no time is told: "
        "such a message is only ever matched by its calendar entry",
    )

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if (self.relationship_id is None) == (self.parties is None):
            raise PydanticCustomError("owner_unclear", "exactly one of relationship_id and parties is needed")
        if self.parties is not None and len(set(self.parties)) != len(self.parties):
            raise PydanticCustomError("parties_repeated", "an identity is named twice")
        return self


def _check_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise PydanticCustomError("ends_before_start", "a meeting ends after its start")
    if ends_at - starts_at > LONGEST_MEETING:
        raise PydanticCustomError("longer_than_a_day", "a meeting lasts 24 hours at most")


class Timed(About):
    """A meeting with its time."""

    parties: Annotated[tuple[Identity, ...], Field(min_length=2, max_length=20)] | None = Field(
        None, description="identities of people who belong to the relationship"
    )
    starts_at: Instant
    ends_at: Instant

    @model_validator(mode="after")
    def _span(self) -> Self:
        _check_times(self.starts_at, self.ends_at)
        return self


class Scheduled(Timed):
    """A meeting was booked."""

    timezone: Zone | None = None
    channel: Channel = None


class Rescheduled(Scheduled):
    """A meeting was moved."""

    previous_uid: Uid | None = Field(None, description="where the service gave the meeting a new uid")


class Cancelled(About):
    """A meeting was called off."""

    cancelled_by: Identity | None = None


class Held(Timed):
    """A meeting took place."""

    attended: Identities | None = Field(None, description="who came; absent: all")


class Missed(About):
    """Somebody did not come."""

    missed_by: Annotated[tuple[Identity, ...], Field(min_length=1, max_length=20)]


class CorrectedHeld(Held):
    """It did take place."""

    outcome: Literal["held"]


class CorrectedMissed(Missed):
    """It was missed."""

    outcome: Literal["missed"]


class CorrectedCancelled(Cancelled):
    """It was called off."""

    outcome: Literal["cancelled"]


class CorrectedNone(About):
    """What was reported is withdrawn."""

    outcome: Literal["none"]


Corrected = Annotated[
    CorrectedHeld | CorrectedMissed | CorrectedCancelled | CorrectedNone, Field(discriminator="outcome")
]
Data = (
    Scheduled
    | Rescheduled
    | Cancelled
    | Held
    | Missed
    | CorrectedHeld
    | CorrectedMissed
    | CorrectedCancelled
    | CorrectedNone
)


class Kind(StrEnum):
    """The types of message."""

    SCHEDULED = "mentoring.meeting.scheduled.v1"
    RESCHEDULED = "mentoring.meeting.rescheduled.v1"
    CANCELLED = "mentoring.meeting.cancelled.v1"
    HELD = "mentoring.meeting.held.v1"
    MISSED = "mentoring.meeting.missed.v1"
    CORRECTED = "mentoring.meeting.corrected.v1"


class Envelope(Part):
    """A CloudEvent. ``source`` and ``id`` together name it, for ever."""

    specversion: Literal["1.0"]
    id: Name
    source: Name
    time: Instant = Field(
        description="when it happened, not when it was sent; at most 24 hours ahead of the clock here"
    )
    datacontenttype: Json | None = None
    traceparent: Any = Field(None, description="W3C trace context; a malformed one is dropped")


class MeetingScheduled(Envelope):
    """A meeting was booked."""

    type: Literal[Kind.SCHEDULED]
    data: Scheduled


class MeetingRescheduled(Envelope):
    """A meeting was moved, perhaps under a new uid."""

    type: Literal[Kind.RESCHEDULED]
    data: Rescheduled


class MeetingCancelled(Envelope):
    """A meeting was called off."""

    type: Literal[Kind.CANCELLED]
    data: Cancelled


class MeetingHeld(Envelope):
    """A meeting took place."""

    type: Literal[Kind.HELD]
    data: Held


class MeetingMissed(Envelope):
    """Somebody did not come to a meeting."""

    type: Literal[Kind.MISSED]
    data: Missed


class MeetingCorrected(Envelope):
    """What was said of a meeting's outcome is replaced."""

    type: Literal[Kind.CORRECTED]
    data: Corrected


MESSAGES: tuple[type[Envelope], ...] = (
    MeetingScheduled,
    MeetingRescheduled,
    MeetingCancelled,
    MeetingHeld,
    MeetingMissed,
    MeetingCorrected,
)
"""Every message that is understood."""

MeetingMessage = Annotated[
    MeetingScheduled | MeetingRescheduled | MeetingCancelled | MeetingHeld | MeetingMissed | MeetingCorrected,
    Field(discriminator="type"),
]
MEETING_MESSAGE: TypeAdapter[MeetingMessage] = TypeAdapter(MeetingMessage)
