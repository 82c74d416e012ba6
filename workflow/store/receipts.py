"""What became of every message received: one receipt each, for ever.

The correctness of intake rests on these: a message seen again under the same upstream and sequence is a
redelivery, one with the same key under another sequence a duplicate, with another digest a conflict.
Rows are gathered while a unit of work runs and written at its end; until then they are seen all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from workflow.store.cursor import Cursor


class Disposition(StrEnum):
    """What became of a message."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    STALE = "stale"
    WAITING = "waiting"
    PARKED = "parked"
    DROPPED = "dropped"


class Receipt(NamedTuple):
    """One message: where it came in, a hash naming it (None where unreadable), a digest of its body.

    ``first`` marks the first readable one of its key, for ever. ``reason`` is the code of why it waits or is
    parked, None where neither; it holds nothing that was said. ``kind`` is what kind of message it was and
    ``relationship`` whose, each None where that is not known.
    """

    upstream: str
    seq: int
    key: bytes | None
    digest: bytes
    disposition: Disposition
    first: bool
    reason: str | None = None
    kind: str | None = None
    relationship: UUID | None = None


_COLUMNS = "u.name, r.seq, r.key, r.digest, r.disposition, r.first, r.reason, r.kind, r.relationship"
_FROM = "FROM receipts r JOIN upstreams u ON u.id = r.upstream"
_OF = "r.upstream = (SELECT id FROM upstreams WHERE name = ?)"
"""Of one upstream. Said of ``u.name``, PostgreSQL would sort all receipts of it to find the last."""


def _receipt(row: Iterable[Any]) -> Receipt:
    upstream, seq, key, digest, disposition, first, reason, kind, relationship = row
    whose = None if relationship is None else UUID(bytes=relationship)
    return Receipt(upstream, seq, key, digest, Disposition(disposition), bool(first), reason, kind, whose)


def _bytes(id: UUID | None) -> bytes | None:
    return None if id is None else id.bytes


