"""Looking at files of SQLite from outside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from workflow.diagnosis import RESTORE, Finding, ok, trouble, warning
from workflow.store.sqlite.reading import read_only

WAL_SOUND = (3, 51, 3)
"""SQLite before this version has a rare race when the write-ahead log is begun anew."""

FAILURES = (sqlite3.DatabaseError,)


class LookedFile:
    """See ``workflow.store.examined.Looked``."""

    position = "rowid"
    events = "rowid, originator_id, originator_version, topic, state"

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def execute(self, statement: str, /) -> Iterable[Any]:
        """The rows that a query finds."""
        return self._db.execute(statement)

    def has(self, table: str) -> bool:
        """Whether there is such a table."""
        found = self._db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
        return found.fetchone() is not None


@contextmanager
def look(path: Path) -> Iterator[LookedFile | None]:
    """A file; None where there is none. Whether it should be there is said of the folder."""
    if not path.exists():
        yield None
        return
    with closing(read_only(path)) as db:
        db.execute("BEGIN")  # all of one moment, for a service may go on
        yield LookedFile(db)


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
