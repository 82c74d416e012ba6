"""From a message to a command, and from its decision to what became of the message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from workflow.aggregates import commands as c
from workflow.aggregates.events import Outcome
from workflow.consumers import contract as m
from workflow.consumers.reading import Message
from workflow.consumers.resolving import Parks, Resolver, Waits, awaits_uid
from workflow.errors import Refused
from workflow.store.receipts import Disposition
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Applied:
    """The message was decided. ``bound`` names what others may have waited for and which is now known."""

    disposition: Disposition
    bound: tuple[str, ...] = ()


class _UnknownIdentity(Exception):
    pass


def apply(tx: Transaction, resolver: Resolver, message: Message) -> Applied | Waits | Parks:
    """Let the relationship that a message is about decide it."""
    data = message.data
    relationship = resolver.relationship(tx, data)
    if not isinstance(relationship, UUID):
        return relationship
    try:
        command = _command(tx, resolver, relationship, message)
    except _UnknownIdentity:
        return Parks("unknown_identity")
    try:
        decision = tx.decide(relationship, command, _origin(message))
    except Refused as refused:
        return Parks(f"refused:{refused.code}")
    uids = [data.uid]
    if isinstance(data, m.Rescheduled) and data.previous_uid is not None:
        uids.append(data.previous_uid)
    bound = tuple(
        awaits_uid(uid, data.recurrence_id)
        for uid in uids
        if tx.directory.bind(uid, data.recurrence_id, relationship)
    )
    return Applied(Disposition.STALE if decision.stale else Disposition.APPLIED, bound)


def _origin(message: Message) -> Origin:
    envelope, traceparent = message.envelope, message.traceparent
    return Origin(
        correlation_id=traceparent[3:35] if traceparent else envelope.id,
        causation_id=envelope.id,
        source=envelope.source,
        message_id=envelope.id,
        traceparent=traceparent,
    )


class _Common(TypedDict):
    at: datetime
    uid: str
    recurrence_id: datetime | None
    source: str
    message: str


def _command(tx: Transaction, resolver: Resolver, relationship: UUID, message: Message) -> c.MeetingReport:
    envelope, data = message.envelope, message.envelope.data
    common: _Common = {
        "at": envelope.time,
        "uid": data.uid,
        "recurrence_id": data.recurrence_id,
        "source": envelope.source,
        "message": envelope.id,
    }

    def persons(identities: Iterable[str]) -> tuple[UUID, ...]:
        found = resolver.persons(tx, relationship, identities)
        if found is None:
            raise _UnknownIdentity
        return found

    def person(identity: str | None) -> UUID | None:
        return None if identity is None else persons((identity,))[0]

    def attended(held: m.Held) -> tuple[UUID, ...] | None:
        return None if held.attended is None else persons(held.attended)

    match envelope:
        case m.MeetingScheduled():
            return c.ReportScheduled(**common, **_booking(envelope.data))
        case m.MeetingRescheduled():
            booking = _booking(envelope.data)
            return c.ReportRescheduled(**common, **booking, previous_uid=envelope.data.previous_uid)
        case m.MeetingCancelled():
            said = envelope.data
            return c.ReportCancelled(**common, sequence=said.sequence, cancelled_by=person(said.cancelled_by))
        case m.MeetingHeld():
            held = envelope.data
            return c.ReportHeld(
                **common, starts_at=held.starts_at, ends_at=held.ends_at, attended=attended(held)
            )
        case m.MeetingMissed():
            return c.ReportMissed(**common, missed_by=persons(envelope.data.missed_by))
        case m.MeetingCorrected():
            corrected = envelope.data
            members: dict[str, Any] = {}
            match corrected:
                case m.CorrectedHeld():
                    members = {
                        "starts_at": corrected.starts_at,
                        "ends_at": corrected.ends_at,
                        "attended": attended(corrected),
                    }
                case m.CorrectedMissed():
                    members = {"missed_by": persons(corrected.missed_by)}
                case m.CorrectedCancelled():
                    members = {"cancelled_by": person(corrected.cancelled_by)}
                case m.CorrectedNone():
                    pass
            return c.CorrectOutcome(**common, outcome=Outcome(corrected.outcome), **members)


def _booking(data: m.Scheduled) -> dict[str, Any]:
    return {
        "sequence": data.sequence,
        "starts_at": data.starts_at,
        "ends_at": data.ends_at,
        "timezone": data.timezone,
        "channel": data.channel,
    }
