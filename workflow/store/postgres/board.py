"""Where the processes of a service say what they do and how that stands, so that one of them can tell of all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from workflow.store.examined import Look
from workflow.store.postgres.pool import Connections

SILENT_AFTER = 10
"""Seconds without a word after which a process is taken to be gone."""


class Notice(NamedTuple):
    """What one process said of one role last. ``told`` is JSON of its own making."""

    instance: UUID
    role: str
    host: str
    since: datetime
    told: dict[str, Any]


_THERE = (
    "SELECT instance::text, role, host, since, told FROM notices"
    f" WHERE seen_at > now() - {SILENT_AFTER} * interval '1 second' ORDER BY role, since, instance"
)


def _notice(row: Iterable[Any]) -> Notice:
    instance, role, host, since, told = row
    return Notice(UUID(instance), role, host, since, json.loads(told))


def notices_within(look: Look) -> list[Notice]:
    """What the processes say that are there, for whoever looks from outside."""
    with look() as db:
        return [] if db is None or not db.has("notices") else [_notice(row) for row in db.execute(_THERE)]


class Board:
    """The notices of all processes; each keeps its own up to date, and takes them away when it ends."""

    def __init__(self, connections: Connections, instance: UUID, host: str) -> None:
        self._connections = connections
        self._instance = instance
        self._host = host

    def say(self, told: dict[str, dict[str, Any]]) -> None:
        """How each role of this process stands now."""
        rows = [
            (str(self._instance), role, self._host, json.dumps(standing)) for role, standing in told.items()
        ]
        with self._connections.transaction() as cursor:
            cursor.execute(
                "DELETE FROM notices WHERE seen_at < now() - ? * interval '1 second'", (60 * SILENT_AFTER,)
            )
            cursor.executemany(
                "INSERT INTO notices (instance, role, host, told) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (instance, role) DO UPDATE SET told = excluded.told, seen_at = now()",
                rows,
            )

    def read(self) -> list[Notice]:
        """What the processes say that are there."""
        with self._connections.cursor() as cursor:
            cursor.execute(_THERE)
            return [_notice(row) for row in cursor.fetchall()]

    def leave(self) -> None:
        """Take the notices of this process away."""
        with self._connections.cursor() as cursor:
            cursor.execute("DELETE FROM notices WHERE instance = ?::uuid", (str(self._instance),))
