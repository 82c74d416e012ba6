"""Lives laid down many times over, by the store's own way of writing: the rows that as many pairs would have left.

Each event stands as often as there are to be more of it, one pair's after the other's, as they would have come in. What
names anything in it (pairs, people, meetings, messages, the event itself) is another each time, and so it is in the
rows beside the events; people are sealed anew, under keys of their own. The first time all names stay, so that
messages which tell of the lives as they were first lived find them among the others.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from benchmarks.lives import Lives
from benchmarks.place import open_store
from tests.kept import FILES, Engine
from workflow.aggregates.events import Party, PolicyAdopted, ProgrammeOpened, RelationshipOpened
from workflow.aggregates.sealed import Sealed
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.ledger import Ledger
from workflow.store.master import load_master_key
from workflow.store.recorded import Recorded
from workflow.store.recorder import EventRow

_AT_ONCE = 50_000
"""Rows that are committed together."""

_ID = re.compile(rb"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_STAY = UUID("00000000-0000-f000-c000-000000000000").int
"""The bits that say that a number is an id, and of which kind."""

_OF_ALL = (ProgrammeOpened.name, PolicyAdopted.name)
T = TypeVar("T")


def lay(kept: Engine, lived: Path, folder: Path, told: Lives, times: int) -> None:
    """Lay these lives down so many times, in a new folder and whatever goes by it."""
    folder.mkdir()
    shutil.copy(lived / "master.key", folder)
    masks = [_mask(number) for number in range(times)]
    with open_store(FILES, lived) as source, open_store(kept, folder) as target:
        for rows in _parts(_events(source, target, told, masks), _AT_ONCE):
            with target.transaction() as cursor:
                target.recorder.insert_rows(cursor, rows)
        identities = Identities(load_master_key(folder / "master.key"))
        _Beside(source, target, masks).lay(told, identities)


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _mask(number: int) -> int:
    """What makes other ids of all ids, and the same of the first."""
    if not number:
        return 0
    return int.from_bytes(blake2b(b"%d" % number, digest_size=16).digest()) & ~_STAY


# --- events ------------------------------------------------------------------------------------------------


def _events(source: EventStore, target: EventStore, told: Lives, masks: Sequence[int]) -> Iterator[EventRow]:
    """All events in order; of the programme there are no others."""
    position = 0
    identities = {person.id: person.identities for pair in told.work.pairs for person in pair.people}
    for after in range(0, source.head(), _AT_ONCE):
        for recorded, row in zip(source.read(after, _AT_ONCE), source.rows(after, _AT_ONCE), strict=True):
            *_, topic, state = row
            if topic == RelationshipOpened.name:
                rows = _openings(target, recorded, identities, masks, position)
            else:
                rows = _others(row, masks[:1] if topic in _OF_ALL else masks)
                if b'"1.' in state:
                    raise SystemExit(f"growth: {topic} has something sealed")
            for stream, version, one in rows:
                position += 1
                yield position, stream, version, topic, one


def _others(row: EventRow, masks: Sequence[int]) -> Iterator[tuple[str, int, bytes]]:
    _, stream, version, _, state = row
    pieces = _ID.split(state)
    known = [int(piece.replace(b"-", b""), 16) for piece in pieces[1::2]]
    id = int(stream, 16)
    for mask in masks:
        pieces[1::2] = [_text(one ^ mask) for one in known]
        yield f"{id ^ mask:032x}", version, b"".join(pieces)


def _text(id: int) -> bytes:
    digits = b"%032x" % id
    return b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _openings(
    target: EventStore,
    recorded: Recorded,
    identities: dict[UUID, tuple[str, ...]],
    masks: Sequence[int],
    position: int,
) -> Iterator[tuple[str, int, bytes]]:
    opened, metadata = recorded.event, recorded.metadata
    assert isinstance(opened, RelationshipOpened)
    events = [
        opened.model_copy(
            update={
                "parties": tuple(
                    _party(party, identities[party.person], number, mask) for party in opened.parties
                )
            }
        )
        for number, mask in enumerate(masks)
    ]
    sealing = target.sealing
    sealing.ensure([scope for event in events for scope in sealing.scopes(recorded.stream, event)], position)
    for event, mask in zip(events, masks, strict=True):
        stream, event_id = _other(recorded.stream, mask), _other(metadata.event_id, mask)
        state = target.mapper.write(stream, event, event_id, metadata.recorded_at, metadata.origin)
        yield stream.hex, recorded.version, state


def _party(party: Party, identities: Sequence[str], number: int, mask: int) -> Party:
    person = _other(party.person, mask)
    sealed = (Sealed(_named(one, number), author=person, personal=True) for one in identities)
    return Party(person=person, role=party.role, identities=tuple(sealed))


def _other(id: UUID, mask: int) -> UUID:
    return UUID(int=id.int ^ mask)


def _named(identity: str, number: int) -> str:
    return f"{identity}.{number}" if number else identity


# --- what stands beside them --------------------------------------------------------------------------------


class _Beside:
    """The rows beside the events: who is who, what belongs to which pair, and what became of every message."""

    def __init__(self, source: EventStore, target: EventStore, masks: Sequence[int]) -> None:
        self._source, self._target = source, target
        self._masks = masks
        self._bytes = [mask.to_bytes(16) for mask in masks]

    def lay(self, told: Lives, identities: Identities) -> None:
        """Write them, table by table."""
        times = len(self._masks)
        with self._source.ledger() as ledger:
            instant = ledger.simulated_instant()
        for table in ("waiting", "parked", "departures"):
            if self._found(table):
                raise SystemExit(f"growth: there is something in {table}")
        self._insert("counts", [(name, number * times) for name, number in self._found("counts")])
        (upstream,) = self._found("upstreams")
        with self._target.transaction() as cursor:
            receipts = Ledger(cursor, self._target.keys).receipts
            receipts.move_position(upstream[1], upstream[2] * times)
            receipts.flush()
        for table, other in _OTHERS.items():
            found = self._found(table)
            self._insert(
                table, (other(row, times, n, mask) for row in found for n, mask in enumerate(self._bytes))
            )
        people = {person.id: person.identities for pair in told.work.pairs for person in pair.people}
        self._insert(
            "identities",
            (
                (identities.hash(_named(identity, number)), _xor(person.bytes, mask))
                for person, named in people.items()
                for number, mask in enumerate(self._bytes)
                for identity in named
            ),
        )
        assert instant is not None
        with self._target.transaction() as cursor:
            Ledger(cursor, self._target.keys).set_simulated_instant(instant)

    def _found(self, table: str) -> list[Any]:
        with self._source.recorder.snapshot() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            return cursor.fetchall()

    def _insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        for some in _parts(rows, _AT_ONCE):
            with self._target.transaction() as cursor:
                cursor.insert(table, some)


def _xor(id: bytes, mask: bytes) -> bytes:
    return (int.from_bytes(id) ^ int.from_bytes(mask)).to_bytes(len(id))


def _receipt(row: Sequence[Any], times: int, number: int, mask: bytes) -> Sequence[object]:
    _, seq, key, *others, relationship = row
    of = None if relationship is None else _xor(relationship, mask)
    return 1, (seq - 1) * times + number + 1, _xor(key, mask), *others, of


def _membership(row: Sequence[Any], _: int, __: int, mask: bytes) -> Sequence[object]:
    person, relationship = row
    return _xor(person, mask), _xor(relationship, mask)


def _relationship(row: Sequence[Any], _: int, __: int, mask: bytes) -> Sequence[object]:
    relationship, *others = row
    return _xor(relationship, mask), *others


def _uid(row: Sequence[Any], _: int, __: int, mask: bytes) -> Sequence[object]:
    uid, recurrence, relationship = row
    number = int.from_bytes(mask)
    said = _ID.sub(lambda id: _text(int(id[0].replace(b"-", b""), 16) ^ number), uid.encode())
    return said.decode(), recurrence, _xor(relationship, mask)


_OTHERS: dict[str, Callable[[Sequence[Any], int, int, bytes], Sequence[object]]] = {
    "receipts": _receipt,
    "memberships": _membership,
    "relationships": _relationship,
    "uids": _uid,
}
