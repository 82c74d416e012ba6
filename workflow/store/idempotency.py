"""Answers kept so that a request sent again is answered the same and done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from workflow.errors import Invalid
from workflow.store.cursor import Cursor
from workflow.store.instants import to_micros

KEPT_FOR = timedelta(days=7)
"""How long an answer can be asked for again, by the service's own clock; a little longer where nobody writes."""

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered: the status, the body, and the position that the answer named."""

    status: int
    body: bytes
    position: int


class Idempotency:
    """The answers as one unit of work sees and adds to them."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def find(self, principal: str, route: str, key: str, digest: bytes) -> KeptAnswer | None:
        """The answer given to this key; refused where the key came with another body."""
        self._cursor.execute(
            "SELECT digest, status, body, position FROM idempotency"
            " WHERE principal = ? AND route = ? AND key = ?",
            (principal, route, key),
        )
        row = self._cursor.fetchone()
        if row is None:
            return None
        if row[0] != digest:
            raise Invalid(
                "this Idempotency-Key was already used here with another body", code="idempotency_key_reused"
            )
        return KeptAnswer(int(row[1]), row[2], int(row[3]))

    def keep(
        self, principal: str, route: str, key: str, digest: bytes, answer: KeptAnswer, at: datetime
    ) -> None:
        """Keep the answer to this key, and let go of old ones, a few at a time."""
        self._cursor.execute(
            "INSERT INTO idempotency VALUES (?,?,?,?,?,?,?,?)",
            (principal, route, key, digest, answer.status, answer.body, answer.position, to_micros(at)),
        )
        self._cursor.execute(
            "DELETE FROM idempotency WHERE (principal, route, key) IN"
            " (SELECT principal, route, key FROM idempotency WHERE answered_at < ?"
            " ORDER BY answered_at LIMIT ?)",
            (to_micros(at - KEPT_FOR), _AT_ONCE),
        )
