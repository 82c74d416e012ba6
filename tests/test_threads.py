"""Whoever is cancelled waits for what it began."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from workflow.threads import Waited, finished, in_thread, while_wanted


@pytest.mark.parametrize("waiting", [in_thread, while_wanted])
async def test_a_thread_has_ended_before_a_cancellation_goes_through_however_often_it_comes(
    waiting: Callable[[Callable[..., None]], Coroutine[Any, Any, None]],
) -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work(*waited: Waited) -> None:
        begun.set()
        go_on.wait()
        ended.set()
        for one in waited:
            one.go_on()

    working = asyncio.create_task(waiting(work))
    await asyncio.to_thread(begun.wait)
    try:
        for _ in range(2):
            working.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
        assert not working.done()
    finally:
        go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert ended.is_set()


async def test_what_it_comes_to_or_raises_is_told() -> None:
    assert await in_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 7, 0)
    assert await finished(asyncio.sleep(0, "done")) == "done"