class Receipts:
    """The receipts as one unit of work sees and adds to them."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._new: dict[tuple[str, int], Receipt] = {}
        self._new_firsts: dict[bytes, Receipt] = {}
        self._added: Counter[str] = Counter()
        self._positions: dict[str, int] = {}
        self._stood: dict[str, int] = {}
        """Where each upstream stood when it was first asked about."""

    # --- asking -------------------------------------------------------------------------------------------

    def firsts(self, keys: Iterable[bytes]) -> dict[bytes, Receipt]:
        """The first receipt of each of ``keys`` that was ever seen; one question for many keys."""
        found: dict[bytes, Receipt] = {}
        unknown: list[bytes] = []
        for key in keys:
            receipt = self._new_firsts.get(key)
            if receipt is None:
                unknown.append(key)
            else:
                found[key] = receipt
        for chunk in self._cursor.chunks(unknown):
            among, values = self._cursor.among("r.key", chunk)
            self._cursor.execute(f"SELECT {_COLUMNS} {_FROM} WHERE r.first = 1 AND {among}", values)
            for row in self._cursor.fetchall():
                receipt = _receipt(row)
                assert receipt.key is not None
                found[receipt.key] = receipt
        return found

    def seen(self, upstream: str, seq: int) -> Receipt | None:
        """The receipt of the message at ``seq``, or None where it was never taken in."""
        new = self._new.get((upstream, seq))
        if new is not None:
            return new
        self._cursor.execute(f"SELECT {_COLUMNS} {_FROM} WHERE {_OF} AND r.seq = ?", (upstream, seq))
        row = self._cursor.fetchone()
        return None if row is None else _receipt(row)

    def seen_between(self, upstream: str, lowest: int, highest: int) -> set[int]:
        """Which sequences from ``lowest`` to ``highest``, both included, were taken in: redeliveries."""
        self._cursor.execute(
            "SELECT seq FROM receipts WHERE upstream = (SELECT id FROM upstreams WHERE name = ?)"
            " AND seq BETWEEN ? AND ?",
            (upstream, lowest, highest),
        )
        stored = {seq for (seq,) in self._cursor.fetchall()}
        return stored | {seq for name, seq in self._new if name == upstream and lowest <= seq <= highest}

    def page(
        self, upstream: str, after: int, limit: int, only: Collection[Disposition] = tuple(Disposition)
    ) -> list[Receipt]:
        """Stored receipts of ``upstream`` in the order of their sequence, of these dispositions alone."""
        among, values = self._cursor.among("r.disposition", [one.value for one in only])
        self._cursor.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE {_OF} AND r.seq > ? AND {among} ORDER BY r.seq LIMIT ?",
            (upstream, after, *values, limit),
        )
        return [_receipt(row) for row in self._cursor.fetchall()]

    def last(
        self, upstream: str, number: int, only: Collection[Disposition] = tuple(Disposition)
    ) -> list[Receipt]:
        """The last so many of these dispositions, in the order of their sequence."""
        among, values = self._cursor.among("r.disposition", [one.value for one in only])
        self._cursor.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE {_OF} AND {among} ORDER BY r.seq DESC LIMIT ?",
            (upstream, *values, number),
        )
        return [_receipt(row) for row in reversed(self._cursor.fetchall())]

    def counts(self) -> dict[Disposition, int]:
        """How many messages came to each disposition; together they are all that was received."""
        return {disposition: self.counted(disposition.value) for disposition in Disposition}

    def counted(self, name: str) -> int:
        """A count kept under ``name``: a disposition, or anything given to ``count``."""
        self._cursor.execute("SELECT number FROM counts WHERE name = ?", (name,))
        row = self._cursor.fetchone()
        return (0 if row is None else int(row[0])) + self._added[name]

    def position(self, upstream: str) -> int:
        """The sequence up to which ``upstream`` was taken in; 0 where nothing was."""
        if upstream in self._positions:
            return self._positions[upstream]
        if upstream not in self._stood:
            self._stood[upstream] = self._stands(upstream)
        return self._stood[upstream]

    def _stands(self, upstream: str) -> int:
        self._cursor.execute("SELECT position FROM upstreams WHERE name = ?", (upstream,))
        row = self._cursor.fetchone()
        return 0 if row is None else int(row[0])

    def upstreams(self) -> dict[str, int]:
        """Every upstream ever known with the sequence up to which it was taken in."""
        self._cursor.execute("SELECT name, position FROM upstreams ORDER BY id")
        return {name: int(position) for name, position in self._cursor.fetchall()} | self._positions

    def still_valid(self) -> bool:
        """Whether what was answered of what is added is so now, others having committed meanwhile."""
        firsts = list(self._new_firsts)
        for chunk in self._cursor.chunks(firsts):
            among, values = self._cursor.among("key", chunk)
            self._cursor.execute(
                f"SELECT EXISTS (SELECT 1 FROM receipts WHERE first = 1 AND {among})", values
            )
            if self._cursor.fetchone()[0]:
                return False
        return all(self._stands(upstream) == position for upstream, position in self._stood.items())

    # --- adding -------------------------------------------------------------------------------------------

    def record(
        self,
        upstream: str,
        seq: int,
        key: bytes | None,
        digest: bytes,
        disposition: Disposition,
        first: bool,
        reason: str | None = None,
        kind: str | None = None,
        relationship: UUID | None = None,
    ) -> None:
        """Account for a message; ``first`` marks the first that bore its key."""
        receipt = Receipt(upstream, seq, key, digest, disposition, first, reason, kind, relationship)
        self._new[upstream, seq] = receipt
        if first and key is not None:
            self._new_firsts[key] = receipt
        self._added[disposition] += 1

    def revise(
        self,
        upstream: str,
        seq: int,
        disposition: Disposition,
        reason: str | None = None,
        relationship: UUID | None = None,
    ) -> None:
        """What became of a message later: it no longer waits, waits for another reason, or was taken up again.

        Whose it is stays as it was told before, where it is not told now.
        """
        receipt = self.seen(upstream, seq)
        if receipt is None:
            raise LookupError(f"there is no receipt for sequence {seq}")
        self._added[receipt.disposition] -= 1
        self._added[disposition] += 1
        if (upstream, seq) in self._new:
            self._new[upstream, seq] = revised = receipt._replace(
                disposition=disposition,
                reason=reason,
                relationship=relationship or receipt.relationship,
            )
            if revised.first and revised.key is not None:
                self._new_firsts[revised.key] = revised
            return
        self._cursor.execute(
            "UPDATE receipts SET disposition = ?, reason = ?, relationship = coalesce(?, relationship)"
            " WHERE upstream = ? AND seq = ?",
            (disposition.value, reason, _bytes(relationship), self.upstream_id(upstream), seq),
        )

    def claim(self, upstream: str, seq: int, key: bytes, digest: bytes) -> None:
        """The message at ``seq`` can be read at last, and is the first that bears ``key``."""
        self._cursor.execute(
            "UPDATE receipts SET key = ?, digest = ?, first = 1 WHERE upstream = ? AND seq = ?",
            (key, digest, self.upstream_id(upstream), seq),
        )

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count that is no disposition, such as members dropped from messages."""
        self._added[name] += number

    def move_position(self, upstream: str, seq: int) -> None:
        """``upstream`` was taken in up to ``seq``; a position never goes back."""
        self._positions[upstream] = max(seq, self.position(upstream))

    def upstream_id(self, upstream: str) -> int:
        """The short number of ``upstream``, given when it is first met."""
        self._cursor.execute("SELECT id FROM upstreams WHERE name = ?", (upstream,))
        row = self._cursor.fetchone()
        if row is None:
            self._cursor.execute("INSERT INTO upstreams (name) VALUES (?) RETURNING id", (upstream,))
            row = self._cursor.fetchone()
        return int(row[0])

    def flush(self) -> None:
        """Write what was gathered, at the end of the unit of work."""
        names = {upstream for upstream, _ in self._new} | set(self._positions)
        ids = {name: self.upstream_id(name) for name in names}
        self._cursor.insert(
            "receipts",
            [
                (
                    ids[upstream],
                    seq,
                    key,
                    digest,
                    str(disposition),
                    int(first),
                    reason,
                    kind,
                    None if relationship is None else relationship.bytes,
                )
                for upstream, seq, key, digest, disposition, first, reason, kind, relationship in self._new.values()
            ],
        )
        self._cursor.executemany(
            "INSERT INTO counts VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET number = counts.number + excluded.number",
            [(str(name), number) for name, number in self._added.items() if number],
        )
        self._cursor.executemany(
            "UPDATE upstreams SET position = ? WHERE id = ?",
            [(position, ids[name]) for name, position in self._positions.items()],
        )
        self._new, self._new_firsts, self._added, self._positions = {}, {}, Counter(), {}
