"""What one process asks of another: to pause, resume or rebuild projections, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NamedTuple

from workflow.store.postgres.pool import Connections

_KEPT = "7 days"


class Request(NamedTuple):
    """What is asked, of which projections, and by whom."""

    id: int
    what: str
    names: tuple[str, ...]
    by: str | None


class Requests:
    """The requests of all processes; whoever folds carries them out, in their order."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ask(self, what: str, names: Collection[str], by: str | None) -> int:
        """Have something done; the number under which it is answered."""
        with self._connections.cursor() as cursor:
            cursor.execute(f"DELETE FROM requests WHERE asked_at < now() - interval '{_KEPT}'")
            cursor.execute(
                "INSERT INTO requests (what, names, asked_by) VALUES (?, ?, ?) RETURNING id",
                (what, json.dumps(sorted(names)), by),
            )
            return int(cursor.fetchone()[0])  # type: ignore[index]

    def open(self) -> list[Request]:
        """What is not done yet."""
        with self._connections.cursor() as cursor:
            cursor.execute("SELECT id, what, names, asked_by FROM requests WHERE answer IS NULL ORDER BY id")
            return [
                Request(id, what, tuple(json.loads(names)), by) for id, what, names, by in cursor.fetchall()
            ]

    def settle(self, id: int, answer: dict[str, Any]) -> None:
        """It is done, or cannot be."""
        with self._connections.cursor() as cursor:
            cursor.execute("UPDATE requests SET answer = ? WHERE id = ?", (json.dumps(answer), id))

    def answers(self, ids: Collection[int]) -> dict[int, dict[str, Any]]:
        """What came of those that are done."""
        with self._connections.cursor() as cursor:
            cursor.execute(
                "SELECT id, answer FROM requests WHERE id = ANY(?) AND answer IS NOT NULL", (list(ids),)
            )
            return {id: json.loads(answer) for id, answer in cursor.fetchall()}
