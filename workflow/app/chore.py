"""What has to be done again and again beside intake, such as working off what waited."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from workflow.consumers.transport.refusals import in_words
from workflow.places import whence

_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0

log = logging.getLogger(__name__)


class Chore:
    """Does it every so many seconds until it is cancelled.

    A failure is told in ``trouble``, and it is tried again soon; ``undone`` says what that leaves undone. ``left``
    tells of whom it was left undone although it was done, where there can be such.
    """

    def __init__(
        self,
        do: Callable[[], Awaitable[object]],
        undone: str,
        *,
        every: float,
        left: Callable[[], str | None] = lambda: None,
        shortest_pause: float = _SHORTEST_PAUSE,
    ) -> None:
        self._do = do
        self._every = every
        self._left = left
        self._shortest_pause = shortest_pause
        self.undone = undone
        self.trouble: str | None = None

    async def run(self) -> None:
        """Do it now, and then in its time."""
        pause = self._shortest_pause
        while True:
            try:
                await self._do()
            except Exception as error:  # noqa: BLE001 whatever it is, it may pass
                self.trouble = in_words(error)
                log.warning("%s: %s (%s)", self.undone, self.trouble, whence(error))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self.trouble, pause = self._left(), self._shortest_pause
                await asyncio.sleep(self._every)
