"""The log of all facts, for reading; and the one way into it, which the writer alone takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, cast
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.utils import Environment, EnvType

from workflow.aggregates.events import Event
from workflow.errors import Stopped
from workflow.failpoints import hit
from workflow.store.cursor import Cursor
from workflow.store.keys import KeyDestroyed, KeyStore
from workflow.store.ledger import Ledger
from workflow.store.mapper import EventMapper
from workflow.store.recorded import Origin, Recorded
from workflow.store.recorder import EventRow, Kept, Recorder
from workflow.store.sealing import Sealing, can_hold_sealed
from workflow.store.unfinished import Imports, refusal
from workflow.store.upcasting import stored_names


class Staged(NamedTuple):
    """Events decided together, waiting for the commit of their batch. ``version`` is the first one's."""

    stream: UUID
    version: int
    events: Sequence[Event]
    origin: Origin
    recorded_at: datetime


class Facts(Application[UUID]):
    """The event sourcing library's application over our mapper and our recorder.

    Its environment is given whole: what happens to be set for the process must not change how facts are kept.
    """

    def __init__(self, kept: Kept, sealing: Sealing) -> None:
        self._sealing = sealing
        super().__init__(dict(kept.environment()))

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Only what is given, and nothing from the process."""
        return Environment(name, dict(env or {}))

    def construct_mapper(self) -> EventMapper:
        """Our mapper."""
        return EventMapper(self._sealing)


class EventStore:
    """Reads what happened. Safe to use from several threads; every read is of one consistent moment."""

    def __init__(self, kept: Kept, keys: KeyStore) -> None:
        self.keys = keys
        self.sealing = Sealing(keys)
        self.facts = Facts(kept, self.sealing)
        assert isinstance(self.facts.mapper, EventMapper)
        self.mapper: EventMapper = self.facts.mapper
        self.recorder = cast("Recorder", self.facts.recorder)

    @property
    def elsewhere(self) -> bool:
        """Whether another process finds what is asked for."""
        return self.recorder.shared

    # --- reading ------------------------------------------------------------------------------------------

    def read(self, after: int, limit: int) -> list[Recorded]:
        """Facts behind the position ``after``, in order; an empty list means that there are no more yet."""
        with self.recorder.snapshot() as cursor:
            rows = self.recorder.select_page(cursor, after, limit)
        return self.decode(rows)

    def rows(self, after: int, limit: int) -> list[EventRow]:
        """Facts behind the position ``after`` as they lie there, for whoever hands them on unread."""
        with self.recorder.snapshot() as cursor:
            return self.recorder.select_page(cursor, after, limit)

    def page(
        self, after: int, limit: int, names: Collection[str] | None = None
    ) -> tuple[list[EventRow], int]:
        """Facts behind the position ``after`` as they lie there; and up to which position there are no others.

        Where ``names`` of events are given, those that are read as such alone.
        """
        topics = None if names is None else stored_names(names)
        with self.recorder.snapshot() as cursor:
            rows = self.recorder.select_page(cursor, after, limit, topics)
            return rows, rows[-1][0] if len(rows) == limit else max(after, self.recorder.head(cursor))

    def streams(
        self, behind: str, positions: tuple[int, int], limit: int, names: Collection[str] | None = None
    ) -> tuple[list[EventRow], str | None]:
        """All facts of streams behind one (hex), in the order of ids, about ``limit``; and the last of these streams.

        That is None where no others are left. Facts behind the first position and up to the second alone; and of some
        names, where these are given.
        """
        topics = None if names is None else stored_names(names)
        while True:
            with self.recorder.snapshot() as cursor:
                rows = self.recorder.select_by_streams(cursor, behind, positions, limit, topics)
            if len(rows) < limit:
                return rows, None
            last = rows[-1][1]  # the page may end within it
            if whole := bisect_left(rows, last, key=itemgetter(1)):
                return rows[:whole], rows[whole - 1][1]
            limit *= 2

    def last_version(self, stream: str) -> int:
        """The version of the last fact of a stream, given in hex; 0 where it has none."""
        with self.recorder.snapshot() as cursor:
            return self.recorder.last_version(cursor, stream)

    def stream(self, id: UUID, after_version: int = 0, limit: int | None = None) -> list[Recorded]:
        """The facts of one relationship or programme, in order, and at most so many where a limit is given."""
        with self.recorder.snapshot() as cursor:
            rows = self.recorder.select_stream(cursor, id, after_version, limit)
        return self.decode(rows)

    def head(self) -> int:
        """The position of the last fact; 0 where there is none."""
        with self.recorder.snapshot() as cursor:
            return self.recorder.head(cursor)

    def stands(self, until: int | None = None) -> tuple[int, datetime | None]:
        """Where the log ends, and where its simulated clock stands; None where it has none. Both of one moment.

        Where the log goes on behind ``until``, it is where the clock stood at the fact there.
        """
        with self.recorder.snapshot() as cursor:
            head, instant = self.recorder.head(cursor), Ledger(cursor, self.keys).simulated_instant()
            rows = [] if until is None or until >= head else self.recorder.select_page(cursor, until - 1, 1)
        if instant is not None and rows:
            instant = self.decode(rows)[0].metadata.recorded_at
        return head, instant

    def unfinished(self) -> Stopped | None:
        """Why nothing may be added to this log: it is being brought in, and not all of it is here."""
        with self.recorder.snapshot() as cursor:
            return self.unfinished_within(cursor)

    def unfinished_within(self, cursor: Cursor) -> Stopped | None:
        """As ``unfinished``, as the transaction of ``cursor`` sees it."""
        found = Imports(cursor).unfinished()
        return None if found is None else refusal(self.recorder.head(cursor), found)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """What stands beside the facts (receipts, waiting, parked …), as of one moment, for reading only."""
        with self.recorder.snapshot() as cursor:
            yield Ledger(cursor, self.keys)

    def unseal(self, recorded: Recorded, path: str) -> str:
        """The sealed text at ``path`` of an event, such as ``measures.0.what``, for readers who may see it.

        Whether they may is for the caller to have settled. ``KeyDestroyed`` is raised where it is gone.
        """
        return self.sealing.open(recorded, path)

    def unsealed(self, recorded: Recorded, path: str) -> str | None:
        """As ``unseal``, with None where the key is gone."""
        try:
            return self.unseal(recorded, path)
        except KeyDestroyed:
            return None

    def close(self) -> None:
        """Let go of every connection, once nobody reads by it."""
        self.recorder.close()
        self.facts.close()

    def decode(self, rows: Sequence[EventRow]) -> list[Recorded]:
        """The facts that these rows store."""
        return self.mapper.decoded(rows)

    # --- for the writer -----------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, *, locked: bool = True) -> Iterator[Cursor]:
        """A write transaction that commits at its end; once it is ``locked`` nobody else writes until then."""
        with self.recorder.transaction() as cursor:
            if locked:
                self.recorder.lock(cursor)
            yield cursor

    def replay(self, cursor: Cursor, id: UUID) -> list[Event]:
        """A stream's events as the transaction of ``cursor`` sees them."""
        decode = self.mapper.decode_event
        return [decode(topic, state) for *_, topic, state in self.recorder.select_stream(cursor, id)]

    def replay_all(self, cursor: Cursor, ids: Sequence[UUID]) -> Iterator[tuple[UUID, list[Event]]]:
        """The events of those streams that have any, as the transaction of ``cursor`` sees them; asked for at once."""
        decode = self.mapper.decode_event
        rows = self.recorder.select_streams(cursor, ids) if ids else []
        for stream, some in groupby(rows, key=itemgetter(1)):
            yield UUID(stream), [decode(topic, state) for *_, topic, state in some]

    def stream_within(self, cursor: Cursor, id: UUID) -> list[Recorded]:
        """A stream's facts as the transaction of ``cursor`` sees them."""
        return self.decode(self.recorder.select_stream(cursor, id))

    def append(self, cursor: Cursor, staged: Sequence[Staged], head: int, new_id: Callable[[], UUID]) -> None:
        """Store events behind the position ``head``; the keys that they need are durable first."""
        hit("append.before")
        self.sealing.ensure(
            [
                scope
                for entry in staged
                for event in entry.events
                if can_hold_sealed(type(event))
                for scope in self.sealing.scopes(entry.stream, event)
            ],
            head,
        )
        rows: list[EventRow] = []
        position, write = head, self.mapper.write
        for stream, version, events, origin, recorded_at in staged:
            stream_hex = stream.hex
            for offset, event in enumerate(events):
                position += 1
                state = write(stream, event, new_id(), recorded_at, origin)
                rows.append((position, stream_hex, version + offset, event.name, state))
        self.recorder.insert_rows(cursor, rows)
        hit("append.after")

    def last_recorded_at(self, cursor: Cursor) -> datetime | None:
        """When the last fact was recorded; None where there is none."""
        head = self.recorder.head(cursor)
        rows = self.recorder.select_page(cursor, head - 1, 1)
        return self.decode(rows)[0].metadata.recorded_at if rows else None

    def sweep_keys(self, cursor: Cursor) -> list[str]:
        """Remove keys of relationships that never came about, for no writer was at work; their scopes.

        Persons' keys and intake's stay: they are not made for one stream, and an unused one hides nothing.
        """

        def in_use(scope: str) -> bool:
            stream, _, _ = scope.partition("/")
            if stream in ("person", "intake"):
                return True
            return bool(self.recorder.select_stream(cursor, UUID(stream), limit=1))

        return self.keys.sweep(in_use, self.recorder.head(cursor))
