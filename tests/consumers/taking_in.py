"""Intake at work over a world, and somebody who publishes what it takes in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from nats.aio.client import Client
from nats.js.errors import NoStreamResponseError

from tests.consumers.world import World, body
from tests.patience import PATIENCE
from workflow.consumers.meetings.intake import Intake


@asynccontextmanager
async def running(world: World, url: str, **options: Any) -> AsyncIterator[Intake]:
    """Intake at work."""
    intake = world.intake(url, **options)
    await intake.start()
    try:
        yield intake
    finally:
        await intake.stop()


async def publish(client: Client, *messages: Any) -> int:
    """Publish as everybody should who wants to be heard: until the server has said that it is stored."""
    last = 0
    async with asyncio.timeout(PATIENCE):
        for message in messages:
            last = await _stored(client, body(message))
    return last


async def _stored(client: Client, message: bytes) -> int:
    while True:
        try:
            return (await client.jetstream(timeout=5).publish("mentoring.meetings.k1", message)).seq
        except (TimeoutError, NoStreamResponseError):  # the server is on its way back
            await asyncio.sleep(0.1)
