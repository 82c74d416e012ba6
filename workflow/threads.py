"""Work in threads, waited for to its end also by who is cancelled: what it reads is closed once nobody waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def finished(work: Coroutine[Any, Any, T], give_up: Callable[[], object] = lambda: None) -> T:
    """Wait for ``work`` to its end, and only then let a cancellation through; ``give_up`` is told of it at once."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
            give_up()
        except Exception:  # noqa: BLE001, S110 told below
            pass
    if cancelled is not None:
        raise cancelled
    return task.result()


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` comes to, in a thread. No thread can be cancelled, and none is left behind."""
    return await finished(asyncio.to_thread(work, *args, **kwargs))


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


async def while_wanted(work: Callable[[Waited], T]) -> T:
    """What long ``work`` comes to in a thread. Who is cancelled meanwhile gives it up, and waits until it has ended."""
    waited = Waited()
    return await finished(asyncio.to_thread(work, waited), waited.give_up)
