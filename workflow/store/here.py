"""The log that is here already, for a file to be held against."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile
from uuid import UUID

from workflow.aggregates.events import Event
from workflow.store.event_store import EventStore
from workflow.store.recorder import EventRow
from workflow.store.unfinished import Unfinished

PAGE = 1000
"""Events that are read together."""


class Here:
    """What the folder holds: nothing where there is no store yet. Streams go by their ids in hex."""

    def __init__(self, store: EventStore | None) -> None:
        self._store = store
        self.head = 0
        self.simulated = False
        self.unfinished: Unfinished | None = None
        if store is not None:
            self.head, instant = store.stands()
            self.simulated = instant is not None
            with store.ledger() as ledger:
                self.unfinished = ledger.imports.unfinished()

    def rows_from(self, after: int) -> Iterator[EventRow]:
        """Its events behind a position, as they lie there."""
        while self._store is not None and (page := self._store.rows(after, PAGE)):
            yield from page
            after = page[-1][0]

    def event_ids(self, until: int) -> Iterator[UUID]:
        """The ids of its events up to a position."""
        rows = takewhile(lambda row: row[0] <= until, self.rows_from(0))
        if self._store is not None:
            for row in rows:
                yield self._store.decode([row])[0].metadata.event_id

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at a position was recorded; None where there is none."""
        if self._store is None or position == 0:
            return None
        return self._store.read(position - 1, 1)[0].metadata.recorded_at

    def last_version(self, stream: str) -> int:
        """The version of a stream's last event; 0 where it has none."""
        return 0 if self._store is None else self._store.last_version(stream)

    def begins_with(self, stream: str) -> type[Event] | None:
        """What a stream's first event is; None where it has none."""
        first = [] if self._store is None else self._store.stream(UUID(stream), limit=1)
        return first[0].kind if first else None
