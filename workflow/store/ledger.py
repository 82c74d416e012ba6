"""Everything in ``events.db`` beside the events, over one cursor: a transaction's, or a reader's snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from workflow.store.cursor import Cursor
from workflow.store.destructions import Destructions
from workflow.store.directory import Directory
from workflow.store.drains import Drains
from workflow.store.held import HeldMessages
from workflow.store.idempotency import Idempotency
from workflow.store.instants import from_micros, to_micros
from workflow.store.keys import KeyStore
from workflow.store.prefetched import Memberships
from workflow.store.reactors import Reactors
from workflow.store.receipts import Receipts
from workflow.store.rounds import Rounds
from workflow.store.unfinished import Imports


class Ledger:
    """The tables that commit with the events."""

    def __init__(
        self,
        cursor: Cursor,
        keys: KeyStore,
        memberships: Memberships | None = None,
        before_settling: Callable[[], object] = lambda: None,
    ) -> None:
        self._cursor = cursor
        self.receipts = Receipts(cursor)
        self.directory = Directory(cursor, memberships)
        self.waiting = HeldMessages(cursor, keys, self.receipts, "waiting", before_settling)
        self.parked = HeldMessages(cursor, keys, self.receipts, "parked")
        self.drains = Drains(cursor)
        self.destructions = Destructions(cursor)
        self.rounds = Rounds(cursor)
        self.idempotency = Idempotency(cursor)
        self.reactors = Reactors(cursor)
        self.imports = Imports(cursor)

    def still_valid(self) -> bool:
        """Whether what a batch of messages was answered here is so now, others having committed meanwhile."""
        return self.receipts.still_valid() and self.directory.still_valid() and self.waiting.still_valid()

    def simulated_instant(self) -> datetime | None:
        """Where the simulated clock stands; None where there never was one."""
        self._cursor.execute("SELECT instant FROM clock")
        row = self._cursor.fetchone()
        return None if row is None else from_micros(row[0])

    def set_simulated_instant(self, instant: datetime) -> None:
        """The simulated clock now stands at ``instant``."""
        self._cursor.execute(
            "INSERT INTO clock VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET instant = excluded.instant",
            (to_micros(instant),),
        )
