"""What a service has at work beside each other, and what is known of a part that ended by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from workflow.places import whence

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Parts:
    """The tasks of one service, from their beginning until all are cancelled together."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.ended: dict[str, str] = {}
        """Those that should be at work for as long as the service is, and have ended, with what ended them."""

    def begin(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """One that may come to its end."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def keep(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """One that should be at work for as long as the service is."""
        self.begin(work, name).add_done_callback(self._on_end)

    async def cancel(self) -> None:
        """End all of them, and wait until they have ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            error = task.exception()
            self.ended[task.get_name()] = type(error).__name__ if error else "no reason told"
            _log.error("%s has ended: %s", task.get_name(), whence(error) if error else "no reason told")
