"""Messages that came too early: kept until what they wait for comes about, or for 30 days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from workflow.consumers.meetings.apply import Applied, apply
from workflow.consumers.meetings.envelope import Message, Raw, read
from workflow.consumers.meetings.routing import Parks, Resolver, Waits, awaits_identity, awaits_relationship
from workflow.store.held import HeldMessage
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction

LONGEST_WAIT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Drained:
    """How many waiting messages were settled."""

    settled: int


def drain_opened(tx: Transaction, resolver: Resolver, relationship: UUID, people: Iterable[UUID]) -> Drained:
    """A relationship was opened among ``people``: work off what waited for it, or for any of them."""
    identities = (identity for person in people for identity in tx.directory.identities_of(person))
    awaited = [awaits_identity(identity) for identity in identities]
    return drain(tx, resolver, [awaits_relationship(relationship), *awaited])


def drain(tx: Transaction, resolver: Resolver, awaited: Iterable[str]) -> Drained:
    """Work off what waits for any of ``awaited``, and for what that binds in turn, in order of arrival."""
    pending = {kept.id: kept for kept in tx.waiting.awaiting(awaited)}
    settled = 0
    while pending:
        kept = pending.pop(min(pending))
        outcome = _again(tx, resolver, kept)
        if isinstance(outcome, Waits):
            continue
        settled += 1
        tx.waiting.remove(kept.id)
        if isinstance(outcome, Parks):
            _park(tx, kept, outcome.reason)
            continue
        tx.receipts.revise(kept.upstream, kept.seq, outcome.disposition)
        if outcome.bound:
            pending |= {other.id: other for other in tx.waiting.awaiting(outcome.bound)}
    return Drained(settled)


def expire(tx: Transaction, limit: int = 1000) -> int:
    """Park what has waited for 30 days; the number parked. Asked by the clock, until it answers 0."""
    overdue = tx.waiting.arrived_before(tx.now - LONGEST_WAIT, limit)
    for kept in overdue:
        tx.waiting.remove(kept.id)
        _park(tx, kept, "never_opened")
    return len(overdue)


def _again(tx: Transaction, resolver: Resolver, kept: HeldMessage) -> Applied | Waits | Parks:
    if kept.body is None:  # the key of its month was destroyed: nobody can read it any more
        return Parks("never_opened")
    message = read(Raw.unpack(kept.body))
    return apply(tx, resolver, message) if isinstance(message, Message) else Parks(message.reason)


def _park(tx: Transaction, kept: HeldMessage, reason: str) -> None:
    tx.parked.put(
        kept.upstream,
        kept.seq,
        kept.body or b"",
        arrived_at=kept.arrived_at,
        reason=reason,
        label=kept.label,
    )
    tx.receipts.revise(kept.upstream, kept.seq, Disposition.PARKED, reason)
