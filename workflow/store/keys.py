"""The data keys: one per author in a relationship, one per person, one per month of intake.

They lie in a file or a database of their own, so that backups of facts and backups of keys can be kept and destroyed
apart, each wrapped by a key from the master key. A key is durable before anything is sealed under it, is
never made by reading, and leaves a tombstone when it is destroyed.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from workflow.errors import NotFound, Stopped
from workflow.failpoints import hit
from workflow.store.master import derive

CACHED = 4096
CACHED_SECONDS = 60.0
CHECK = "check"
"""The scope of a key that seals nothing: it tells whether the master key is the right one."""


class KeyRows(Protocol):
    """Where wrapped keys lie: a row a scope. A destroyed key has no ``wrapped``, and its row stays."""

    def load(self, scopes: Sequence[str]) -> list[tuple[str, bytes | None]]:
        """The rows of those that are there: scope and wrapped key."""
        ...

    def add(self, rows: Sequence[tuple[str, bytes, int | None]]) -> None:
        """Keep keys that are missing, durably: scope, wrapped key, and where the log ended that each was made for."""
        ...

    def destroy(self, scopes: Sequence[str]) -> None:
        """Let nothing be left of these keys, those that never were included, but that they are destroyed.

        ``Unavailable`` where something is left for now: they are to be destroyed again.
        """
        ...

    def unproven(self, head: int) -> list[str]:
        """The scopes of living keys not known to be in use, made for a log that ended before ``head``."""
        ...

    def prove(self, used: Sequence[str], orphans: Sequence[str]) -> None:
        """Some of them are in use; the orphans are removed."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class KeyDestroyed(NotFound):
    """The key was destroyed, and what was sealed under it cannot be read any more."""

    code = "destroyed"


class KeyStore:
    """The data keys by scope; safe to use from several threads."""

    def __init__(
        self, rows: KeyRows, master_key: bytes, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rows = rows
        self._wrapping = derive(master_key, "data keys")
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._cache: OrderedDict[str, tuple[float, AESGCM | None]] = OrderedDict()
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
            self._rows.add(rows)
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
            for scope in gone:
                self._cache.pop(scope, None)
            self._rows.destroy(gone)

    def sweep(self, in_use: Callable[[str], bool], head: int) -> list[str]:
        """Remove keys whose append never came about. Nobody may append meanwhile: under the lock of the log.

        Another process may know such a key still. It seals nothing under it: what it tries anew has other ids.

        Only a log that has grown since a key was made, to ``head``, can prove that: one that has not may be
        an older copy, and the facts sealed under the key stand in the newer.
        """
        with self._lock:
            fresh = [scope for scope in self._rows.unproven(head) if scope != CHECK]
            orphans = [scope for scope in fresh if not in_use(scope)]
            known = set(fresh) - set(orphans)
            self._rows.prove(sorted(known), orphans)
            for scope in orphans:
                self._cache.pop(scope, None)
            return orphans

    def close(self) -> None:
        """Let go of what they lie in, and of every key in memory."""
        with self._lock:
            self._cache.clear()
            self._rows.close()

    def __repr__(self) -> str:
        return "KeyStore(…)"

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
        for scope, wrapped in self._rows.load(scopes) if scopes else ():
            found.add(scope)
            cipher = None if wrapped is None else AESGCM(aes_key_unwrap(self._wrapping, wrapped))
            self._cache[scope] = (until, cipher)
        while len(self._cache) > CACHED:
            self._cache.popitem(last=False)
        return found

    def _check_master_key(self) -> None:
        """Refuse a master key that is not the one these keys were wrapped by."""
        if not self._rows.load([CHECK]):
            self._rows.add([(CHECK, aes_key_wrap(self._wrapping, secrets.token_bytes(32)), None)])
        ((_, wrapped),) = self._rows.load([CHECK])
        try:
            aes_key_unwrap(self._wrapping, wrapped or b"")
        except (InvalidUnwrap, ValueError):
            self._rows.close()
            raise Stopped(
                "the master key is not the one that the data keys were wrapped by; restore it",
                code="master_key_wrong",
            ) from None
