"""Messages put aside for an operator, who retries them once their cause is mended, or drops them."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.consumers.meetings.apply import apply
from workflow.consumers.meetings.envelope import Message, Raw, read
from workflow.consumers.meetings.routing import Parks, Resolver, Waits
from workflow.consumers.meetings.waiting import drain
from workflow.errors import Conflict, NotFound
from workflow.store.held import HeldMessage
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a parked message; ``reason`` says why where it stays parked, or waits."""

    disposition: Disposition
    reason: str | None = None


def retry(tx: Transaction, resolver: Resolver, number: int) -> Retried:
    """Run a parked message anew. It stays where it is if it still cannot be applied."""
    kept = _find(tx, number)
    if kept.body is None:
        raise Conflict("the key that its body was encrypted under was destroyed", code="body_destroyed")
    message = read(Raw.unpack(kept.body))
    if not isinstance(message, Message):
        return _stays(tx, kept, message.reason)
    first = tx.receipts.firsts([message.key]).get(message.key)
    if first is None:  # it could not be read when it came
        tx.receipts.claim(kept.upstream, kept.seq, message.key, message.digest)
    elif (first.upstream, first.seq) != (kept.upstream, kept.seq):
        # Another message of its source and id came first, and that one stands.
        if first.digest != message.digest:
            return _stays(tx, kept, "conflict")
        tx.parked.remove(number)
        tx.receipts.revise(kept.upstream, kept.seq, Disposition.DUPLICATE)
        return Retried(Disposition.DUPLICATE)
    outcome = apply(tx, resolver, message)
    if isinstance(outcome, Parks):
        return _stays(tx, kept, outcome.reason)
    tx.parked.remove(number)
    if isinstance(outcome, Waits):
        tx.waiting.put(
            kept.upstream,
            kept.seq,
            message.pack(),
            arrived_at=tx.now,
            reason=outcome.reason,
            awaited=outcome.awaited,
            label=message.label,
        )
        tx.receipts.revise(kept.upstream, kept.seq, Disposition.WAITING, outcome.reason, message.named)
        return Retried(Disposition.WAITING, outcome.reason)
    tx.receipts.revise(kept.upstream, kept.seq, outcome.disposition, relationship=outcome.relationship)
    drain(tx, resolver, outcome.bound)
    return Retried(outcome.disposition)


def drop(tx: Transaction, number: int) -> Retried:
    """Give a parked message up. Its receipt stays, its body goes."""
    kept = _find(tx, number)
    tx.parked.remove(number)
    tx.receipts.revise(kept.upstream, kept.seq, Disposition.DROPPED)
    return Retried(Disposition.DROPPED)


def _stays(tx: Transaction, kept: HeldMessage, reason: str) -> Retried:
    """It cannot be applied this time either, perhaps for another reason."""
    if reason != kept.reason:
        tx.parked.restate(kept.id, reason)
        tx.receipts.revise(kept.upstream, kept.seq, Disposition.PARKED, reason)
    return Retried(Disposition.PARKED, reason)


def _find(tx: Transaction, number: int) -> HeldMessage:
    kept = tx.parked.get(number)
    if kept is None:
        raise NotFound(f"no message is parked under {number}", code="parked_unknown")
    return kept
