"""How long a test waits for what should come about, before it takes it for a hang."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 120
"""Seconds. It is no measure of anything: a machine that others use takes ten times as long as one that is idle."""


async def until(so: Callable[[], object]) -> None:
    """Wait until something is so that tells nobody when it comes to be: it is asked again and again."""
    async with asyncio.timeout(PATIENCE):
        while not await _answer(so()):  # noqa: ASYNC110 there is no event to wait for
            await asyncio.sleep(0.02)


async def _answer(found: object) -> object:
    return await found if isinstance(found, Awaitable) else found
