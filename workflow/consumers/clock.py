"""The clock asks: whatever is due becomes a question to the relationship, which decides.

Dues are asked in the order of (effective due, relationship). A due is effective once it has come and the fact
behind it is recorded. The simulated clock visits every due on its way, with ``now`` being that due; the real one
asks as soon as it can, with the ``now`` that it is. Cost is of what is due, never of all relationships.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from typing import Protocol
from uuid import UUID

from workflow.aggregates.commands import PassTime
from workflow.aggregates.events import DueKind, ReminderIssued
from workflow.aggregates.relationship import Relationship
from workflow.clocks import Clock, SimulatedClock
from workflow.errors import Conflict, Stopped
from workflow.failpoints import hit
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer

PAGE = 500
"""Dues asked in one transaction."""

_TIMES = 100
"""How often one relationship is asked at one instant before the rules are taken to run in a circle."""

_LAST = UUID(int=2**128 - 1)
_log = logging.getLogger(__name__)


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
        """When it is asked: the due, but never before the fact behind it was recorded."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What a move of the clock came to: how many questions, where it stands, and the last position."""

    asked: int
    now: datetime
    position: int


class Page:
    """Dues that are asked in one transaction, with those that the answers bring about among them."""

    def __init__(self, dues: Sequence[Due], last: tuple[datetime, UUID], *, simulated: bool) -> None:
        self._effective = {(due.relationship, due.kind, due.due): due.effective for due in dues}
        self._last = last
        self._simulated = simulated

    def __call__(self, tx: Transaction) -> int:
        """Ask; how many questions it took. May run more than once, so it keeps nothing."""
        effective = dict(self._effective)
        heap = sorted({(at, relationship) for (relationship, _, _), at in effective.items()})
        times: Counter[tuple[datetime, UUID]] = Counter()
        while heap:
            at, relationship = entry = heappop(heap)
            state = tx.relationship(relationship)
            kinds = [] if state is None else _open(state, effective, until=at)
            if state is None or not kinds:
                continue
            times[entry] += 1
            after = self._ask(tx, state, at, kinds, endless=times[entry] > _TIMES)
            for kind, due in after.dues.items():
                if (key := (relationship, kind, due)) not in effective:
                    effective[key] = max(due, tx.now)
                    if (found := (effective[key], relationship)) <= self._last:
                        heappush(heap, found)
        if self._simulated:
            tx.ledger.set_simulated_instant(max(self._last[0], tx.now))
        return times.total()

    def _ask(
        self, tx: Transaction, state: Relationship, at: datetime, kinds: Iterable[DueKind], *, endless: bool
    ) -> Relationship:
        reminds = DueKind.BOOK_NEXT_MEETING in kinds
        if reminds:
            hit("reminder.before")
        origin = Origin(correlation_id=f"clock {at.isoformat()}")
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


class ClockDriver:
    """Moves the simulated clock, or follows the real one.

    ``agenda`` tells what is due until an instant, at most so many lines, soonest first; ``folded`` waits until
    the agenda has folded a position.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        *,
        agenda: Callable[[datetime, int], Sequence[Due]],
        folded: Callable[[int], Awaitable[object]],
        page: int = PAGE,
        poll_seconds: float = 1.0,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._agenda = agenda
        self._folded = folded
        self._page = page
        self._poll_seconds = poll_seconds
        self._moving = asyncio.Lock()
        self.trouble: str | None = None
        """Why nothing is asked at present, None while all is well."""

    async def advance(self, to: datetime) -> Passed:
        """Move the simulated clock forward, asking everything due on the way; never back.

        Staying is allowed, and asks what became due through facts known late.
        """
        clock = self._clock
        if not isinstance(clock, SimulatedClock):
            raise Conflict("the real clock moves by itself", code="clock_is_real")
        async with self._moving:
            if to < clock.now():
                raise Conflict(
                    f"the clock shows {clock.now().isoformat()} and never goes back",
                    code="clock_never_goes_back",
                )
            asked = await self._ask_until(to)
            written = await asyncio.wrap_future(self._writer.submit(_stands_at(to)))
            clock.advance(to)
            await self._folded(written.position)
            return Passed(asked, to, written.position)

    async def run(self) -> None:
        """Follow the real clock until cancelled."""
        while True:
            try:
                async with self._moving:
                    await self._ask_until(self._clock.now())
                self.trouble = None
            except Exception as error:  # noqa: BLE001 it is told by health, and tried again
                if self.trouble is None:
                    _log.exception("the clock cannot ask")
                self.trouble = f"{type(error).__name__}: {error}"
            await asyncio.sleep(self._poll_seconds)

    async def _ask_until(self, to: datetime) -> int:
        simulated = isinstance(self._clock, SimulatedClock)
        asked = 0
        await self._folded(self._writer.head)
        while dues := await asyncio.to_thread(self._agenda, to, self._page):
            full = len(dues) >= self._page
            last = (dues[-1].effective, dues[-1].relationship) if full else (to, _LAST)
            page = Page(dues, last, simulated=simulated)
            written = await asyncio.wrap_future(self._writer.submit(page))
            asked += written.value
            if isinstance(self._clock, SimulatedClock):
                self._clock.advance(max(self._clock.now(), last[0]))
            await self._folded(written.position)
        return asked


def _stands_at(instant: datetime) -> Callable[[Transaction], None]:
    return lambda tx: tx.ledger.set_simulated_instant(instant)
