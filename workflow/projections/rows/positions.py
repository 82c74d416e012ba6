"""What is kept of every generation: how far it is folded, and whether it goes on. SQL that any database understands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from workflow.projections.rows.generations import Generation, RunState, StreamProgress
from workflow.projections.rows.storage import Superseded
from workflow.store.cursor import Cursor


class GenerationRow(NamedTuple):
    """One generation, as it is kept."""

    name: str
    number: int
    live: int
    position: int
    state: str
    cause: str | None
    failed_at: int | None
    shape: str
    paused_by: str | None
    streams_until: int | None
    streams_after: str | None


_SELECT = """
    SELECT name, generation, live, position, state, cause, failed_at, shape, paused_by, streams_until, streams_after
    FROM projections ORDER BY 1, 2
"""


def all_kept(cursor: Cursor) -> list[GenerationRow]:
    """All of them."""
    cursor.execute(_SELECT)
    return [GenerationRow(*row) for row in cursor.fetchall()]


def remove(cursor: Cursor, generation: Generation) -> None:
    """Have one be no more; its table is swept up."""
    cursor.execute(
        "DELETE FROM projections WHERE name = ? AND generation = ?", (generation.name, generation.number)
    )


class Note(NamedTuple):
    """Where a generation stands now."""

    generation: Generation
    position: int
    state: RunState = RunState.RUNNING
    cause: str | None = None
    failed_at: int | None = None
    paused_by: str | None = None
    stream_progress: StreamProgress | None = None


def note(cursor: Cursor, notes: Iterable[Note]) -> None:
    """Keep where some stand now, by one request where the database is another process."""
    cursor.executemany(
        "UPDATE projections SET position = ?, state = ?, cause = ?, failed_at = ?, paused_by = ?, "
        "streams_until = ?, streams_after = ? WHERE name = ? AND generation = ?",
        [
            (
                one.position,
                one.state.value,
                one.cause,
                one.failed_at,
                one.paused_by,
                None if one.stream_progress is None else one.stream_progress.until,
                None if one.stream_progress is None else one.stream_progress.after,
                one.generation.name,
                one.generation.number,
            )
            for one in notes
        ],
    )


def superseded(name: str, what: str) -> Superseded:
    """What another has done, for whoever believed to be alone."""
    return Superseded(
        f"another process has {what}: {name}. One at a time folds: end one of them, and start this one again"
    )


def fence(cursor: Cursor, known: Iterable[Generation]) -> None:
    """Refuse to write where any of these is not where this process last wrote it: somebody else folds."""
    rows = {(row.name, row.number): row for row in all_kept(cursor)}
    for one in known:
        row = rows.get((one.name, one.number))
        if row is None or row.live != one.live:
            raise superseded(one.name, "folded anew")
        if row.position != one.position:
            raise superseded(one.name, f"folded up to {row.position}, and this one up to {one.position}")
        after = "" if one.stream_progress is None else one.stream_progress.after
        if (row.streams_after or "") != after:
            raise superseded(one.name, "folded up to another stream")
        if row.state == RunState.PAUSED and one.state is RunState.RUNNING:
            raise superseded(one.name, "paused")
