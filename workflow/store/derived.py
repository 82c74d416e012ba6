"""What the events tell of the tables beside them, for a log that came from elsewhere.

A service writes those in the transaction of the events, when it decides. Here they are written as far as the log
tells them: who is in which relationship and which calendar entries are its own, who has left, what was asked to be
destroyed and was, what a programme asks of its relationships. By which identities people are known is sealed under
their keys, and is told where these are at hand.

To write it again over the same log changes nothing.
"""

from __future__ import annotations

from workflow.aggregates.events import (
    Closed,
    Destroyed,
    DestructionRequested,
    IdentityAdded,
    IdentityRemoved,
    MeetingEvent,
    MeetingRescheduled,
    PartyLeft,
    PolicyAdopted,
    ProgrammeClosed,
    ProgrammeOpened,
    RelationshipOpened,
)
from workflow.errors import Conflict, NotFound
from workflow.store.cursor import Cursor
from workflow.store.destructions import Destruction
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.keys import KeyDestroyed
from workflow.store.ledger import Ledger
from workflow.store.recorded import Recorded
from workflow.store.rounds import Purpose


class Derivation:
    """Writes what events tell, page by page, in the transaction of ``cursor``; they are stored already."""

    def __init__(self, store: EventStore, cursor: Cursor, identities: Identities) -> None:
        self._store = store
        self._cursor = cursor
        self._identities = identities
        self._ledger = Ledger(cursor, store.keys)
        self._directory = self._ledger.directory
        self.closed = 0
        """How many identities stay closed, for want of their keys."""

    def note(self, recorded: Recorded) -> None:
        """Write what one event tells; events come in their order."""
        stream, event = recorded.stream, recorded.event
        directory = self._directory
        match event:
            case RelationshipOpened():
                directory.enrol(stream, event.occurred_at, [party.person for party in event.parties])
                for place, party in enumerate(event.parties):
                    paths = (f"parties.{place}.identities.{one}" for one in range(len(party.identities)))
                    directory.identify(party.person, self._hashes(recorded, *paths))
            case IdentityAdded():
                directory.identify(event.person, self._hashes(recorded, "identity"))
            case IdentityRemoved():
                for hashed in self._hashes(recorded, "identity"):
                    directory.unidentify(event.person, hashed)
            case PartyLeft():
                directory.leave(stream, event.party, event.occurred_at)
            case Closed():
                directory.close(stream, event.occurred_at)
            case MeetingEvent():
                directory.bind(event.uid, event.recurrence_id, stream)
                if isinstance(event, MeetingRescheduled) and event.previous_uid is not None:
                    directory.bind(event.previous_uid, event.recurrence_id, stream)
            case DestructionRequested():
                self._ledger.destructions.ask(Destruction(stream, event.person, event.identities))
                if event.identities:
                    directory.forget(event.person)
            case Destroyed():
                self._ledger.destructions.finish(Destruction(stream, event.person, event.identities))
            case PolicyAdopted() if event.version > 1:
                self._begin_round(recorded, Purpose.REDATE)
            case ProgrammeClosed():
                self._begin_round(recorded, Purpose.CLOSE)
            case _:
                pass

    def _begin_round(self, recorded: Recorded, purpose: Purpose) -> None:
        """Whether its last one came to the end is not told; one more finds nothing left to ask where it did."""
        first = self._store.stream_within(self._cursor, recorded.stream)[0].event
        if not isinstance(first, ProgrammeOpened):
            return  # it stands where none belongs, and is passed over there
        self._ledger.rounds.begin(
            first.programme, purpose, recorded.metadata.correlation_id, recorded.event.by
        )

    def _hashes(self, recorded: Recorded, *paths: str) -> list[bytes]:
        opened = (self._opened(recorded, path) for path in paths)
        return [self._identities.hash(identity) for identity in opened if identity is not None]

    def _opened(self, recorded: Recorded, path: str) -> str | None:
        try:
            return self._store.unseal(recorded, path)
        except KeyDestroyed:
            return None
        except (NotFound, Conflict):  # there is no such key at hand, or it is another one
            self.closed += 1
            return None

    def flush(self) -> None:
        """Write what was gathered, at the end of the page."""
        self._directory.flush()
