"""What becomes of a message: whose it is, what that relationship decides, and what is known since."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from workflow.consumers.meetings import contract as m
from workflow.consumers.meetings.envelope import Message
from workflow.consumers.meetings.routing import Parks, Resolver, Waits, awaits_uid
from workflow.consumers.meetings.translate import command_of
from workflow.errors import Refused
from workflow.store.receipts import Disposition
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction

FURTHEST_AHEAD = timedelta(hours=24)
"""How far a publisher's clock may be ahead of ours. What is latest wins, so a fact of next year would win for ever."""


class Applied(NamedTuple):
    """The message was decided. ``bound`` names what others may have waited for and which is now known."""

    disposition: Disposition
    relationship: UUID
    bound: tuple[str, ...] = ()


class _UnknownIdentity(Exception):
    pass


def apply(tx: Transaction, resolver: Resolver, message: Message) -> Applied | Waits | Parks:
    """Let the relationship that a message is about decide it."""
    envelope = message.envelope
    data: m.Data = envelope.data
    if _happened(envelope) > tx.now + FURTHEST_AHEAD:
        return Parks("in_the_future")
    relationship = resolver.relationship(tx, data)
    if not isinstance(relationship, UUID):
        return relationship

    def persons(identities: Iterable[str]) -> tuple[UUID, ...]:
        found = resolver.persons(tx, relationship, identities)
        if found is None:
            raise _UnknownIdentity
        return found

    try:
        command = command_of(envelope, persons)
    except _UnknownIdentity:
        return Parks("unknown_identity")
    try:
        decision = tx.decide(relationship, command, _origin(message))
    except Refused as refused:
        return Parks(f"refused:{refused.code}")
    bound = _bind(tx, data.uid, data, relationship)
    if isinstance(data, m.Rescheduled) and data.previous_uid is not None:
        bound += _bind(tx, data.previous_uid, data, relationship)
    return Applied(Disposition.STALE if decision.stale else Disposition.APPLIED, relationship, bound)


def _happened(envelope: m.MeetingMessage) -> datetime:
    """The latest instant that the message tells of as past: a meeting that was held has ended, too."""
    data = envelope.data
    return max(envelope.time, data.ends_at) if isinstance(data, m.Held) else envelope.time


def _bind(tx: Transaction, uid: str, data: m.Data, relationship: UUID) -> tuple[str, ...]:
    """The calendar entry is the relationship's; what others may have waited for, where that is news."""
    news = tx.directory.bind(uid, data.recurrence_id, relationship)
    return (awaits_uid(uid, data.recurrence_id),) if news else ()


def _origin(message: Message) -> Origin:
    envelope, traceparent = message.envelope, message.traceparent
    return Origin(
        correlation_id=traceparent[3:35] if traceparent else envelope.id,
        causation_id=envelope.id,
        source=envelope.source,
        traceparent=traceparent,
    )
