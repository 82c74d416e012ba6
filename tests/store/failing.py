"""Commits that fail for a while."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from tests.store.place import Place
from workflow.store.cursor import Cursor


class BrokenCommit:
    """Makes the store's commits fail for a while, as a full disk does."""

    def __init__(self, place: Place, failures: int) -> None:
        self.left = failures
        self.runs = 0
        self._transaction = place.store.transaction
        place.store.transaction = self  # type: ignore[method-assign]

    @contextmanager
    def __call__(self, *, locked: bool = True) -> Iterator[Cursor]:
        with self._transaction(locked=locked) as cursor:
            self.runs += 1
            yield cursor
            if self.left > 0:
                self.left -= 1
                raise sqlite3.OperationalError("disk I/O error")
