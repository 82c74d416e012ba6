"""What a service does by itself, beside what it is asked: because time passes, and because something was left to do."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from workflow.app.chore import Chore
from workflow.app.destructions import Destructions
from workflow.app.rounds import Rounds
from workflow.app.waiting import Waiting
from workflow.clocks import Clock, SimulatedClock
from workflow.consumers.clock.driver import ClockDriver
from workflow.consumers.clock.page import Due
from workflow.consumers.meetings.routing import Resolver
from workflow.projections.agenda import AGENDA, due_until
from workflow.projections.running.loop import Loop
from workflow.projections.running.views import Views
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.writer import Writer
from workflow.threads import in_thread

_SECOND, _HOUR = 1.0, 3600.0

Work = dict[str, Coroutine[Any, Any, None]]
"""By its name; each goes on until it is cancelled."""


class Upkeep:
    """The clock, and the chores."""

    def __init__(
        self,
        store: EventStore,
        keys: KeyStore,
        writer: Writer,
        clock: Clock,
        resolver: Resolver,
        views: Views,
        projections: Loop,
    ) -> None:
        self._store = store
        self._views = views
        self._projections = projections
        self._real = not isinstance(clock, SimulatedClock)
        self.driver = ClockDriver(writer, clock, agenda=self._agenda, folded=self._folded)
        self.waiting = Waiting(store, writer, resolver)
        self.draining = Chore(self.waiting.drain, "what waited cannot be worked off", every=_SECOND)
        self.expiry = Chore(self.waiting.expire, "what has waited too long cannot be parked", every=_HOUR)
        self.rounds = Rounds(store, writer)
        self.asking = Chore(
            self.rounds.go,
            "what a programme asks of all its relationships cannot be asked",
            every=_SECOND,
            left=lambda: self.rounds.left,
        )
        self.destructions = Destructions(store, keys, writer)
        self.destroying = Chore(
            self.destructions.run,
            "what was asked to be destroyed cannot be destroyed, or is not yet said to be",
            every=_SECOND,
            left=lambda: self.destructions.destroyer.left,
        )

    @property
    def chores(self) -> tuple[Chore, ...]:
        """What is done again and again beside intake."""
        return self.draining, self.expiry, self.destroying, self.asking

    def of_what_is_left(self) -> Work:
        """What goes on whoever's time it is."""
        return {
            "draining": self.draining.run(),
            "destroying": self.destroying.run(),
            "rounds": self.asking.run(),
        }

    def of_time(self) -> Work:
        """What goes on because time passes: a simulated clock asks by itself only when it is moved."""
        return {"clock": self.driver.run(), "expiry": self.expiry.run()} if self._real else {}

    async def run(self) -> None:
        """All of it, until cancelled; where one ends, all do."""
        async with asyncio.TaskGroup() as group:
            for name, work in (self.of_what_is_left() | self.of_time()).items():
                group.create_task(work, name=name)

    async def move_clock(self, to: datetime) -> int:
        """Move the simulated clock, asking everything due on the way; the position once all is folded."""
        await self.rounds.go()
        await self.waiting.drain()
        await self.destructions.run()
        await self.driver.advance(to)
        position = await self.waiting.expire()
        await asyncio.wrap_future(self._projections.reaching(position))
        return position

    def _agenda(self, until: datetime, limit: int, without: Collection[UUID]) -> Sequence[Due]:
        with self._views.reading() as connection:
            return due_until(connection, until, limit, without)

    async def _folded(self, position: int) -> None:
        """As far as the log goes: where a backup took its place, what was known of it lies beyond its end."""
        head = await in_thread(self._store.head)
        await asyncio.wrap_future(self._projections.reaching(min(position, head), [AGENDA.name]))
