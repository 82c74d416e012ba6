"""Messages that cannot be applied: those that wait for something, and those parked for an operator.

Their bodies are encrypted under a key of the month in which they arrived, bound to the place in the
upstream that they came from. Destroying a month's key makes all its bodies unreadable at once. Beside each
lies, encrypted likewise, its label: what lists show of it, so that they open no body.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from workflow.store.cursor import Cursor
from workflow.store.instants import from_micros, to_micros
from workflow.store.keys import KeyStore
from workflow.store.receipts import Receipts


class Label(NamedTuple):
    """Who sent a message and what it is, in its own words; None where that could not be read.

    Neither is personal by the contract, but what does not fit the contract may say anything.
    """

    source: str | None = None
    type: str | None = None


UNLABELLED = Label()


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message kept aside. ``body`` is what came in; None where its month's key was destroyed."""

    id: int
    upstream: str
    seq: int
    arrived_at: datetime
    reason: str
    body: bytes | None
    label: Label

    def __repr__(self) -> str:
        return f"HeldMessage(id={self.id}, seq={self.seq}, reason={self.reason!r})"


@dataclass(frozen=True, slots=True)
class Outline:
    """A message kept aside, told of without opening its body.

    ``bytes`` is the body's length, None where its key was destroyed. ``source`` and ``type`` are None there,
    and where they could not be read.
    """

    id: int
    upstream: str
    seq: int
    arrived_at: datetime
    reason: str
    bytes: int | None
    source: str | None = None
    type: str | None = None


_NONCE = 12
_TAG = 16


def _bound_to(upstream: str, seq: int) -> bytes:
    return f"{upstream}\n{seq}".encode()


def _label_bound_to(upstream: str, seq: int) -> bytes:
    return b"label\n" + _bound_to(upstream, seq)


