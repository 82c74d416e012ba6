"""A page of what is due, put to the relationships in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import heappop, heappush
from typing import Protocol
from uuid import UUID

from workflow.aggregates.commands import PassTime
from workflow.aggregates.events import REMINDER_DUES, DueKind, ReminderIssued
from workflow.aggregates.relationship import Relationship
from workflow.consumers.unaskable import Faults
from workflow.errors import Stopped
from workflow.failpoints import hit
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction

_TIMES = 100
"""How often one relationship is asked at one instant before the rules are taken to run in a circle."""

_REMINDS = frozenset(REMINDER_DUES.values())


class Due(Protocol):
    """A line of the agenda."""

    @property
    def relationship(self) -> UUID:
        """Whom to ask."""

    @property
    def kind(self) -> DueKind:
        """What for."""

    @property
    def due(self) -> datetime:
        """When it falls due."""

    @property
    def effective(self) -> datetime:
        """When it is asked: the due, but never before the fact behind it was known."""


class Page:
    """Dues that are asked in one transaction, with those that the answers bring about among them.

    Relationships that cannot be asked fail the page with ``PageUnaskable``, so that they can be left out of it.
    """

    def __init__(self, dues: Sequence[Due], last: tuple[datetime, UUID], *, simulated: bool) -> None:
        self._effective = {(due.relationship, due.kind, due.due): due.effective for due in dues}
        self._last = last
        self._simulated = simulated

    def __call__(self, tx: Transaction) -> int:
        """Ask; how many questions it took. May run more than once, so it keeps nothing."""
        effective = dict(self._effective)
        heap = sorted({(at, relationship) for (relationship, _, _), at in effective.items()})
        times: Counter[tuple[datetime, UUID]] = Counter()
        faults = Faults()
        while heap:
            at, relationship = entry = heappop(heap)
            if relationship in faults:
                continue
            with faults.of(relationship):
                state = tx.relationship(relationship)
                kinds = [] if state is None else _open(state, effective, until=at)
                if state is None or not kinds:
                    continue
                times[entry] += 1
                after = self._ask(tx, state, at, kinds, endless=times[entry] > _TIMES)
                for kind, due in after.dues.items():
                    if state.dues.get(kind) != due:  # known as of this question, as the agenda will tell
                        effective[relationship, kind, due] = max(due, at)
                        if (found := (max(due, at), relationship)) <= self._last:
                            heappush(heap, found)
        faults.give_up()
        if self._simulated:
            tx.ledger.set_simulated_instant(max(self._last[0], tx.now))
        return times.total()

    def _ask(
        self, tx: Transaction, state: Relationship, at: datetime, kinds: Iterable[DueKind], *, endless: bool
    ) -> Relationship:
        reminds = any(kind in _REMINDS for kind in kinds)
        if reminds:
            hit("reminder.before")
        origin = Origin(correlation_id=f"clock {at.isoformat()}", asked_at=at)
        if self._simulated:
            decision = tx.decide(state.id, PassTime(at=at, now=at), origin, now=at)
        else:
            decision = tx.decide(state.id, PassTime(at=at, now=tx.now), origin)
        for kind in kinds:
            if endless or decision.state.dues.get(kind) == state.dues[kind]:
                raise Stopped(
                    f"{kind.value} of relationship {state.id}, due at {state.dues[kind].isoformat()}, stays due "
                    "however often it is asked for. This is a fault in the rules: report it",
                    code="due_unchanged",
                )
        if any(isinstance(event, ReminderIssued) for event in decision.events):
            hit("reminder.after")
        return decision.state


def _open(
    state: Relationship, effective: dict[tuple[UUID, DueKind, datetime], datetime], *, until: datetime
) -> list[DueKind]:
    """What is still to be asked of a relationship: the agenda may be older than its latest facts."""
    return [
        kind
        for kind, due in state.dues.items()
        if (at := effective.get((state.id, kind, due))) is not None and at <= until
    ]
