"""All rows of projections: the only place that has them written.

A page of events is folded in memory; its rows and the positions of all generations that took part are written in
one transaction. It finds those where this process last wrote them, or writes nothing: whoever else folds by mistake
changes nothing, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from workflow.projections.analytics.view import View
from workflow.projections.aside.aside import Broken, Processes
from workflow.projections.projection import FoldFailed, Projection, of_other_columns
from workflow.projections.rows.generations import Folded, Generation, RunState, StreamProgress
from workflow.projections.rows.positions import GenerationRow, Note, all_kept, fence, note, remove, superseded
from workflow.projections.rows.storage import Kept, Storage
from workflow.projections.running.gathering import Gathering
from workflow.projections.sqlite.file import at
from workflow.projections.tables import GenerationTable, generation_table, shape
from workflow.store.cursor import Cursor

_TABLE = re.compile(r"(\w+)_(\d+)")


class Views:
    """The rows of all projections. One thread at a time writes; any number may read.

    ``kept`` is where: a ``ViewFile``, whose path alone does too, or a ``ViewDatabase``. ``named`` are views for
    readers beyond the service. They read the projections by the names of their views, so that a swap leaves them as
    they are. ``processes`` fold a rebuild that has far to go.
    """

    def __init__(
        self,
        kept: Path | Kept,
        projections: Sequence[Projection],
        *,
        named: Sequence[View] | None = None,
        durable: bool = True,
        processes: Processes | None = None,
    ) -> None:
        self.kept = at(kept)
        self.projections = tuple(projections)
        self._named = named
        self._finished: set[Generation] = set()
        self.generations: list[Generation] = []
        self.shadows: list[Generation] = []
        self._storage: Storage = self.kept.open(durable=durable)
        self.gathering = Gathering(self._storage.load, processes)
        self.failures = self._storage.failures
        """What is raised where the storage fails."""
        try:
            self.refresh()
            if named is not None:
                self._storage.name_views(named)
            self._sweep()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of what it is kept in, and end who folds for it."""
        self.gathering.clear()
        self._storage.close()

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for queries, in one transaction: all that it reads is of one moment."""
        return self._storage.reading()

    def refresh(self) -> None:
        """Know the generations as they are kept, and nothing beyond.

        For whoever takes over from another process, or cannot know whether the last transaction was committed.
        """
        self.gathering.clear()
        with self._sure(), self._storage.looking() as cursor:
            rows = all_kept(cursor)
        if {row.name for row in rows if row.live}.issuperset(one.name for one in self.projections):
            found = [self._kept(one, rows, live=True) for one in self.projections]
        else:
            with self._transaction() as cursor:
                rows = all_kept(cursor)
                found = [
                    self._kept(one, rows, live=True) or self._first(cursor, one) for one in self.projections
                ]
        self.generations = [one for one in found if one is not None]
        shadows = (self._kept(one, rows, live=False) for one in self.projections)
        self.shadows = [one for one in shadows if one is not None]
        self.unsure = False
        """Whether what is kept may differ from what is known: the storage failed, and it is not known when."""

    def live(self, name: str) -> Generation:
        """The one that serves."""
        return next(generation for generation in self.generations if generation.name == name)

    def write(self, generations: Sequence[Generation]) -> list[FoldFailed]:
        """Write what was folded in memory, with the positions, in one transaction; what was raised meanwhile.

        Where it cannot be written, memory forgets it, and it is folded again. ``Superseded`` where another has.
        """
        written = self._write(generations)
        return [folded.failure for folded in written or () if folded.failure is not None]

    def pause(self, generation: Generation, cause: str, by: str | None = None) -> None:
        """Let a generation fold nothing more, for a cause that is kept; ``by`` says who had it paused, if anybody."""
        self.gathering.forget([generation])
        with self._transaction(generation) as cursor:
            note(cursor, [Note(generation, generation.position, RunState.PAUSED, cause, None, by)])
        generation.state, generation.cause, generation.paused_by = RunState.PAUSED, cause, by

    def resume(self, generation: Generation) -> None:
        """Let a generation that somebody had paused go on behind the rows that it has."""
        with self._transaction(generation) as cursor:
            note(cursor, [Note(generation, generation.position)])
        generation.state, generation.cause, generation.paused_by = RunState.RUNNING, None, None

    def begin(self, names: Collection[str]) -> None:
        """Have projections rebuilt: by the generations begun before where they run, else by new ones."""
        self.write(self.shadows)  # from here on they go together
        for shadow in [one for one in self.shadows if one.name in names and one.state is RunState.PAUSED]:
            self.discard(shadow)
        begun = {shadow.name for shadow in self.shadows}
        new = [one for one in self.generations if one.name in names and one.name not in begun]
        with self._transaction(*new) as cursor:
            if others := {(row.name, row.number - 1) for row in all_kept(cursor)} & {
                (one.name, one.number) for one in new
            }:
                raise superseded(min(others)[0], "begun to fold anew")
            shadows = [self._new(cursor, live.projection, live.number + 1, live=False) for live in new]
        self.shadows += shadows
        self.gathering.begin()

    def discard(self, shadow: Generation) -> None:
        """Give a rebuild up."""
        self.gathering.forget([shadow])
        with self._transaction(shadow) as cursor:
            remove(cursor, shadow)
        self.shadows.remove(shadow)
        self._sweep()

    def swap(self, pairs: Sequence[tuple[Generation, Generation]]) -> list[int | None]:
        """Let rebuilt generations serve: views and positions change in one transaction.

        It tells how many rows differ of each from those that served, None where these stood elsewhere or had other
        columns. The indexes serve queries alone, and are made once all rows are there. Where the rows of one cannot
        be kept, that one is paused, and none serves yet. ``Busy`` where somebody reads what is to be replaced: then
        all is as it was, and the rows are folded on.
        """
        shadows = [shadow for _, shadow in pairs]
        written = self._write(shadows, finish=True)
        if written is None or any(folded.failure is not None for folded in written):
            return []
        self._finished.update(shadows)
        with self._sure(), self._storage.swapping() as cursor:
            fence(cursor, [one for pair in pairs for one in pair])
            self._storage.point(cursor, [shadow.layout for shadow in shadows], self._named)
            for live, shadow in pairs:
                remove(cursor, live)
                cursor.execute(
                    "UPDATE projections SET live = 1 WHERE name = ? AND generation = ?",
                    (shadow.name, shadow.number),
                )
        for live, shadow in pairs:
            shadow.live = True
            self.generations[self.generations.index(live)] = shadow
            self.shadows.remove(shadow)
        self.gathering.written()
        self._finished.difference_update(shadows)
        with self._transaction() as cursor:
            differences = [
                self._differences(cursor, live.layout, shadow.layout)
                if live.fits and live.position == shadow.position
                else None
                for live, shadow in pairs
            ]
        self._sweep()
        return differences

    def _differences(self, cursor: Cursor, live: GenerationTable, shadow: GenerationTable) -> int:
        """Nobody writes into the one any more, nor yet into the other."""
        same = self._storage.same
        others = [f"one.{name} {same} other.{name}" for name in live.columns if name not in live.key]
        cursor.execute(f"""
            SELECT (SELECT count(*) FROM {live.name}) + (SELECT count(*) FROM {shadow.name})
            - 2 * (SELECT count(*) FROM {live.name} AS one JOIN {shadow.name} AS other USING ({", ".join(live.key)})
            WHERE {" AND ".join(others) or "TRUE"})
        """)  # noqa: S608 our own names
        return int(cursor.fetchone()[0])

    # --- what was folded in memory

    def _write(self, generations: Sequence[Generation], *, finish: bool = False) -> list[Folded] | None:
        """Write what these have come to, and ``finish`` the tables of them; None where it is to be folded again."""
        unwritten = self.gathering.take(generations)
        if not unwritten.generations and not finish:
            return []
        try:
            with self._transaction(*{*unwritten.generations, *(generations if finish else ())}) as cursor:
                written = self._store(cursor, unwritten.folded, generations if finish else ())
        except Broken as error:
            self.gathering.fold_here(error)
            return None
        except BaseException:
            self.gathering.forget(unwritten.generations)
            raise
        _take_over(written)
        self.gathering.written()
        return written

    def _store(
        self, cursor: Cursor, folded: Iterable[Folded], finished: Sequence[Generation]
    ) -> list[Folded]:
        """Write what was folded; what is known of it then, without its rows.

        The tables of the ``finished`` get their indexes, each while the next one's rows are still worked out.
        """
        written, notes = [], []
        left = [generation for generation in finished if generation not in self._finished]
        for each in folded:
            one = self._kept_rows(cursor, each)
            generation, failure = one.generation, one.failure
            noted = Note(generation, one.position, stream_progress=one.stream_progress)
            if failure is not None:
                noted = noted._replace(state=RunState.PAUSED, cause=failure.cause, failed_at=failure.position)
            elif generation in left:
                left.remove(generation)
                self._storage.finish(cursor, generation.layout)
            notes.append(noted)
            written.append(replace(one, upserts=[], removals=[]))
        for generation in left:
            self._storage.finish(cursor, generation.layout)
        note(cursor, notes)
        return written

    def _kept_rows(self, cursor: Cursor, folded: Folded) -> Folded:
        """Write the rows of one generation; what it comes to. Where one cannot be kept, none of them is written.

        What fails the storage fails them all, and is raised.
        """
        if not folded.upserts and not folded.removals:
            return folded
        cursor.execute("SAVEPOINT rows")
        try:
            self._storage.write(cursor, folded)
        except self._storage.no_row as error:
            cursor.execute("ROLLBACK TO rows")
            failure = FoldFailed(folded.generation.name, None, "on a row that cannot be written", error)
            generation = folded.generation
            folded = replace(
                folded,
                position=generation.position,
                stream_progress=generation.stream_progress,
                failure=failure,
            )
        cursor.execute("RELEASE rows")
        return folded

    # --- generations

    @contextmanager
    def _transaction(self, *known: Generation) -> Iterator[Cursor]:
        """A transaction that finds these generations where they are known to be."""
        with self._sure(), self._storage.transaction() as cursor:
            if known:
                fence(cursor, known)
            yield cursor

    @contextmanager
    def _sure(self) -> Iterator[None]:
        try:
            yield
        except self.failures:
            self.unsure = True
            raise

    def _kept(
        self, projection: Projection, rows: Iterable[GenerationRow], *, live: bool
    ) -> Generation | None:
        row = next((row for row in rows if row.name == projection.name and bool(row.live) is live), None)
        if row is None:
            return None
        state, cause, paused_by = row.state, row.cause, row.paused_by
        fits = not of_other_columns([projection], {projection.name: row.shape})
        if not fits:
            state, cause = RunState.PAUSED, "its rows were folded into other columns: rebuild it"
            paused_by = None
        layout = generation_table(projection.table, row.number)
        return Generation(
            projection,
            layout,
            row.number,
            live,
            row.position,
            RunState(state),
            cause,
            row.failed_at,
            paused_by,
            None if row.streams_until is None else StreamProgress(row.streams_until, row.streams_after or ""),
            fits,
        )

    def _first(self, cursor: Cursor, projection: Projection) -> Generation:
        generation = self._new(cursor, projection, 1, live=True)
        self._storage.finish(cursor, generation.layout)
        self._storage.point(cursor, [generation.layout], None)
        return generation

    def _new(self, cursor: Cursor, projection: Projection, number: int, *, live: bool) -> Generation:
        layout = generation_table(projection.table, number)
        self._storage.create(cursor, layout)
        cursor.execute(
            "INSERT INTO projections (name, generation, live, position, state, shape) VALUES (?, ?, ?, 0, ?, ?)",
            (projection.name, number, int(live), RunState.RUNNING.value, shape(projection.table)),
        )
        return Generation(projection, layout, number, live)

    def _sweep(self) -> None:
        """Remove the tables of generations that are no more."""
        with self._sure(), self._storage.looking() as cursor:
            left = self._left_over(cursor)
        if left:
            with self._transaction() as cursor:
                self._storage.drop(cursor, self._left_over(cursor))

    def _left_over(self, cursor: Cursor) -> list[str]:
        names = {projection.name for projection in self.projections}
        there = {f"{row.name}_{row.number}" for row in all_kept(cursor)}
        found = (_TABLE.fullmatch(table) for table in self._storage.tables(cursor))
        return [one[0] for one in found if one and one[1] in names and one[0] not in there]


def _take_over(written: Iterable[Folded]) -> None:
    for folded in written:
        generation, failure = folded.generation, folded.failure
        generation.position, generation.stream_progress = folded.position, folded.stream_progress
        if failure is not None:
            generation.state, generation.cause = RunState.PAUSED, failure.cause
            generation.failed_at = failure.position
