"""Looking at facts and keys from outside: without a service or writing, whatever is left of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from pydantic import TypeAdapter
from pydantic_core import from_json

from workflow.aggregates.events import EVENTS
from workflow.diagnosis import Finding, ok, trouble
from workflow.errors import Stopped
from workflow.store.keys import CHECK
from workflow.store.master import derive, read_master_key
from workflow.store.receipts import Disposition
from workflow.store.unfinished import TODO, said
from workflow.store.upcasting import STEPS

_SKEW = timedelta(minutes=5)
_AT_ONCE = 1000
_INSTANT = TypeAdapter(datetime)


class Looked(Protocol):
    """A database that is looked at, all of one moment; rows of the log come as they are asked for."""

    @property
    def events(self) -> str:
        """The columns of an event: position, stream, version, stored name, stored form."""
        ...

    @property
    def position(self) -> str:
        """The column of its position."""
        ...

    def execute(self, statement: str, /) -> Iterable[Any]:
        """The rows that a query finds."""
        ...

    def has(self, table: str) -> bool:
        """Whether there is such a table: none that is new is in what an earlier version made."""
        ...


Look = Callable[[], AbstractContextManager[Looked | None]]
"""Opens a database to be looked at; None where there is none."""


def keys(look: Look, master_key_file: Path) -> Iterator[Finding]:
    """Whether the master key is the one that the keys are wrapped by, and how many there are."""
    if not master_key_file.exists():
        with look() as db:
            if db is not None and db.has("keys"):
                said = f"there is no {master_key_file}, and all keys are wrapped by it"
                yield trouble("master key", said, "restore it, or name it in MENTORING_MASTER_KEY_FILE")
        return
    try:
        master_key = read_master_key(master_key_file)
    except Stopped as error:
        yield trouble("master key", error.detail, "set its mode to 0600, or restore it")
        return
    with look() as db:
        if db is None or not db.has("keys"):
            return
        wrapped = next(iter(db.execute(f"SELECT wrapped FROM keys WHERE scope = '{CHECK}'")), None)
        ((living, gone),) = db.execute("SELECT count(wrapped), count(*) - count(wrapped) FROM keys")
    try:
        if wrapped is not None:
            aes_key_unwrap(derive(master_key, "data keys"), wrapped[0])
    except InvalidUnwrap:
        yield trouble(
            "master key",
            "it is not the one that the data keys were wrapped by",
            "restore the right one: without it nothing sealed is ever read again",
        )
        return
    yield ok("master key", f"it fits; {max(0, living - 1)} keys, {gone} destroyed")


def log(look: Look, now: datetime, heed: Callable[[int, int], None], restore: str) -> Iterator[Finding]:
    """Whether positions and versions have no holes, times never decrease, and every event can be read.

    ``restore`` says how to have back what is not whole.
    """
    with look() as db:
        if db is None or not db.has("stored_events"):
            return
        head = _head(db)
        simulated = next(iter(db.execute("SELECT 1 FROM clock")), None) is not None
        versions: dict[str, int] = {}
        at: datetime | None = None
        position = 0
        for row, stream, version, topic, state in db.execute(
            f"SELECT {db.events} FROM stored_events ORDER BY {db.position}"
        ):
            wrong = _wrong(position, versions.get(stream, 0), row, version, topic)
            recorded_at = None if wrong else _recorded_at(state)
            if wrong is None and recorded_at is None:
                wrong = "cannot be read"
            if wrong is None and at is not None and recorded_at is not None and recorded_at < at:
                wrong = "is said to be recorded before the event before it"
            if wrong is not None:
                yield trouble("log", f"the event at position {row} {wrong}", restore)
                return
            position, versions[stream], at = row, version, recorded_at
            if position % _AT_ONCE == 0:
                heed(position, head)
    yield ok("log", f"{position} events in {len(versions)} streams, without a hole")
    if at is not None and not simulated and at > now + _SKEW:
        yield trouble(
            "clock",
            f"this machine's clock shows {now:%Y-%m-%d %H:%M} UTC, and the last event is of {at:%Y-%m-%d %H:%M}",
            "set the clock right (is NTP at work?): until then everything is recorded as of that last event",
        )
    else:
        yield ok(
            "clock", "simulated" if simulated else f"{now:%Y-%m-%d %H:%M} UTC, later than the last event"
        )


def unfinished(look: Look) -> Iterator[Finding]:
    """Whether all of a log that was brought in is here."""
    with look() as db:
        if db is None or not db.has("imports"):
            return
        found = next(iter(db.execute("SELECT until FROM imports")), None)
        if found is not None:
            yield trouble("import", f"{said(_head(db), found[0])}, and no service starts on it", TODO)


def ledger(look: Look, restore: str) -> Iterator[Finding]:
    """Whether what was received is what became of it, and whatever waits or is parked has its body."""
    with look() as db:
        if db is None or not db.has("receipts"):
            return
        receipts = Counter(dict(db.execute("SELECT disposition, count(*) FROM receipts GROUP BY 1")))
        counted = dict(db.execute("SELECT name, number FROM counts"))
        bodies = {
            table: next(iter(db.execute(f"SELECT count(*) FROM {table}")))[0]
            for table in ("waiting", "parked")
        }
    for disposition in Disposition:
        name = disposition.value
        if receipts[name] != counted.get(name, 0):
            yield trouble(
                "receipts",
                f"{receipts[name]} messages have a receipt that says {name}, and {counted.get(name, 0)} were counted",
                restore,
            )
            return
    for name, number in bodies.items():
        if number != receipts[name]:
            yield trouble(
                "receipts",
                f"{receipts[name]} messages have a receipt that says {name}, and {number} bodies are kept",
                restore,
            )
            return
    held = f"{bodies['waiting']} wait, {bodies['parked']} are parked"
    yield ok("receipts", f"{receipts.total()} messages received, and as many accounted for; {held}")


def head(look: Look, failures: tuple[type[Exception], ...]) -> int | None:
    """Where the log ends; None where that cannot be read."""
    try:
        with look() as db:
            return None if db is None or not db.has("stored_events") else _head(db)
    except failures:
        return None


def positions(look: Look, failures: tuple[type[Exception], ...]) -> dict[str, int] | None:
    """How far each upstream was taken in; None where that cannot be read."""
    try:
        with look() as db:
            if db is None or not db.has("upstreams"):
                return {}
            return dict(db.execute("SELECT name, position FROM upstreams"))
    except failures:
        return None


def _head(db: Looked) -> int:
    ((found,),) = db.execute(f"SELECT coalesce(max({db.position}), 0) FROM stored_events")
    return int(found)


def _wrong(position: int, version: int, row: int, found: int, topic: str) -> str | None:
    if row != position + 1:
        return f"follows position {position}: what lay between them is missing"
    if found != version + 1:
        return f"has version {found} of its stream, where {version + 1} is to come"
    if topic not in EVENTS and topic not in STEPS:
        return "has a name that this version does not know; was it recorded by a newer one?"
    return None


def _recorded_at(state: bytes) -> datetime | None:
    try:
        return _INSTANT.validate_python(from_json(state)["metadata"]["recorded_at"])
    except (KeyError, TypeError, ValueError):
        return None
