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
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.clocks import Clock, SimulatedClock
from workflow.consumers.clock.page import Due, Page
from workflow.consumers.unaskable import Left, PageUnaskable
from workflow.errors import Conflict, Stopped
from workflow.places import whence
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer
from workflow.threads import in_thread

PAGE = 500
"""Dues asked in one transaction."""

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

    ``agenda`` tells what is due until an instant, at most so many lines, soonest first, without those of some
    relationships; ``folded`` waits until the agenda has folded a position.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        *,
        agenda: Callable[[datetime, int, Collection[UUID]], Sequence[Due]],
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
        self._left = Left()
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
        left = self._left
        left.begin()
        unanswered: Sequence[Due] = ()
        await self._folded(self._writer.head)
        while dues := await in_thread(self._agenda, to, self._page, left.whom):
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
            except PageUnaskable as given_up:
                left.leave(given_up.faults)
                continue
            unanswered = () if written.value else dues
            asked += written.value
            if isinstance(self._clock, SimulatedClock):
                self._clock.advance(max(self._clock.now(), last[0]))
            await self._folded(written.position)
        self._differs = False
        self.trouble = left.told
        return asked


def _stands_at(instant: datetime) -> Callable[[Transaction], None]:
    return lambda tx: tx.ledger.set_simulated_instant(instant)
