"""Taking a batch in: every message accounted for, and whatever it leads to, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from workflow.consumers.meetings.apply import Applied, apply
from workflow.consumers.meetings.envelope import Message, Raw, Unreadable, read
from workflow.consumers.meetings.routing import Parks, Resolver, Waits
from workflow.consumers.meetings.waiting import drain
from workflow.errors import MentoringError
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction


class Hole(MentoringError):
    """A batch does not follow what is recorded; taking it in would bury the messages between."""

    code = "hole"


class Received(NamedTuple):
    """One message of a batch, read, with its sequence in the stream."""

    sequence: int
    content: Message | Unreadable


def receive(
    sequences: Iterable[int], bodies: Iterable[bytes], headers: Iterable[Mapping[str, str] | None]
) -> list[Received]:
    """Read every message of a batch; none can fail another."""
    return [
        Received(sequence, read(Raw.received(head, body)))
        for sequence, body, head in zip(sequences, bodies, headers, strict=True)
    ]


def take_in(
    tx: Transaction,
    resolver: Resolver,
    upstream: str,
    after: int,
    batch: Sequence[Received],
    *,
    give_up: bool = False,
) -> int:
    """Account for a batch that follows ``after`` in ``upstream``; how many messages of it were new.

    ``give_up`` parks what would have to be decided: for a message that fails whatever is tried.
    """
    position = tx.position(upstream)
    if after > position:
        raise Hole(f"the batch follows {after}, recorded is {position}")
    if batch[0].sequence <= position:
        # Sent again: what has a receipt of this very sequence is neither counted nor looked at.
        seen = tx.receipts.seen_between(upstream, batch[0].sequence, batch[-1].sequence)
        batch = [received for received in batch if received.sequence not in seen]
    keys = {content.key for received in batch if isinstance(content := received.content, Message)}
    firsts = {key: receipt.digest for key, receipt in tx.receipts.firsts(keys).items()}
    bound: list[str] = []
    with resolver.foreseeing(tx, (content.data for r in batch if isinstance(content := r.content, Message))):
        for received in batch:
            bound += _account(tx, resolver, upstream, received, firsts, give_up=give_up)
        drain(tx, resolver, bound)
    if batch:
        tx.receipts.move_position(upstream, batch[-1].sequence)
    return len(batch)


def _account(
    tx: Transaction,
    resolver: Resolver,
    upstream: str,
    received: Received,
    firsts: dict[bytes, bytes],
    *,
    give_up: bool,
) -> tuple[str, ...]:
    """What others may have waited for and is now known."""
    sequence, content = received
    first = (
        False  # one that cannot be read claims no source and id: the mended one of the same id is to count
    )
    outcome: Disposition | Applied | Waits | Parks
    if isinstance(content, Unreadable):
        outcome = Parks(content.reason)
    else:
        known = firsts.get(content.key)
        if known is None:
            first = True
            firsts[content.key] = content.digest
            outcome = Parks("failed") if give_up else apply(tx, resolver, content)
        else:
            outcome = Disposition.DUPLICATE if known == content.digest else Parks("conflict")
        if content.dropped and outcome is not Disposition.DUPLICATE:
            tx.receipts.count("members_dropped", content.dropped)
    relationship, reason = content.named, None
    bound: tuple[str, ...] = ()
    if isinstance(outcome, Applied):
        disposition, relationship, bound = outcome
    elif isinstance(outcome, Disposition):
        disposition = outcome
    else:
        disposition, reason = _keep(tx, upstream, received, outcome), outcome.reason
    tx.receipts.record(
        upstream,
        sequence,
        content.key,
        content.digest,
        disposition,
        first,
        reason,
        content.kind,
        relationship,
    )
    return bound


def _keep(tx: Transaction, upstream: str, received: Received, outcome: Waits | Parks) -> Disposition:
    """Keep the body of what could not be applied; what became of the message."""
    if isinstance(outcome, Waits):
        tx.waiting.put(
            upstream,
            received.sequence,
            received.content.pack(),
            arrived_at=tx.now,
            reason=outcome.reason,
            awaited=outcome.awaited,
            label=received.content.label,
        )
        return Disposition.WAITING
    tx.parked.put(
        upstream,
        received.sequence,
        received.content.pack(),
        arrived_at=tx.now,
        reason=outcome.reason,
        label=received.content.label,
    )
    return Disposition.PARKED
