"""What time it is where processes share a database: its server's, one for all of them.

Time recorded never goes back, so a single process whose machine runs ahead would take all others with it, for good.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from workflow.places import whence
from workflow.store.faults import is_away
from workflow.store.postgres.pool import Connections
from workflow.threads import in_thread

EVERY = 2.0
"""Seconds between two looks at the server's clock."""

_log = logging.getLogger(__name__)


class DatabaseClock:
    """The clock of a database server: looked at now and then, and gone on from by the time that passes here.

    What the clock of this machine shows does not matter, nor where it is set to meanwhile. Safe from any thread.
    """

    def __init__(self, connections: Connections, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connections = connections
        self._monotonic = monotonic
        self._seen = self._look()

    def now(self) -> datetime:
        """The present instant, in UTC: by what an answer takes behind the server, and never ahead of it."""
        instant, at = self._seen
        return instant + timedelta(seconds=self._monotonic() - at)

    async def follow(self) -> None:
        """Look again every now and then, until cancelled. While the server is away, time passes as it does here."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                self._seen = await in_thread(self._look)
            except Exception as error:  # noqa: BLE001 whatever it is, it may pass, and there is a time meanwhile
                if not is_away(error):  # whoever folds or follows says that, once
                    _log.warning("the clock of the database could not be looked at (%s)", whence(error))

    def _look(self) -> tuple[datetime, float]:
        with self._connections.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (instant,) = cursor.fetchall()[0]
        return instant.astimezone(UTC), self._monotonic()
