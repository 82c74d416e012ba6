"""Messages that came too early: kept until what they wait for comes about, or for 30 days.

They are decided in order of arrival. What they come to does not depend on that: facts about meetings merge
the same in any order, so that it does no harm if a new message overtakes those that still wait their turn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from heapq import heappop, heappush
from uuid import UUID

from workflow.consumers.meetings.apply import Applied, apply
from workflow.consumers.meetings.envelope import Message, Raw, read
from workflow.consumers.meetings.routing import Parks, Resolver, Waits, awaits_identity, awaits_relationship
from workflow.failpoints import hit
from workflow.store.faults import of_the_storage
from workflow.store.held import HeldMessage
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction

LONGEST_WAIT = timedelta(days=30)

PAGE = 250
"""Waiting messages looked at in one unit of work, for which a command has to wait. The rest have units of their own."""

_AT_ONCE = 100
"""Drains that one unit of work goes on with."""

log = logging.getLogger(__name__)


def drain_opened(tx: Transaction, resolver: Resolver, relationship: UUID, people: Iterable[UUID]) -> None:
    """A relationship was opened among ``people``: work off what waited for it, or for any of them."""
    drain(tx, resolver, [awaits_relationship(relationship), *_naming(tx, people)])


def drain_closed(tx: Transaction, resolver: Resolver, people: Iterable[UUID]) -> None:
    """A relationship among ``people`` was closed, or left by them: of several meant, one may be left over."""
    drain(tx, resolver, _naming(tx, people))


def drain(tx: Transaction, resolver: Resolver, awaited: Iterable[str]) -> None:
    """Work off a page of what waits for any of ``awaited``, and for what that binds in turn.

    What is left is noted in the same transaction, for ``go_on`` to work off.
    """
    _work_off(tx, resolver, dict.fromkeys(awaited, 0))


def drain_later(tx: Transaction, people: Iterable[UUID]) -> None:
    """As ``drain_closed``, with none worked off in this unit: for one that closes many."""
    for awaited in _naming(tx, people):
        number = tx.waiting.next_awaiting(awaited, 0)
        if number is not None:
            tx.drains.put_off(awaited, number - 1)


def go_on(tx: Transaction, resolver: Resolver) -> bool:
    """Work off another page of what is left; whether there is more."""
    _work_off(tx, resolver, tx.drains.take(_AT_ONCE))
    return bool(tx.drains)


def expire(tx: Transaction, resolver: Resolver) -> int:
    """End the wait of what has waited for 30 days: a page of it. The number ended; asked until it answers 0.

    Each is decided a last time, and parked where that is still not possible.
    """
    overdue = tx.waiting.arrived_before(tx.now - LONGEST_WAIT, PAGE)
    bound: list[str] = []
    for kept in overdue:
        outcome = _again(tx, resolver, kept)
        bound += _settle(tx, kept, outcome.in_vain if isinstance(outcome, Waits) else outcome)
    drain(tx, resolver, bound)
    return len(overdue)


def _naming(tx: Transaction, people: Iterable[UUID]) -> list[str]:
    return [awaits_identity(identity) for person in people for identity in tx.directory.identities_of(person)]


def _work_off(tx: Transaction, resolver: Resolver, awaited: Mapping[str, int]) -> None:
    """A page of who waits for the keys of ``awaited``, each from behind a number on, in order of arrival."""
    if not awaited:
        return
    hit("drain.before")
    next_ones: list[tuple[int, str]] = []  # of each key the next message that waits for it

    def call(awaited: str, after: int) -> None:
        number = tx.waiting.next_awaiting(awaited, after)
        if number is not None:
            heappush(next_ones, (number, awaited))

    for key, after in awaited.items():
        call(key, after)
    looked_at = 0
    while next_ones and looked_at < PAGE:
        number, key = heappop(next_ones)
        call(key, number)
        if next_ones and next_ones[0][0] == number:
            continue  # it waits for several of these, and is looked at once
        looked_at += 1
        kept = tx.waiting.get(number)
        assert kept is not None
        outcome = _again(tx, resolver, kept)
        if isinstance(outcome, Waits):
            _restate(tx, kept, outcome.reason)
            continue
        for bound in _settle(tx, kept, outcome):
            call(bound, 0)
    for number, key in next_ones:
        tx.drains.put_off(key, number - 1)
    hit("drain.after")


def _again(tx: Transaction, resolver: Resolver, kept: HeldMessage) -> Applied | Waits | Parks:
    """Decide it anew. One that fails is parked, for it must hold up neither a command nor those behind it."""
    if kept.body is None:  # the key of its month was destroyed: nobody can read it any more
        return Parks("never_opened")
    message = read(Raw.unpack(kept.body))
    if not isinstance(message, Message):
        return Parks(message.reason)
    try:
        return apply(tx, resolver, message)
    except Exception as error:
        if of_the_storage(error):
            raise
        log.error("deciding a message that waited failed: %s", type(error).__name__)
        return Parks("failed")


def _settle(tx: Transaction, kept: HeldMessage, outcome: Applied | Parks) -> tuple[str, ...]:
    """It waits no longer; what others may have waited for and is now known."""
    tx.waiting.remove(kept.id)
    if isinstance(outcome, Applied):
        tx.receipts.revise(kept.upstream, kept.seq, outcome.disposition, relationship=outcome.relationship)
        return outcome.bound
    tx.parked.put(
        kept.upstream,
        kept.seq,
        kept.body or b"",
        arrived_at=kept.arrived_at,
        reason=outcome.reason,
        label=kept.label,
    )
    tx.receipts.revise(kept.upstream, kept.seq, Disposition.PARKED, outcome.reason)
    return ()


def _restate(tx: Transaction, kept: HeldMessage, reason: str) -> None:
    if reason != kept.reason:
        tx.waiting.restate(kept.id, reason)
        tx.receipts.revise(kept.upstream, kept.seq, Disposition.WAITING, reason)