class HeldMessages:
    """One of the two tables of bodies, ``waiting`` or ``parked``, as a unit of work sees and changes it."""

    def __init__(
        self,
        cursor: Cursor,
        keys: KeyStore,
        receipts: Receipts,
        table: str,
        before_settling: Callable[[], object] = lambda: None,
    ) -> None:
        self._cursor = cursor
        self._keys = keys
        self._receipts = receipts
        self._table = table
        self._unawaited: set[str] = set()
        self._nobody_waits = False
        self._asked: set[str] = set()
        self._before_settling = before_settling

    def put(
        self,
        upstream: str,
        seq: int,
        body: bytes,
        *,
        arrived_at: datetime,
        reason: str,
        awaited: Iterable[str] = (),
        label: Label = UNLABELLED,
    ) -> int:
        """Keep a body, and what it waits for, under a number greater than any that a body ever had here."""
        scope = f"intake/{arrived_at:%Y-%m}"
        self._keys.ensure([scope])
        labelled = self._encrypt(scope, json.dumps(label).encode(), _label_bound_to(upstream, seq))
        box = self._encrypt(scope, body, _bound_to(upstream, seq))
        self._cursor.execute(
            f"INSERT INTO {self._table} (upstream, seq, arrived_at, reason, scope, label, box)"
            " VALUES (?,?,?,?,?,?,?) RETURNING id",
            (self._receipts.upstream_id(upstream), seq, to_micros(arrived_at), reason, scope, labelled, box),
        )
        number = int(self._cursor.fetchone()[0])
        if self._table == "waiting":
            rows = [(key, number) for key in awaited]
            self._cursor.insert("waiting_for", rows, missing=True)
            self._unawaited.difference_update(key for key, _ in rows)
            self._nobody_waits = False
        return number

    def prefetch(self, keys: Iterable[str]) -> None:
        """A batch may be about to ask who waits for these: find out together which nobody waits for."""
        asked = dict.fromkeys(keys)
        self._asked.update(asked)
        awaited = self._awaited_among(list(asked))
        self._nobody_waits = awaited is None
        if awaited is not None:
            self._unawaited.update(asked)
            self._unawaited -= awaited

    def still_valid(self) -> bool:
        """Whether what was answered of who waits is so now, others having committed meanwhile."""
        return not self._awaited_among(
            [key for key in self._asked if self._nobody_waits or key in self._unawaited]
        )

    def _awaited_among(self, keys: Sequence[str]) -> set[str] | None:
        """Those of some keys that somebody waits for; None where nobody waits for anything."""
        self._cursor.execute("SELECT EXISTS (SELECT 1 FROM waiting_for)")
        if not self._cursor.fetchone()[0]:
            return None
        found: set[str] = set()
        for chunk in self._cursor.chunks(keys):
            among, values = self._cursor.among("awaited", chunk)
            self._cursor.execute(f"SELECT DISTINCT awaited FROM waiting_for WHERE {among}", values)
            found.update(key for (key,) in self._cursor.fetchall())
        return found

    def next_awaiting(self, awaited: str, after: int) -> int | None:
        """The number of the first that waits for ``awaited`` behind number ``after``; whoever is told settles it."""
        if self._nobody_waits or awaited in self._unawaited:
            return None
        self._before_settling()
        self._cursor.execute(
            "SELECT body FROM waiting_for WHERE awaited = ? AND body > ? ORDER BY body LIMIT 1",
            (awaited, after),
        )
        row = self._cursor.fetchone()
        return None if row is None else int(row[0])

    def page(self, after: int = 0, limit: int = 100) -> list[HeldMessage]:
        """HeldMessages in order of arrival, from the one behind number ``after``."""
        return self._select("b.id > ? ORDER BY b.id LIMIT ?", [after, limit])

    def arrived_before(self, instant: datetime, limit: int) -> list[HeldMessage]:
        """HeldMessages that arrived at ``instant`` or earlier, the oldest first."""
        return self._select(
            "b.arrived_at <= ? ORDER BY b.arrived_at, b.id LIMIT ?", [to_micros(instant), limit]
        )

    def get(self, number: int) -> HeldMessage | None:
        """The body kept under ``number``."""
        found = self._select("b.id = ?", [number])
        return found[0] if found else None

    def outlines(self, after: int = 0, limit: int = 100) -> list[Outline]:
        """What is kept, in order of arrival, from the one behind number ``after``; no body is read."""
        return self._outlined("b.id > ? ORDER BY b.id LIMIT ?", [after, limit])

    def outline(self, number: int) -> Outline | None:
        """What is kept under ``number``, without its body."""
        found = self._outlined("b.id = ?", [number])
        return found[0] if found else None

    def awaited(self, numbers: Iterable[int]) -> dict[int, list[str]]:
        """What each of the messages kept under ``numbers`` waits for."""
        asked = list(numbers)
        found: dict[int, list[str]] = {number: [] for number in asked}
        for chunk in self._cursor.chunks(asked):
            among, values = self._cursor.among("body", chunk)
            self._cursor.execute(f"SELECT body, awaited FROM waiting_for WHERE {among}", values)
            for number, key in self._cursor.fetchall():
                found[number].append(key)
        return found

    def restate(self, number: int, reason: str) -> None:
        """It is still kept, for another reason."""
        self._cursor.execute(f"UPDATE {self._table} SET reason = ? WHERE id = ?", (reason, number))

    def remove(self, number: int) -> None:
        """The body is no longer needed here."""
        self._cursor.execute(f"DELETE FROM {self._table} WHERE id = ?", (number,))
        if self._table == "waiting":
            self._cursor.execute("DELETE FROM waiting_for WHERE body = ?", (number,))

    def __len__(self) -> int:
        self._cursor.execute(f"SELECT count(*) FROM {self._table}")
        return int(self._cursor.fetchone()[0])

    def _select(self, condition: str, values: Sequence[object]) -> list[HeldMessage]:
        self._cursor.execute(
            "SELECT b.id, u.name, b.seq, b.arrived_at, b.reason, b.scope, b.label, b.box"
            f" FROM {self._table} b JOIN upstreams u ON u.id = b.upstream WHERE {condition}",
            values,
        )
        return [
            HeldMessage(
                number,
                upstream,
                seq,
                from_micros(arrived_at),
                reason,
                self._open(upstream, seq, scope, box),
                self._label(upstream, seq, scope, label),
            )
            for number, upstream, seq, arrived_at, reason, scope, label, box in self._cursor.fetchall()
        ]

    def _outlined(self, condition: str, values: Sequence[object]) -> list[Outline]:
        # The length of a column stands before what it holds: SQLite tells it without reading that.
        self._cursor.execute(
            "SELECT b.id, u.name, b.seq, b.arrived_at, b.reason, b.scope, b.label, length(b.box)"
            f" FROM {self._table} b JOIN upstreams u ON u.id = b.upstream WHERE {condition}",
            values,
        )
        return [
            Outline(
                number,
                upstream,
                seq,
                from_micros(arrived_at),
                reason,
                None if self._keys.destroyed(scope) else length - _NONCE - _TAG,
                *self._label(upstream, seq, scope, label),
            )
            for number, upstream, seq, arrived_at, reason, scope, label, length in self._cursor.fetchall()
        ]

    def _label(self, upstream: str, seq: int, scope: str, box: bytes) -> Label:
        opened = self._decrypt(scope, box, _label_bound_to(upstream, seq))
        return UNLABELLED if opened is None else Label(*json.loads(opened))

    def _encrypt(self, scope: str, text: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._keys.cipher(scope).encrypt(nonce, text, bound_to)

    def _open(self, upstream: str, seq: int, scope: str, box: bytes) -> bytes | None:
        return self._decrypt(scope, box, _bound_to(upstream, seq))

    def _decrypt(self, scope: str, box: bytes, bound_to: bytes) -> bytes | None:
        if self._keys.destroyed(scope):
            return None
        return self._keys.cipher(scope).decrypt(box[:_NONCE], box[_NONCE:], bound_to)
