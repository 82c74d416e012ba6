"""Whoever is cancelled waits for what it began."""

from __future__ import annotations

import asyncio
import threading

import pytest

from workflow.threads import Waited, finished, in_thread, while_wanted


async def test_a_thread_has_ended_before_a_cancellation_goes_through() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()
        ended.set()

    working = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(begun.wait)
    try:
        for _ in range(2):
            working.cancel()
            await asyncio.sleep(0)
        assert not working.done()
    finally:
        go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert ended.is_set()


async def test_work_that_is_given_up_is_waited_for_however_often_it_is_cancelled() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work(waited: Waited) -> None:
        begun.set()
        go_on.wait()
        ended.set()
        waited.go_on()

    working = asyncio.create_task(while_wanted(work))
    await asyncio.to_thread(begun.wait)
    try:
        for _ in range(2):
            working.cancel()
            await asyncio.wait({working}, timeout=0.01)
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
