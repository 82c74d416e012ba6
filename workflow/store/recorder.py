"""What the store asks of a database: a recorder of the event sourcing library that also lends out its transactions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol
from uuid import UUID

from workflow.store.cursor import Cursor

EventRow = tuple[int, str, int, str, bytes]
"""Position, stream (hex), version, stored name, stored form."""


class Stand(NamedTuple):
    """The position of the last event, and how often anything was committed, where others may."""

    head: int
    commits: int


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
        """A transaction for writing, which commits at its end. Nothing is inserted before ``lock``."""
        ...

    def lock(self, cursor: Cursor) -> Stand:
        """How the log stands, to which nobody else adds from here on until the transaction has ended."""
        ...

    def stand(self, cursor: Cursor) -> Stand:
        """How the log stands now."""
        ...

    def which(self, cursor: Cursor) -> str:
        """Which log this is: what is known of another, such as one that a backup took the place of, is not of this."""
        ...

    def head(self, cursor: Cursor) -> int:
        """The position of the last event."""
        ...

    def insert_rows(self, cursor: Cursor, rows: Sequence[EventRow]) -> None:
        """Insert events under the positions behind the head."""
        ...

    def select_page(
        self, cursor: Cursor, after: int, limit: int, topics: Collection[str] | None = None
    ) -> list[EventRow]:
        """Events behind the position ``after``, in order; those of some stored names alone, where these are given."""
        ...

    def select_stream(
        self, cursor: Cursor, stream: UUID, after_version: int = 0, limit: int | None = None
    ) -> list[EventRow]:
        """The events of one stream behind ``after_version``, in order."""
        ...

    def select_streams(self, cursor: Cursor, streams: Sequence[UUID]) -> list[EventRow]:
        """All events of some streams, stream by stream, of each in order."""
        ...

    def select_by_streams(
        self,
        cursor: Cursor,
        behind: str,
        positions: tuple[int, int],
        limit: int,
        topics: Collection[str] | None,
    ) -> list[EventRow]:
        """Events of the streams behind one (hex), stream by stream, of each in order.

        Those behind the first position and up to the second alone; and of some stored names, where these are given.
        """
        ...

    def last_version(self, cursor: Cursor, stream: str) -> int:
        """The version of the last event of a stream, given in hex; 0 where it has none."""
        ...

    def changed_since(self, cursor: Cursor, after: int) -> list[tuple[str, str]]:
        """The streams (hex) that events behind the position ``after`` are of, with the events' stored names."""
        ...

    def close(self) -> None:
        """Let go of every connection, once nobody uses it."""
        ...


class Kept(Protocol):
    """Where facts are kept: what the event sourcing library is told so that it makes a ``Recorder`` there."""

    def environment(self) -> Mapping[str, str]:
        """The library's environment, whole."""
        ...
