"""The file that projections are kept in: the only place that writes it.

A page of events is folded in memory; its rows and the positions of all generations that took part are written in
one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, create_engine, event

from workflow.projections.analytics.naming import name_views
from workflow.projections.folding import Folding, Kept
from workflow.projections.generations import Folded, Generation, RunState
from workflow.projections.projection import FoldFailed, Projection, heeded, of_other_columns
from workflow.projections.tables import GenerationTable, compact, generation_table, shape
from workflow.secret_files import own_database
from workflow.store.recorded import Recorded

_GENERATIONS = """
CREATE TABLE IF NOT EXISTS projections (
    name TEXT NOT NULL, generation INTEGER NOT NULL, live INTEGER NOT NULL, position INTEGER NOT NULL,
    state TEXT NOT NULL, cause TEXT, failed_at INTEGER, shape TEXT NOT NULL, paused_by TEXT,
    PRIMARY KEY (name, generation)
) WITHOUT ROWID
"""

_NO_ROW = (
    ArithmeticError,
    TypeError,
    ValueError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
"""What is raised where a row has what no row can: a number that is too large, a text that is no Unicode."""

GATHERED = 400_000
"""Events after which a rebuild writes their rows: so many are soon folded again."""

TOUCHED = 50_000
"""Relationships whose rows a rebuild holds at most before it writes them: memory has room for so many, of any log."""


class Views:
    """The rows of all projections. One thread at a time writes; any number may read.

    ``named`` are views for readers beyond the service, by name: the statement that makes each. They read the
    projections by the names of their views, so that a swap leaves them as they are.
    """

    def __init__(
        self,
        path: Path,
        projections: Sequence[Projection],
        *,
        named: Mapping[str, str] | None = None,
        durable: bool = True,
    ) -> None:
        self.path = path
        self.projections = tuple(projections)
        self._foldings: dict[Generation, Folding] = {}
        own_database(path)
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
            if "paused_by" not in {
                row[1] for row in self._connection.execute("PRAGMA table_info(projections)")
            }:
                self._connection.execute("ALTER TABLE projections ADD COLUMN paused_by TEXT")
        self.generations = [self._live(projection) for projection in self.projections]
        self.shadows = [
            generation
            for projection in self.projections
            if (generation := self._kept(projection, live=False))
        ]
        if named is not None:
            with self._transaction():
                name_views(self._connection, named)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries, in one transaction: all that it reads is of one moment."""
        with self._engine.begin() as connection:
            yield connection

    def fold(self, generations: Sequence[Generation], page: Sequence[Recorded]) -> bool:
        """Fold a page in memory; whether it is time to write what has gathered there."""
        foldings = [self._folding(generation) for generation in generations]
        positions = [folding.position for folding in foldings]
        projections = [generation.projection for generation in generations]
        try:
            for folding, events in zip(foldings, heeded(projections, page, positions), strict=True):
                folding.fold(events, page[-1].position, len(page))
        except BaseException:
            self._forget(generations)
            raise
        return any(
            folding.failure is not None or folding.events >= GATHERED or folding.touched >= TOUCHED
            for folding in foldings
        )

    def reached(self, generation: Generation) -> int:
        """The position up to which a generation is folded, be it in memory alone."""
        folding = self._foldings.get(generation)
        return generation.position if folding is None else folding.position

    def write(self, generations: Sequence[Generation]) -> list[FoldFailed]:
        """Write what was folded in memory, with the positions, in one transaction; what was raised meanwhile.

        Where it cannot be written, memory forgets it, and it is folded again.
        """
        foldings = self._gathered(generations)
        if not foldings:
            return []
        with self._transaction():
            written = self._store(foldings)
        _take_over(written)
        return [folded.failure for folded in written if folded.failure is not None]

    def pause(self, generation: Generation, cause: str, by: str | None = None) -> None:
        """Let a generation fold nothing more, for a cause that is kept; ``by`` says who had it paused, if anybody."""
        self._forget([generation])
        with self._transaction():
            self._note(generation, generation.position, RunState.PAUSED, cause, None, by)
        generation.state, generation.cause, generation.paused_by = RunState.PAUSED, cause, by

    def resume(self, generation: Generation) -> None:
        """Let a generation that somebody had paused go on behind the rows that it has."""
        with self._transaction():
            self._note(generation, generation.position, RunState.RUNNING, None, None)
        generation.state, generation.cause, generation.paused_by = RunState.RUNNING, None, None

    def begin(self, names: Collection[str]) -> None:
        """Have projections rebuilt: by the generations begun before where they run, else by new ones."""
        for shadow in [one for one in self.shadows if one.name in names and one.state is RunState.PAUSED]:
            self.discard(shadow)
        begun = {shadow.name for shadow in self.shadows}
        new = [one for one in self.generations if one.name in names and one.name not in begun]
        with self._transaction():
            shadows = [self._new(live.projection, live.number + 1, live=False) for live in new]
        self.shadows += shadows

    def discard(self, shadow: Generation) -> None:
        """Give a rebuild up."""
        self._forget([shadow])
        with self._transaction():
            self._remove(shadow)
        self.shadows.remove(shadow)

    def swap(self, pairs: Sequence[tuple[Generation, Generation]]) -> list[int | None]:
        """Let rebuilt generations serve: rows, indexes, views and positions change in one transaction.

        It tells how many rows differ of each from those that served, None where these stood elsewhere or had other
        columns. The indexes serve queries alone, and are made where all rows are there. Where the rows of one cannot
        be kept, that one is paused, and none serves yet.
        """
        foldings = self._gathered([shadow for _, shadow in pairs])
        with self._transaction():
            written = self._store(foldings)
            if any(folded.failure is not None for folded in written):
                pairs = ()
            at = {folded.generation: folded.position for folded in written}
            differences = [
                self._differences(live, shadow)
                if live.fits and live.position == at.get(shadow, shadow.position)
                else None
                for live, shadow in pairs
            ]
            for live, shadow in pairs:
                for statement in (*shadow.layout.index, *shadow.layout.view):
                    self._connection.execute(statement)
                self._remove(live)
                self._connection.execute(
                    "UPDATE projections SET live = 1 WHERE name = ? AND generation = ?",
                    (shadow.name, shadow.number),
                )
        _take_over(written)
        for live, shadow in pairs:
            shadow.live = True
            self.generations[self.generations.index(live)] = shadow
            self.shadows.remove(shadow)
        return differences

    def _differences(self, live: Generation, shadow: Generation) -> int:
        one, other, layout = live.layout.table.name, shadow.layout.table.name, live.layout
        others = [f"one.{name} IS other.{name}" for name in layout.columns if name not in layout.key]
        count = f"""
            SELECT (SELECT count(*) FROM {one}) + (SELECT count(*) FROM {other})
            - 2 * (SELECT count(*) FROM {one} AS one JOIN {other} AS other USING ({", ".join(layout.key)})
            WHERE {" AND ".join(others) or "TRUE"})
        """  # noqa: S608 our own names
        return int(self._connection.execute(count).fetchone()[0])

    # --- what was folded in memory

    def _gathered(self, generations: Iterable[Generation]) -> list[Folding]:
        found = (self._foldings.pop(generation, None) for generation in generations)
        return [folding for folding in found if folding is not None]

    def _store(self, foldings: list[Folding]) -> list[Folded]:
        """Write what was folded, and let go of each once it is written; what is known of it then, without its rows."""
        written = []
        while foldings:
            folded = self._kept_rows(foldings.pop().folded())
            failure = folded.failure
            if failure is None:
                self._note(folded.generation, folded.position, RunState.RUNNING, None, None)
            else:
                self._note(
                    folded.generation, folded.position, RunState.PAUSED, failure.cause, failure.position
                )
            written.append(replace(folded, upserts=[], removals=[]))
        return written

    def _kept_rows(self, folded: Folded) -> Folded:
        """Write the rows of one generation; what it comes to. Where SQLite does not take one, none of them is written.

        What fails the file fails them all, and is raised.
        """
        layout = folded.generation.layout
        self._connection.execute("SAVEPOINT rows")
        try:
            self._connection.executemany(layout.delete, folded.removals)
            self._connection.executemany(layout.upsert, folded.upserts)
        except _NO_ROW as error:
            self._connection.execute("ROLLBACK TO rows")
            failure = FoldFailed(folded.generation.name, None, "on a row that cannot be written", error)
            folded = replace(folded, position=folded.generation.position, failure=failure)
        self._connection.execute("RELEASE rows")
        return folded

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk has ended it already
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
            "SELECT generation, position, state, cause, failed_at, shape, paused_by FROM projections "
            "WHERE name = ? AND live = ?",
            (projection.name, live),
        ).fetchone()
        if found is None:
            return None
        number, position, state, cause, failed_at, kept_shape, paused_by = found
        fits = not of_other_columns([projection], {projection.name: kept_shape})
        if not fits:
            state, cause = RunState.PAUSED, "its rows were folded into other columns: rebuild it"
            paused_by = None
        layout = generation_table(projection.table, number)
        return Generation(
            projection, layout, number, live, position, RunState(state), cause, failed_at, paused_by, fits
        )

    def _new(self, projection: Projection, number: int, *, live: bool) -> Generation:
        layout = generation_table(projection.table, number)
        for statement in (layout.drop, layout.create, *(layout.index if live else ())):
            self._connection.execute(statement)
        self._connection.execute(
            "INSERT INTO projections (name, generation, live, position, state, shape) VALUES (?, ?, ?, 0, ?, ?)",
            (projection.name, number, live, RunState.RUNNING, shape(projection.table)),
        )
        return Generation(projection, layout, number, live)

    def _remove(self, generation: Generation) -> None:
        self._connection.execute(generation.layout.drop)
        self._connection.execute(
            "DELETE FROM projections WHERE name = ? AND generation = ?", (generation.name, generation.number)
        )

    def _note(
        self,
        generation: Generation,
        position: int,
        state: RunState,
        cause: str | None,
        failed_at: int | None,
        paused_by: str | None = None,
    ) -> None:
        self._connection.execute(
            "UPDATE projections SET position = ?, state = ?, cause = ?, failed_at = ?, paused_by = ? "
            "WHERE name = ? AND generation = ?",
            (position, state, cause, failed_at, paused_by, generation.name, generation.number),
        )

    def _folding(self, generation: Generation) -> Folding:
        folding = self._foldings.get(generation)
        if folding is None:
            folding = self._foldings[generation] = Folding(generation, self._load(generation.layout))
        return folding

    def _load(self, layout: GenerationTable) -> Callable[[Iterable[str]], Kept]:
        return lambda relationships: self._connection.execute(layout.select, (compact(relationships),))

    def _forget(self, generations: Iterable[Generation]) -> None:
        for generation in generations:
            self._foldings.pop(generation, None)


def _take_over(written: Iterable[Folded]) -> None:
    for folded in written:
        generation, failure = folded.generation, folded.failure
        generation.position = folded.position
        if failure is not None:
            generation.state, generation.cause = RunState.PAUSED, failure.cause
            generation.failed_at = failure.position


def _only_read(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 SQLAlchemy's signature
    connection.isolation_level = None  # else a transaction would begin at the first write, which never comes
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA query_only = ON")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
