"""From what a service said of a meeting to the command that asks the relationship to decide it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from workflow.aggregates import commands as c
from workflow.aggregates.events import Outcome
from workflow.consumers.meetings import contract as m

Persons = Callable[[Iterable[str]], tuple[UUID, ...]]
"""The parties that identities name; raises where one of them is no party."""


class _Common(TypedDict):
    at: datetime
    uid: str
    recurrence_id: datetime | None
    source: str
    message: str


def command_of(envelope: m.MeetingMessage, persons: Persons) -> c.MeetingReport:
    """The command that a message becomes."""
    data = envelope.data
    common: _Common = {
        "at": envelope.time,
        "uid": data.uid,
        "recurrence_id": data.recurrence_id,
        "source": envelope.source,
        "message": envelope.id,
    }
    return _TRANSLATIONS[type(data)](data, common, persons)


def _scheduled(said: m.Scheduled, common: _Common, persons: Persons) -> c.MeetingReport:  # noqa: ARG001
    return c.ReportScheduled(
        **common,
        sequence=said.sequence,
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        timezone=said.timezone,
        channel=said.channel,
    )


def _rescheduled(said: m.Rescheduled, common: _Common, persons: Persons) -> c.MeetingReport:  # noqa: ARG001
    return c.ReportRescheduled(
        **common,
        sequence=said.sequence,
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        timezone=said.timezone,
        channel=said.channel,
        previous_uid=said.previous_uid,
    )


def _cancelled(said: m.Cancelled, common: _Common, persons: Persons) -> c.MeetingReport:
    return c.ReportCancelled(**common, sequence=said.sequence, cancelled_by=_one(said.cancelled_by, persons))


def _held(said: m.Held, common: _Common, persons: Persons) -> c.MeetingReport:
    return c.ReportHeld(
        **common, starts_at=said.starts_at, ends_at=said.ends_at, attended=_some(said.attended, persons)
    )


def _missed(said: m.Missed, common: _Common, persons: Persons) -> c.MeetingReport:
    return c.ReportMissed(**common, missed_by=persons(said.missed_by))


def _corrected_held(said: m.CorrectedHeld, common: _Common, persons: Persons) -> c.MeetingReport:
    return c.CorrectOutcome(
        **common,
        outcome=Outcome.HELD,
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        attended=_some(said.attended, persons),
    )


def _corrected_missed(said: m.CorrectedMissed, common: _Common, persons: Persons) -> c.MeetingReport:
    return c.CorrectOutcome(**common, outcome=Outcome.MISSED, missed_by=persons(said.missed_by))


def _corrected_cancelled(said: m.CorrectedCancelled, common: _Common, persons: Persons) -> c.MeetingReport:
    return c.CorrectOutcome(
        **common, outcome=Outcome.CANCELLED, cancelled_by=_one(said.cancelled_by, persons)
    )


def _corrected_none(said: m.CorrectedNone, common: _Common, persons: Persons) -> c.MeetingReport:  # noqa: ARG001
    return c.CorrectOutcome(**common, outcome=Outcome.NONE)


def _one(identity: str | None, persons: Persons) -> UUID | None:
    return None if identity is None else persons((identity,))[0]


def _some(identities: Iterable[str] | None, persons: Persons) -> tuple[UUID, ...] | None:
    return None if identities is None else persons(identities)


_TRANSLATIONS: dict[type[m.Data], Callable[[Any, _Common, Persons], c.MeetingReport]] = {
    m.Scheduled: _scheduled,
    m.Rescheduled: _rescheduled,
    m.Cancelled: _cancelled,
    m.Held: _held,
    m.Missed: _missed,
    m.CorrectedHeld: _corrected_held,
    m.CorrectedMissed: _corrected_missed,
    m.CorrectedCancelled: _corrected_cancelled,
    m.CorrectedNone: _corrected_none,
}
