"""Looking at ``events.db`` and ``keys.db`` from outside: without a service or writing, whatever is left of them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from pydantic import TypeAdapter
from pydantic_core import from_json

from workflow.aggregates.events import EVENTS
from workflow.diagnosis import RESTORE, Finding, ok, trouble, warning
from workflow.errors import Stopped
from workflow.store.master import derive, read_master_key
from workflow.store.receipts import Disposition
from workflow.store.sqlite.reading import read_only
from workflow.store.unfinished import TODO, said
from workflow.store.upcasting import STEPS

WAL_SOUND = (3, 51, 3)
"""SQLite before this version has a rare race when the write-ahead log is begun anew."""

_SKEW = timedelta(minutes=5)
_AT_ONCE = 1000
_INSTANT = TypeAdapter(datetime)


def sqlite() -> Iterator[Finding]:
    """The library that all three databases are read and written with."""
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < WAL_SOUND:
        yield warning(
            "SQLite",
            f"version {version} has a rare race when its write-ahead log is begun anew, mended in 3.51.3",
            "run the service with a Python whose SQLite is newer; until then keep backups, and let no other program "
            "write to the databases",
        )
    else:
        yield ok("SQLite", f"version {version}")


def integrity(path: Path, todo: str = RESTORE) -> Iterator[Finding]:
    """Whether SQLite can read the file, and finds its pages whole."""
    if not path.exists():
        return  # whether it should be there is said of the folder
    try:
        with closing(read_only(path)) as db:
            found = [str(row[0]) for row in db.execute("PRAGMA quick_check(1)")]
    except sqlite3.DatabaseError as error:
        yield trouble(path.name, f"SQLite cannot read it ({error})", todo)
        return
    if found == ["ok"]:
        yield ok(path.name, "its pages are whole")
    else:
        yield trouble(path.name, "its pages are damaged", todo)


def keys(path: Path, master_key_file: Path) -> Iterator[Finding]:
    """Whether the master key is the one that the keys are wrapped by, and how many there are."""
    if not master_key_file.exists():
        return
    try:
        master_key = read_master_key(master_key_file)
    except Stopped as error:
        yield trouble("master key", error.detail, "set its mode to 0600, or restore it")
        return
    if not path.exists():
        return
    with closing(read_only(path)) as db:
        wrapped = db.execute("SELECT wrapped FROM keys WHERE scope = 'check'").fetchone()
        living, gone = db.execute("SELECT count(wrapped), count(*) - count(wrapped) FROM keys").fetchone()
    try:
        if wrapped is not None:
            aes_key_unwrap(derive(master_key, "data keys"), wrapped[0])
    except InvalidUnwrap:
        yield trouble(
            "master key",
            f"it is not the one that the keys in {path.name} were wrapped by",
            "restore the right one: without it nothing sealed is ever read again",
        )
        return
    yield ok("master key", f"it fits; {max(0, living - 1)} keys, {gone} destroyed")


def log(path: Path, now: datetime, heed: Callable[[int, int], None]) -> Iterator[Finding]:
    """Whether positions and versions have no holes, times never decrease, and every event can be read."""
    if not path.exists():
        return
    with closing(read_only(path)) as db:
        (head,) = db.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()
        simulated = db.execute("SELECT 1 FROM clock").fetchone() is not None
        versions: dict[str, int] = {}
        at: datetime | None = None
        position = 0
        rows = db.execute(
            "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events ORDER BY 1"
        )
        for rowid, stream, version, topic, state in rows:
            wrong = _wrong(position, versions.get(stream, 0), rowid, version, topic)
            recorded_at = None if wrong else _recorded_at(state)
            if wrong is None and recorded_at is None:
                wrong = "cannot be read"
            if wrong is None and at is not None and recorded_at is not None and recorded_at < at:
                wrong = "is said to be recorded before the event before it"
            if wrong is not None:
                yield trouble("log", f"the event at position {rowid} {wrong}", RESTORE)
                return
            position, versions[stream], at = rowid, version, recorded_at
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
        yield ok("clock", "simulated" if simulated else f"{now:%Y-%m-%d %H:%M} UTC, behind the last event")


def unfinished(path: Path) -> Iterator[Finding]:
    """Whether all of a log that was brought in is here."""
    if not path.exists():
        return
    with closing(read_only(path)) as db:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'imports'").fetchone() is None:
            return  # it was made by an earlier version
        found = db.execute("SELECT until FROM imports").fetchone()
        if found is not None:
            (head,) = db.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()
            yield trouble("import", f"{said(head, found[0])}, and no service starts on it", TODO)


def ledger(path: Path) -> Iterator[Finding]:
    """Whether what was received is what became of it, and whatever waits or is parked has its body."""
    if not path.exists():
        return
    with closing(read_only(path)) as db:
        db.execute("BEGIN")  # all of one moment, for a service may go on
        receipts = Counter(
            dict(db.execute("SELECT disposition, count(*) FROM receipts GROUP BY 1").fetchall())
        )
        counted = dict(db.execute("SELECT name, number FROM counts").fetchall())
        bodies = {
            table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("waiting", "parked")
        }
    for disposition in Disposition:
        name = disposition.value
        if receipts[name] != counted.get(name, 0):
            yield trouble(
                "receipts",
                f"{receipts[name]} messages have a receipt that says {name}, and {counted.get(name, 0)} were counted",
                RESTORE,
            )
            return
    for name, number in bodies.items():
        if number != receipts[name]:
            yield trouble(
                "receipts",
                f"{receipts[name]} messages have a receipt that says {name}, and {number} bodies are kept",
                RESTORE,
            )
            return
    held = f"{bodies['waiting']} wait, {bodies['parked']} are parked"
    yield ok("receipts", f"{receipts.total()} messages received, and as many accounted for; {held}")


def head(path: Path) -> int | None:
    """Where the log ends; None where that cannot be read."""
    try:
        with closing(read_only(path)) as db:
            return int(db.execute("SELECT coalesce(max(rowid), 0) FROM stored_events").fetchone()[0])
    except sqlite3.DatabaseError:
        return None


def positions(path: Path) -> dict[str, int]:
    """How far each upstream was taken in, as far as that can be read."""
    try:
        with closing(read_only(path)) as db:
            return dict(db.execute("SELECT name, position FROM upstreams").fetchall())
    except sqlite3.DatabaseError:
        return {}


def _wrong(position: int, version: int, rowid: int, found: int, topic: str) -> str | None:
    if rowid != position + 1:
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
