"""What the store asks of a database: a recorder of the event sourcing library that also lends out its transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from workflow.store.cursor import Cursor

Row = tuple[int, str, int, str, bytes]
"""Position, stream (hex), version, stored name, stored form."""


class Recorder(Protocol):
    """Where events lie, and the tables that commit with them."""

    @property
    def shared(self) -> bool:
        """Whether other processes may write to it as well."""
        ...

    def snapshot(self) -> AbstractContextManager[Cursor]:
        """A transaction for reading: all that it reads is of one moment."""
        ...

    def transaction(self) -> AbstractContextManager[Cursor]:
        """A transaction for writing, which commits at its end. From its start on nobody else writes."""
        ...

    def head(self, cursor: Cursor) -> int:
        """The position of the last event; in a transaction for writing, the next one is free."""
        ...

    def insert_rows(self, cursor: Cursor, rows: Sequence[Row]) -> None:
        """Insert events under the positions behind the head."""
        ...

    def select_page(self, cursor: Cursor, after: int, limit: int) -> list[Row]:
        """Events behind the position ``after``, in order."""
        ...

    def select_stream(
        self, cursor: Cursor, stream: UUID, after_version: int = 0, limit: int | None = None
    ) -> list[Row]:
        """The events of one stream behind ``after_version``, in order."""
        ...

    def last_version(self, cursor: Cursor, stream: str) -> int:
        """The version of the last event of a stream, given in hex; 0 where it has none."""
        ...

    def close(self) -> None:
        """Let go of every connection, once nobody uses it."""
        ...


class Kept(Protocol):
    """Where facts are kept: what the event sourcing library is told so that it makes a ``Recorder`` there."""

    def environment(self) -> Mapping[str, str]:
        """The library's environment, whole."""
        ...
