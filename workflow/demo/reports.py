"""What calendars and portals say in a story, before it is put into a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

AGREED = ("pair_only", "shareable")
"""Whom each topic of an agreement may be shared with, in the order of the topics."""


def topic(relationship: UUID, number: int) -> UUID:
    """The id of a topic of this pair's agreement."""
    return uuid5(relationship, f"topic {number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One fact about one meeting. ``time`` is when it happened; the story says when it is sent.

    People are named by their index among the pair's people, meetings by their UID and original start.
    """

    kind: str
    relationship: UUID
    source: str
    id: str
    time: datetime
    uid: str
    recurrence_id: datetime | None = None
    sequence: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    previous_uid: str | None = None
    outcome: str | None = None
    attended: tuple[int, ...] | None = None
    missed_by: tuple[int, ...] = ()
    cancelled_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing that somebody does in the portal, by HTTP. ``repeated``: sent twice, as after a timeout.

    ``whose`` is the person that it is about, where that may be another than the one who does it.
    """

    kind: str
    relationship: UUID
    key: UUID
    role: str
    person: UUID
    day: int
    version: int = 0
    cadence_days: int = 0
    duration_months: int | None = None
    step: str = ""
    uid: str = ""
    recurrence_id: datetime | None = None
    goal: UUID | None = None
    reached_percent: int = 0
    answers: tuple[int, ...] = ()
    ends_at: datetime | None = None
    measure: UUID | None = None
    measures: tuple[tuple[UUID, UUID, datetime], ...] = ()
    manner: str = ""
    reason: str = ""
    whose: UUID | None = None
    identity: str = ""
    identities: bool = False
    topic: UUID | None = None
    visibility: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A report that goes out at ``at`` the earliest; the story's noise may hold it up or repeat it."""

    at: datetime
    report: Report
