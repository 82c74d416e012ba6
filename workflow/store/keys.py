"""The data keys: one per author in a relationship, one per person, one per month of intake.

They lie in a file of their own, so that backups of facts and backups of keys can be kept and destroyed
apart, each wrapped by a key from the master key. A key is durable before anything is sealed under it, is
never made by reading, and leaves a tombstone when it is destroyed.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from workflow.errors import NotFound, Stopped, Unavailable
from workflow.failpoints import hit
from workflow.secret_files import own_database
from workflow.store.master import derive

CACHED = 4096
CACHED_SECONDS = 60.0
_CHECK = "check"
# A destroyed key has no `wrapped`; `used` says that what it was made for is known to be stored; `head` is the
# last position of the log that the key was made for, where that was told.
_TABLE = (
    "CREATE TABLE IF NOT EXISTS keys"
    " (scope TEXT PRIMARY KEY, wrapped BLOB, used INTEGER NOT NULL DEFAULT 0, head INTEGER) WITHOUT ROWID"
)
_CHUNK = 500


class KeyDestroyed(NotFound):
    """The key was destroyed, and what was sealed under it cannot be read any more."""

    code = "destroyed"


class KeyStore:
    """The data keys by scope; safe to use from several threads."""

    def __init__(
        self, path: Path, master_key: bytes, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wrapping = derive(master_key, "data keys")
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._cache: OrderedDict[str, tuple[float, AESGCM | None]] = OrderedDict()
        own_database(path)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise Stopped(
                f"{path.name} cannot be read ({error}); restore it from its backup", code="store_damaged"
            ) from error
        self._check_master_key()

    def ensure(self, scopes: Iterable[str], head: int | None = None) -> None:
        """Make the keys that are missing among ``scopes``, durably and in one commit, before they are used.

        A destroyed key is not made again. ``head`` is where the log ends that the keys are made for: without
        it they are never swept.
        """
        with self._lock:
            missing = [scope for scope in dict.fromkeys(scopes) if self._cached(scope) is None]
            stored = self._load(missing)
            missing = [scope for scope in missing if scope not in stored]
            if not missing:
                return
            rows = [(scope, aes_key_wrap(self._wrapping, secrets.token_bytes(32)), head) for scope in missing]
            hit("keys.before")
            with self._transaction():
                self._db.executemany(
                    "INSERT OR IGNORE INTO keys (scope, wrapped, head) VALUES (?, ?, ?)", rows
                )
            hit("keys.after")
            self._load(missing)

    def cipher(self, scope: str) -> AESGCM:
        """What seals and opens under ``scope``."""
        with self._lock:
            entry = self._cached(scope)
            if entry is None:
                self._load([scope])
                entry = self._cached(scope)
        if entry is None:
            raise NotFound("the key to this text is not in the key store", code="key_missing")
        if entry[1] is None:
            raise KeyDestroyed("the key to this text was destroyed")
        return entry[1]

    def destroyed(self, scope: str) -> bool:
        """Whether the key was destroyed."""
        try:
            self.cipher(scope)
        except KeyDestroyed:
            return True
        except NotFound:
            return False
        return False

    def destroy(self, scopes: Iterable[str]) -> None:
        """Destroy keys for good, those that never were included: nothing is ever sealed under them again.

        ``Unavailable`` where a reader holds on to what the file said before: they are in it until this is done again.
        """
        with self._lock:
            gone = list(scopes)
            with self._transaction():
                self._db.executemany(
                    "INSERT INTO keys (scope, wrapped) VALUES (?, NULL)"
                    " ON CONFLICT (scope) DO UPDATE SET wrapped = NULL",
                    [(scope,) for scope in gone],
                )
            for scope in gone:
                self._cache.pop(scope, None)
            # What was overwritten must live on neither in the file nor in the write-ahead log.
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise Unavailable(
                "somebody reads the key store, so that destroyed keys are still in its file; end that reading",
                code="keys_being_read",
            )

    def sweep(self, in_use: Callable[[str], bool], head: int) -> list[str]:
        """Remove keys whose append never came about. Only for the start: no writer may be at work.

        Only a log that has grown since a key was made, to ``head``, can prove that: one that has not may be
        an older copy, and the facts sealed under the key stand in the newer.
        """
        with self._lock:
            fresh = [
                scope
                for (scope,) in self._db.execute(
                    "SELECT scope FROM keys"
                    " WHERE used = 0 AND wrapped IS NOT NULL AND head < ? AND scope <> ?",
                    (head, _CHECK),
                )
            ]
            orphans = [scope for scope in fresh if not in_use(scope)]
            known = set(fresh) - set(orphans)
            with self._transaction():
                self._db.executemany("DELETE FROM keys WHERE scope = ?", [(scope,) for scope in orphans])
                self._db.executemany(
                    "UPDATE keys SET used = 1 WHERE scope = ?", [(scope,) for scope in known]
                )
            for scope in orphans:
                self._cache.pop(scope, None)
            return orphans

    def close(self) -> None:
        """Let go of the file and of every key in memory."""
        with self._lock:
            self._cache.clear()
            self._db.close()

    def __repr__(self) -> str:
        return "KeyStore(…)"

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

    def _cached(self, scope: str) -> tuple[float, AESGCM | None] | None:
        entry = self._cache.get(scope)
        if entry is None:
            return None
        if entry[0] <= self._monotonic():
            del self._cache[scope]
            return None
        self._cache.move_to_end(scope)
        return entry

    def _load(self, scopes: list[str]) -> set[str]:
        """Bring stored keys, and tombstones, into the cache; the scopes that were found."""
        found: set[str] = set()
        until = self._monotonic() + CACHED_SECONDS
        for start in range(0, len(scopes), _CHUNK):
            chunk = scopes[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            rows = self._db.execute(
                f"SELECT scope, wrapped FROM keys WHERE scope IN ({marks})", chunk
            ).fetchall()
            for scope, wrapped in rows:
                found.add(scope)
                cipher = None if wrapped is None else AESGCM(aes_key_unwrap(self._wrapping, wrapped))
                self._cache[scope] = (until, cipher)
        while len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return found

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

    def _check_master_key(self) -> None:
        """Refuse a master key that is not the one these keys were wrapped by."""
        row = self._db.execute("SELECT wrapped FROM keys WHERE scope = ?", (_CHECK,)).fetchone()
        if row is None:
            wrapped = aes_key_wrap(self._wrapping, secrets.token_bytes(32))
            self._db.execute(
                "INSERT OR IGNORE INTO keys (scope, wrapped, used) VALUES (?, ?, 1)", (_CHECK, wrapped)
            )
            return
        try:
            aes_key_unwrap(self._wrapping, row[0])
        except InvalidUnwrap:
            self._db.close()
            raise Stopped(
                "the master key is not the one that the keys in keys.db were wrapped by; restore it",
                code="master_key_wrong",
            ) from None
