"""The aggregates that decisions lately needed, kept in memory by the writer alone.

A state in here is never changed: decisions return a new one. What was touched by a commit that failed is
evicted, so memory never runs ahead of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from uuid import UUID

from workflow.aggregates.programme import Programme
from workflow.aggregates.relationship import Relationship

Aggregate = Relationship | Programme


class AggregateCache:
    """The latest committed states, the least recently used forgotten first.

    A dict is in the order in which its keys were put in. A commit keeps all that it asked for, so what was used is
    put in anew then, once, and not with each look.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._states: dict[UUID, Aggregate] = {}

    def get(self, id: UUID) -> Aggregate | None:
        """The state, if it is here."""
        return self._states.get(id)

    def keep(self, states: Mapping[UUID, Aggregate]) -> None:
        """These states are now committed, and the last ones used."""
        kept = self._states
        for id, state in states.items():
            kept.pop(id, None)
            kept[id] = state
        self.evict([*islice(kept, max(0, len(kept) - self._most))])

    def evict(self, ids: Iterable[UUID]) -> None:
        """These states may be wrong."""
        for id in ids:
            self._states.pop(id, None)

    def clear(self) -> None:
        """None of these states can be relied upon."""
        self._states.clear()

    def __len__(self) -> int:
        return len(self._states)
