"""Wrapped keys in a file of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from workflow.errors import Stopped, Unavailable
from workflow.secret_files import own_database
from workflow.store.sqlite.cursor import SqliteCursor

# `used` says that what a key was made for is known to be stored; `head` is the last position of the log that it was
# made for, where that was told.
_TABLE = (
    "CREATE TABLE IF NOT EXISTS keys"
    " (scope TEXT PRIMARY KEY, wrapped BLOB, used INTEGER NOT NULL DEFAULT 0, head INTEGER) WITHOUT ROWID"
)


class KeyFile:
    """See ``workflow.store.keys.KeyRows``."""

    def __init__(self, path: Path) -> None:
        own_database(path)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise Stopped(
                f"{path.name} cannot be read ({error}); restore it from its backup", code="store_damaged"
            ) from error

    def load(self, scopes: Sequence[str]) -> list[tuple[str, bytes | None]]:
        """The rows of those that are there."""
        found, cursor = [], self._db.cursor(SqliteCursor)
        for chunk in cursor.chunks(scopes):
            among, values = cursor.among("scope", chunk)
            found += cursor.execute(f"SELECT scope, wrapped FROM keys WHERE {among}", values).fetchall()
        return found

    def add(self, rows: Sequence[tuple[str, bytes, int | None]]) -> None:
        """Keep keys that are missing, durably and in one commit."""
        with self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO keys (scope, wrapped, head) VALUES (?, ?, ?)", rows)

    def destroy(self, scopes: Sequence[str]) -> None:
        """Let nothing be left of these keys; ``Unavailable`` where a reader holds on to what the file said before."""
        with self._transaction():
            self._db.executemany(
                "INSERT INTO keys (scope, wrapped) VALUES (?, NULL)"
                " ON CONFLICT (scope) DO UPDATE SET wrapped = NULL",
                [(scope,) for scope in scopes],
            )
        # What was overwritten must live on neither in the file nor in the write-ahead log.
        (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise Unavailable(
                "somebody reads the key store, so that destroyed keys are still in its file; end that reading",
                code="keys_being_read",
            )

    def unproven(self, head: int) -> list[str]:
        """The scopes of living keys not known to be in use, made for a log that ended before ``head``."""
        found = self._db.execute(
            "SELECT scope FROM keys WHERE used = 0 AND wrapped IS NOT NULL AND head < ?", (head,)
        )
        return [scope for (scope,) in found]

    def prove(self, used: Sequence[str], orphans: Sequence[str]) -> None:
        """Some of them are in use; the orphans are removed."""
        with self._transaction():
            self._db.executemany("DELETE FROM keys WHERE scope = ?", [(scope,) for scope in orphans])
            self._db.executemany("UPDATE keys SET used = 1 WHERE scope = ?", [(scope,) for scope in used])

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing; whatever fails, the next one can begin."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _prepare(self) -> None:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
            "busy_timeout = 5000",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(_TABLE)
        if "head" not in {row[1] for row in self._db.execute("PRAGMA table_info(keys)")}:
            self._db.execute("ALTER TABLE keys ADD COLUMN head INTEGER")
