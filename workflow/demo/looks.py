"""Fresh looks and their measures: what was written down, and when each came to an end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from workflow.demo.reports import Call

KINDS = ("look", "review", "done", "drop")


class Looks:
    """The looks of one pair, and what became of the measures; part of the demonstration's own model."""

    def __init__(self) -> None:
        self._looks: list[datetime] = []
        self._measures: dict[UUID, datetime] = {}
        self._done: set[UUID] = set()
        self._dropped: set[tuple[UUID, UUID]] = set()
        self._settled: dict[UUID, datetime] = {}

    def call(self, call: Call, now: datetime, present: set[UUID]) -> bool:
        """Take it in; False where it is refused."""
        if call.kind == "look":
            if any(who not in present for _, who, _ in call.measures):
                return False
            self._looks.append(now)
            self._measures |= {measure: now for measure, _, _ in call.measures}
            return True
        if call.kind == "review":
            return bool(self._looks)
        if call.measure not in self._measures:
            return False
        assert call.measure is not None  # else it would not be among them
        if call.kind == "done":
            self._done.add(call.measure)
            self._settled.setdefault(call.measure, now)
        elif call.measure in self._done:
            return False
        else:
            self._dropped.add((call.measure, call.person))
            self.reconsider(now, present)
        return True

    def reconsider(self, now: datetime, present: set[UUID]) -> None:
        """A measure that all who are there have given up is settled."""
        for measure in self._measures:
            if all((measure, person) in self._dropped for person in present):
                self._settled.setdefault(measure, now)

    def since(self, entered: datetime) -> list[datetime]:
        """The looks taken since then."""
        return [look for look in self._looks if look >= entered]

    def settled_since(self, entered: datetime) -> list[datetime]:
        """When measures of looks taken since then were settled."""
        return [
            self._settled[measure]
            for measure, look in self._measures.items()
            if look >= entered and measure in self._settled
        ]
