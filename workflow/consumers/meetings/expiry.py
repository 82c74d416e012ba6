"""What waits too long is parked, hour by hour, where a real clock runs by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from workflow.consumers.meetings.status import in_words

_HOUR = 3600.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

log = logging.getLogger(__name__)


class Expiry:
    """Asks for it until it is cancelled. A failure is told in ``trouble``, and it is asked again soon."""

    def __init__(
        self, park: Callable[[], Awaitable[object]], *, shortest_pause: float = _SHORTEST_PAUSE
    ) -> None:
        self._park = park
        self._shortest_pause = shortest_pause
        self.trouble: str | None = None

    async def run(self) -> None:
        """Park what has waited too long, every hour."""
        pause = self._shortest_pause
        while True:
            try:
                await self._park()
            except Exception as error:  # noqa: BLE001 whatever it is, it may pass
                self.trouble = in_words(error)
                log.warning("what has waited too long cannot be parked (%s)", type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self.trouble, pause = None, self._shortest_pause
                await asyncio.sleep(_HOUR)
