"""How far the log was read by whoever acts on it outside of this service; each has a name of its own."""

from __future__ import annotations

from workflow.store.cursor import Cursor


class Reactors:
    """The positions of reactors, as one unit of work sees and changes them."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def position(self, name: str) -> int | None:
        """The position in the log up to which all is done; None where the reactor has not begun."""
        self._cursor.execute("SELECT position FROM reactors WHERE name = ?", (name,))
        row = self._cursor.fetchone()
        return None if row is None else int(row[0])

    def begin(self, name: str, position: int) -> int:
        """Begin behind ``position``, unless the reactor has begun before; the position where it goes on."""
        self._cursor.insert("reactors", [(name, position)], missing=True)
        known = self.position(name)
        assert known is not None
        return known

    def move(self, name: str, position: int, *, behind: int = 0) -> int:
        """All from ``behind`` up to ``position`` is done; a position never goes back. Where it stands now.

        It is not moved where it stands before ``behind``: what lies between is not known to be done.
        """
        self._cursor.execute(
            "UPDATE reactors SET position = CASE WHEN position >= ? AND position < ? THEN ? ELSE position END"
            " WHERE name = ? RETURNING position",
            (behind, position, position, name),
        )
        return int(self._cursor.fetchone()[0])
