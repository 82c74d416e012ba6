"""What else has to be kept, in the same transaction, of what a relationship decided."""

from __future__ import annotations

from workflow.aggregates.decide import Decision
from workflow.aggregates.events import Closed, PartyLeft
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.waiting import drain_closed
from workflow.store.transaction import Transaction


def keep_directory(tx: Transaction, resolver: Resolver, decision: Decision) -> None:
    """Where a relationship was closed or left, the directory learns it, and what waited is looked at again."""
    relationship = decision.state.id
    for event in decision.events:
        match event:
            case Closed():
                tx.directory.close(relationship, event.occurred_at)
                drain_closed(tx, resolver, decision.state.parties)
            case PartyLeft():
                tx.directory.leave(relationship, event.party, event.occurred_at)
                drain_closed(tx, resolver, [event.party])
