"""What else has to be kept, in the same transaction, of what a relationship decided."""

from __future__ import annotations

from workflow.aggregates.decide import Decision
from workflow.aggregates.events import Closed, DestructionRequested, PartyLeft
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.waiting import drain_closed
from workflow.store.destructions import Destruction
from workflow.store.transaction import Transaction


def follow(tx: Transaction, resolver: Resolver, decision: Decision) -> None:
    """The directory learns of closings, departures and whom to forget, and keys that have to go are noted.

    What waited for more of the people concerned is looked at again.
    """
    relationship = decision.state.id
    for event in decision.events:
        match event:
            case Closed():
                tx.directory.close(relationship, event.occurred_at)
                drain_closed(tx, resolver, decision.state.parties)
            case PartyLeft():
                tx.directory.leave(relationship, event.party, event.occurred_at)
                drain_closed(tx, resolver, [event.party])
            case DestructionRequested():
                tx.destructions.ask(Destruction(relationship, event.person, event.identities))
                if event.identities:
                    tx.directory.forget(event.person)
