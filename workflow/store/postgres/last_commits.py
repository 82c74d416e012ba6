"""Whether a commit came about whose answer was lost: the connection broke off while the server was at it.

Each writer puts a number beside what it commits. Once the server answers again, and has ended what the lost connection
left, the number is there or it is not. One thread writes by one of these.
"""

from __future__ import annotations

import time
from typing import cast
from uuid import uuid4

from workflow.errors import InDoubt
from workflow.store.cursor import Cursor
from workflow.store.faults import of_the_storage
from workflow.store.postgres.cursor import PostgresCursor
from workflow.store.postgres.pool import Connections
from workflow.store.recorder import Stand

_LOCK = """
    WITH ours AS (
        INSERT INTO last_commits VALUES (?, ?, now())
        ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = excluded.at
    )
    UPDATE log SET commits = commits + 1 RETURNING head, commits - 1
"""
_ASKS_AGAIN = 0.2


class LastCommits:
    """The commits of one writer, in the order of their numbers."""

    asks_for = 30.0
    """Seconds for which the server is asked; then whoever waits is told that nobody knows."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._writer = uuid4()
        self._number = 0

    def sweep(self) -> None:
        """Remove what others left long ago."""
        with self._connections.transaction() as cursor:
            cursor.execute("DELETE FROM last_commits WHERE at < now() - interval '7 days'")

    def lock(self, cursor: Cursor) -> Stand:
        """Lock the log for a commit, which has a number from here on; how the log stands."""
        self._number += 1
        cursor.execute(_LOCK, (self._writer, self._number))
        cast("PostgresCursor", cursor).numbered = self._number
        return Stand(*cursor.fetchone())

    def came_about(self, number: int) -> bool:
        """Whether the commit of this number, the last one, is there.

        ``InDoubt`` where the server does not say so in time.
        """
        until = time.monotonic() + self.asks_for
        while True:
            try:
                with self._connections.transaction() as cursor:
                    cursor.execute("SELECT FROM log FOR UPDATE")  # whoever is still at it has ended then
                    cursor.execute(
                        "SELECT 1 FROM last_commits WHERE writer = ? AND number = ?", (self._writer, number)
                    )
                    return cursor.fetchone() is not None
            except Exception as error:
                if not of_the_storage(error):
                    raise
                if time.monotonic() > until:
                    raise InDoubt(
                        "PostgreSQL went away while it stored what was asked, and whether it did is not known: "
                        "ask again with the same Idempotency-Key, or look whether it is there",
                        code="in_doubt",
                    ) from error
                time.sleep(_ASKS_AGAIN)
