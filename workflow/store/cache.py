"""The aggregates that decisions lately needed, kept in memory by the writer alone.

A state in here is never changed: decisions return a new one. What was touched by a commit that failed is
evicted, so memory never runs ahead of the log.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from uuid import UUID

from workflow.aggregates.programme import Programme
from workflow.aggregates.relationship import Relationship

Aggregate = Relationship | Programme


class AggregateCache:
    """The latest committed states, the least recently used forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._states: OrderedDict[UUID, Aggregate] = OrderedDict()

    def get(self, id: UUID) -> Aggregate | None:
        """The state, if it is here."""
        state = self._states.get(id)
        if state is not None:
            self._states.move_to_end(id)
        return state

    def keep(self, states: Mapping[UUID, Aggregate]) -> None:
        """These states are now committed."""
        self._states.update(states)
        while len(self._states) > self._most:
            self._states.popitem(last=False)

    def evict(self, ids: Iterable[UUID]) -> None:
        """These states may be wrong."""
        for id in ids:
            self._states.pop(id, None)

    def clear(self) -> None:
        """None of these states can be relied upon."""
        self._states.clear()

    def __len__(self) -> int:
        return len(self._states)
