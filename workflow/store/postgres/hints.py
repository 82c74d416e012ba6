"""Hints that something was committed, so that who follows the log need not look for it all the time.

A hint may be lost, and comes late after a broken connection: whoever takes it looks now and then without one, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
from psycopg import AsyncConnection

from workflow.store.postgres.pool import Connections, complete

CHANNEL = "mentoring_log"
_LOOKS_AGAIN = 1.0


def give(connections: Connections) -> None:
    """Say that there is something new."""
    with connections.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


async def follow(dsn: str, wake: Callable[[], object]) -> None:
    """Call ``wake`` whenever some process has committed events, until cancelled."""
    while True:
        try:
            async with await AsyncConnection.connect(complete(dsn), autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                wake()  # what was committed while nobody listened
                async for _ in connection.notifies():
                    wake()
        except (psycopg.Error, OSError):
            await asyncio.sleep(_LOOKS_AGAIN)
