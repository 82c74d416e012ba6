"""The file that projections are kept in: the only place that writes it.

A page of events is folded in memory; its rows and the positions of all generations that took part are written in
one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, create_engine, event

from workflow.projections.generations import Folded, Generation, RunState
from workflow.projections.projection import Document, FoldFailed, Projection, fold, heeded
from workflow.projections.tables import GenerationTable, Row, compact, generation_table, shape
from workflow.store.recorded import Recorded

_GENERATIONS = """
CREATE TABLE IF NOT EXISTS projections (
    name TEXT NOT NULL, generation INTEGER NOT NULL, live INTEGER NOT NULL, position INTEGER NOT NULL,
    state TEXT NOT NULL, cause TEXT, failed_at INTEGER, shape TEXT NOT NULL,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID
"""


Before = dict[tuple[Any, ...], tuple[Any, ...]]
"""The rows that there were, as they are stored, by their primary keys."""


class Views:
    """The rows of all projections. One thread at a time writes; any number may read."""

    def __init__(self, path: Path, projections: Sequence[Projection], *, durable: bool = True) -> None:
        self.path = path
        self.projections = tuple(projections)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA busy_timeout = 10000")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        self._connection.execute("PRAGMA cache_size = -65536")
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _only_read)
        event.listen(self._engine, "begin", _begin)
        with self._transaction():
            self._connection.execute(_GENERATIONS)
        self.generations = [self._live(projection) for projection in self.projections]
        self.shadows = [
            generation
            for projection in self.projections
            if (generation := self._kept(projection, live=False))
        ]

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries, in one transaction: all that it reads is of one moment."""
        with self._engine.begin() as connection:
            yield connection

    def fold(self, generation: Generation, page: Sequence[Recorded]) -> Folded:
        """Fold a page in memory; where a fold raises, up to the event before."""
        projection, layout = generation.projection, generation.layout
        events = heeded(projection, page, generation.position)
        end = max(generation.position, page[-1].position)
        if not events:
            return Folded(generation, end, [], [])
        documents, before = self._load(layout, {recorded.stream for recorded in events})
        try:
            fold(projection, events, documents)
        except FoldFailed as failure:
            sound = [recorded for recorded in events if recorded.position < failure.position]
            documents, before = self._load(layout, {recorded.stream for recorded in events})
            fold(projection, sound, documents)
            end = max(generation.position, failure.position - 1)
            return self._difference(generation, end, documents, before, failure)
        return self._difference(generation, end, documents, before)

    def write(self, pages: Sequence[Folded]) -> None:
        """Write what pages came to, with the positions, in one transaction."""
        with self._transaction():
            for folded in pages:
                layout = folded.generation.layout
                self._connection.executemany(layout.delete, folded.removals)
                self._connection.executemany(layout.upsert, folded.upserts)
                if (failure := folded.failure) is None:
                    self._note(folded.generation, folded.position, RunState.RUNNING, None, None)
                else:
                    self._note(
                        folded.generation, folded.position, RunState.PAUSED, failure.cause, failure.position
                    )
        for folded in pages:
            generation, failure = folded.generation, folded.failure
            generation.position = folded.position
            if failure is not None:
                generation.state, generation.cause, generation.failed_at = (
                    RunState.PAUSED,
                    failure.cause,
                    failure.position,
                )

    def pause(self, generation: Generation, cause: str) -> None:
        """Let a generation fold nothing more, for a cause that is kept."""
        with self._transaction():
            self._note(generation, generation.position, RunState.PAUSED, cause, None)
        generation.state, generation.cause = RunState.PAUSED, cause

    def shadow(self, live: Generation) -> Generation:
        """The generation that rebuilds a projection: the one begun before, else a new one."""
        for generation in self.shadows:
            if generation.name == live.name:
                if generation.state is RunState.RUNNING:
                    return generation
                self.discard(generation)
        with self._transaction():
            generation = self._new(live.projection, live.number + 1, live=False)
        self.shadows.append(generation)
        return generation

    def discard(self, shadow: Generation) -> None:
        """Give a rebuild up."""
        with self._transaction():
            self._remove(shadow)
        self.shadows.remove(shadow)

    def differences(self, live: Generation, shadow: Generation) -> int:
        """How many rows of two generations, which must be of one shape and at one position, differ."""
        one, other = live.layout.table.name, shadow.layout.table.name
        count = f"""
            SELECT count(*) FROM (SELECT * FROM (SELECT * FROM {one} EXCEPT SELECT * FROM {other})
            UNION ALL SELECT * FROM (SELECT * FROM {other} EXCEPT SELECT * FROM {one}))
        """  # noqa: S608 our own names
        return int(self._connection.execute(count).fetchone()[0])

    def swap(self, live: Generation, shadow: Generation) -> None:
        """Let the rebuilt generation serve: view, rows and position change in one transaction."""
        with self._transaction():
            for statement in shadow.layout.view:
                self._connection.execute(statement)
            self._remove(live)
            self._connection.execute(
                "UPDATE projections SET live = 1 WHERE name = ? AND generation = ?",
                (shadow.name, shadow.number),
            )
        shadow.live = True
        self.generations[self.generations.index(live)] = shadow
        self.shadows.remove(shadow)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _live(self, projection: Projection) -> Generation:
        generation = self._kept(projection, live=True)
        if generation is None:
            with self._transaction():
                generation = self._new(projection, 1, live=True)
                for statement in generation.layout.view:
                    self._connection.execute(statement)
        return generation

    def _kept(self, projection: Projection, *, live: bool) -> Generation | None:
        found = self._connection.execute(
            "SELECT generation, position, state, cause, failed_at, shape FROM projections "
            "WHERE name = ? AND live = ?",
            (projection.name, live),
        ).fetchone()
        if found is None:
            return None
        number, position, state, cause, failed_at, kept_shape = found
        fits = kept_shape == shape(projection.table)
        if not fits:
            state, cause = RunState.PAUSED, "its rows were folded into other columns: rebuild it"
        layout = generation_table(projection.table, number)
        return Generation(projection, layout, number, live, position, RunState(state), cause, failed_at, fits)

    def _new(self, projection: Projection, number: int, *, live: bool) -> Generation:
        layout = generation_table(projection.table, number)
        for statement in (layout.drop, *layout.create):
            self._connection.execute(statement)
        self._connection.execute(
            "INSERT INTO projections VALUES (?, ?, ?, 0, ?, NULL, NULL, ?)",
            (projection.name, number, live, RunState.RUNNING, shape(projection.table)),
        )
        return Generation(projection, layout, number, live)

    def _remove(self, generation: Generation) -> None:
        self._connection.execute(generation.layout.drop)
        self._connection.execute(
            "DELETE FROM projections WHERE name = ? AND generation = ?", (generation.name, generation.number)
        )

    def _note(
        self, generation: Generation, position: int, state: RunState, cause: str | None, failed_at: int | None
    ) -> None:
        self._connection.execute(
            "UPDATE projections SET position = ?, state = ?, cause = ?, failed_at = ? "
            "WHERE name = ? AND generation = ?",
            (position, state, cause, failed_at, generation.name, generation.number),
        )

    def _load(self, layout: GenerationTable, streams: set[UUID]) -> tuple[dict[UUID, Document], Before]:
        documents: dict[UUID, Document] = {stream: [] for stream in streams}
        by_text = {str(stream): document for stream, document in documents.items()}
        before: Before = {}
        for values in self._connection.execute(layout.select, (compact(sorted(by_text)),)):
            row: Row = layout.row(values)
            identity = layout.identity(row)
            before[identity] = values
            by_text[identity[0]].append(row)
        return documents, before

    @staticmethod
    def _difference(
        generation: Generation,
        end: int,
        documents: dict[UUID, Document],
        before: Before,
        failure: FoldFailed | None = None,
    ) -> Folded:
        """What has changed: a document may have many rows, and an event mostly touches one of them."""
        layout = generation.layout
        upserts = []
        for document in documents.values():
            for row in document:
                values = layout.values(row)
                if before.pop(layout.identity(row), None) != values:
                    upserts.append(values)
        return Folded(generation, end, upserts, sorted(before), failure)


def _only_read(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 SQLAlchemy's signature
    connection.isolation_level = None  # else a transaction would begin at the first write, which never comes
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA query_only = ON")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
