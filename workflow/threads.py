"""Long work in a thread of its own, for whoever waits for it as long as somebody does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class GivenUp(Exception):
    """Nobody waits for it any more."""


class Waited:
    """Whether somebody still waits for what a thread works at."""

    def __init__(self) -> None:
        self._given_up = threading.Event()

    def given_up(self) -> bool:
        """Nobody does."""
        return self._given_up.is_set()

    def go_on(self) -> None:
        """Called now and then by the work, this ends it where nobody does."""
        if self._given_up.is_set():
            raise GivenUp

    def give_up(self) -> None:
        """Wait no more."""
        self._given_up.set()


async def in_thread(work: Callable[[Waited], T]) -> T:
    """What ``work`` comes to in a thread of its own. Who is cancelled meanwhile gives it up.

    It is waited for also then, so that its files are closed by itself; what it came to does not matter any more.
    """
    waited = Waited()
    working = asyncio.ensure_future(asyncio.to_thread(work, waited))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        waited.give_up()
        await asyncio.wait({working})
        if not working.cancelled():
            working.exception()  # looked at, or asyncio would tell of it
        raise
