"""The clock asks: whatever is due becomes a question to the relationship, which decides.

Dues are asked in the order of (effective due, relationship). A due is effective once it has come and the fact
behind it is known. Each is asked as of then, and what the answer brings about is known as of then, so that a clock
that was away goes through what it missed in order; ``now`` is that instant to the simulated clock, to the real one
what it shows. Cost is of what is due, never of all relationships. One that
cannot be asked is told of and left for the next pass; it never keeps the others from being asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.aggregates.events import DueKind
from workflow.clocks import Clock, SimulatedClock
from workflow.consumers.clock.page import Due, Page, Unaskable
from workflow.errors import Conflict, Stopped
from workflow.places import whence
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer
from workflow.threads import in_thread

PAGE = 500
"""Dues asked in one transaction."""

_MOST = 100
"""Relationships that cannot be asked in one pass; with more, the fault is not theirs and nothing is asked."""

_LAST = UUID(int=2**128 - 1)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Advanced:
    """What a move of the clock came to: how many questions, where it stands, and the last position."""

    asked: int
    now: datetime
    position: int


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
        self._left: Mapping[UUID, Unaskable] = {}
        self._differs = False
        """Whether the log was told of dues that no relationship knows of."""
        self.trouble: str | None = None
        """Why nothing is asked at present, or whom the last pass could not ask; None while all is well."""

    async def advance(self, to: datetime) -> Advanced:
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
            return Advanced(asked, to, written.position)

    async def ask(self) -> int:
        """Ask everything due by what the clock shows; how many questions that took."""
        async with self._moving:
            return await self._ask_until(self._clock.now())

    async def run(self) -> None:
        """Follow the real clock until cancelled."""
        while True:
            try:
                await self.ask()
            except Exception as error:  # noqa: BLE001 it is told by health, and tried again
                trouble = f"{type(error).__name__}: {error}"
                if self.trouble != trouble:
                    _log.error("the clock cannot ask (%s)", whence(error))
                self.trouble = trouble
            await asyncio.sleep(self._poll_seconds)

    async def _ask_until(self, to: datetime) -> int:
        simulated = isinstance(self._clock, SimulatedClock)
        asked = 0
        left: dict[UUID, Unaskable] = {}
        unanswered: Sequence[Due] = ()
        await self._folded(self._writer.head)
        while dues := await self._due(to, left):
            if dues == unanswered:
                if not self._differs:
                    _log.error(
                        "the agenda tells dues of relationship %s that it does not know of",
                        dues[0].relationship,
                    )
                self._differs = True
                raise Stopped(
                    f"the agenda tells {len(dues)} dues that no relationship knows of; rebuild it",
                    code="agenda_differs",
                )
            full = len(dues) >= self._page
            last = (dues[-1].effective, dues[-1].relationship) if full else (to, _LAST)
            page = Page(dues, last, simulated=simulated)
            try:
                written = await asyncio.wrap_future(self._writer.submit(page))
            except Unaskable as fault:
                self._leave(fault, left)
                continue
            unanswered = () if written.value else dues
            asked += written.value
            if isinstance(self._clock, SimulatedClock):
                self._clock.advance(max(self._clock.now(), last[0]))
            await self._folded(written.position)
        self._left, self._differs = left, False
        self.trouble = told(left)
        return asked

    async def _due(self, to: datetime, left: Mapping[UUID, Unaskable]) -> Sequence[Due]:
        """The next page of what is due, without those that could not be asked before."""
        more = len(left) * len(DueKind)
        dues = await in_thread(self._agenda, to, self._page + more)
        return [due for due in dues if due.relationship not in left][: self._page]

    def _leave(self, fault: Unaskable, left: dict[UUID, Unaskable]) -> None:
        """Leave one relationship to the next pass."""
        left[fault.relationship] = fault
        if len(left) > _MOST:
            cause = next(iter(left.values())).cause
            raise Stopped(
                f"more than {_MOST} relationships cannot be asked, which the log names; the first: "
                f"{type(cause).__name__}: {cause}",
                code="dues_unaskable",
            )
        if fault.relationship not in self._left:
            _log.error("relationship %s cannot be asked: %s", fault.relationship, whence(fault.cause))


def told(left: Mapping[UUID, Unaskable]) -> str | None:
    """How many could not be asked, in words: health tells it to everybody, and the log alone whose it was."""
    if not left:
        return None
    what = "a relationship" if len(left) == 1 else f"{len(left)} relationships"
    cause = next(iter(left.values())).cause
    return f"{what} that the log names: {type(cause).__name__}: {cause}"


def _stands_at(instant: datetime) -> Callable[[Transaction], None]:
    return lambda tx: tx.ledger.set_simulated_instant(instant)
