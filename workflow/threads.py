"""Work that is waited for to its end, also by who is cancelled: what it reads is closed once nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """Wait for ``work`` to its end, and only then let a cancellation through."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # noqa: BLE001, S110 told below
            pass
    if cancelled is not None:
        raise cancelled
    return task.result()


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` comes to, in a thread. No thread can be cancelled, and none is left behind."""
    return await finished(asyncio.to_thread(work, *args, **kwargs))
