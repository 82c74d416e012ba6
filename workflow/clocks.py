"""What the time is: the machine's own, or a simulated one that demos and tests move forward.

The domain never asks: ``now`` comes in with a command. These clocks are read at the edges only.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Protocol

from workflow.errors import Conflict


class Clock(Protocol):
    """Anything that can tell the time."""

    def now(self) -> datetime:
        """The present instant, aware and in UTC."""
        ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that stands still until it is moved forward; never back."""

    def __init__(self, start: datetime) -> None:
        self._lock = threading.Lock()
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Where the clock stands."""
        return self._now

    def advance(self, to: datetime) -> None:
        """Move the clock to ``to``; staying is allowed, going back is not."""
        with self._lock:
            if to < self._now:
                raise Conflict(
                    f"the clock shows {self._now.isoformat()} and never goes back",
                    code="clock_never_goes_back",
                )
            self._now = to.astimezone(UTC)
