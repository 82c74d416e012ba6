"""What has come about while more messages wait for it than one unit of work works off.

A row stands until all of them have been looked at. It commits with what it is due to, so that a crash in
between leaves nothing waiting for what is already there.
"""

from __future__ import annotations

from workflow.store.cursor import Cursor


class Drains:
    """The drains under way, as one unit of work sees and changes them."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def put_off(self, awaited: str, after: int) -> None:
        """Who waits for ``awaited`` is still to be looked at, from the one behind number ``after``."""
        self._cursor.execute(
            "INSERT INTO drains (awaited, after) VALUES (?, ?)"
            " ON CONFLICT (awaited) DO UPDATE SET after = excluded.after WHERE excluded.after < drains.after",
            (awaited, after),
        )

    def take(self, limit: int) -> dict[str, int]:
        """The drains put off longest, which are no longer put off: each with the number that it goes on after."""
        self._cursor.execute("SELECT id, awaited, after FROM drains ORDER BY id LIMIT ?", (limit,))
        taken = self._cursor.fetchall()
        self._cursor.executemany("DELETE FROM drains WHERE id = ?", [(id,) for id, *_ in taken])
        return {awaited: after for _, awaited, after in taken}

    def __bool__(self) -> bool:
        self._cursor.execute("SELECT EXISTS (SELECT 1 FROM drains)")
        return bool(self._cursor.fetchone()[0])
