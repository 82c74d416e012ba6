"""All that analysts may read, of one moment: the views of a file in one transaction, whoever folds meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from workflow.errors import Conflict, Unavailable
from workflow.projections.analytics.columns import Kind
from workflow.projections.analytics.view import View
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.generations import RunState
from workflow.projections.projection import of_other_columns
from workflow.store.sqlite.reading import read_only

AT_ONCE = 10_000
"""Rows that are in memory together."""

_STEPS = 100_000
"""Steps of SQLite after which it asks whether it is to go on: some milliseconds."""


class Snapshot:
    """A moment of ``views.db``, for as long as it is entered. It is opened for reading alone.

    What is long under way in SQLite is ended where ``cancelled`` says so; it raises then.
    """

    def __init__(self, path: Path, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._path = path
        self._cancelled = cancelled
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        connection = None
        try:
            connection = read_only(self._path, of_one_thread=False)
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # here the moment is taken
        except sqlite3.DatabaseError as error:
            if connection is not None:
                connection.close()
            raise Unavailable(f"{self._path} cannot be read: {error}", code="views_unreadable") from error
        connection.set_progress_handler(self._cancelled, _STEPS)
        self._connection = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def connection(self) -> sqlite3.Connection:
        """What it reads by."""
        assert self._connection is not None, "it is entered first"
        return self._connection

    def position(self, views: Collection[View]) -> int:
        """The position that all that these views read has folded.

        Refused where they are another version's, or where something that they read is paused or was folded into
        other columns: its rows would be of another moment.
        """
        made = dict(
            self.connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall()
        )
        if any(made.get(view.full_name) != view.create for view in views):
            raise Conflict(
                "the views were made by another version of the service: start the service anew in this one",
                code="views_of_another_version",
            )
        reads = {name for view in views for name in view.reads}
        live = self.connection.execute("SELECT name, position, state, shape FROM projections WHERE live = 1")
        read = [row for row in live.fetchall() if row[0] in reads]
        paused = {name for name, _, state, _ in read if state == RunState.PAUSED}
        if paused := paused | set(of_other_columns(PROJECTIONS, {name: shape for name, _, _, shape in read})):
            raise Conflict(
                f"{', '.join(sorted(paused))} paused, so that figures would be of different moments: `mentoring "
                "projections status` tells why, `mentoring projections rebuild` folds anew",
                code="rebuild_needed",
            )
        return min((position for _, position, _, _ in read), default=0)

    def rows(self, view: View) -> Iterator[Sequence[tuple[Any, ...]]]:
        """The rows of a view, some at a time: instants as text, booleans as such."""
        flags = [place for place, column in enumerate(view.columns) if column.kind is Kind.BOOLEAN]
        cursor = self.connection.execute(view.select)
        while rows := cursor.fetchmany(AT_ONCE):
            yield [_with_flags(row, flags) for row in rows] if flags else rows


def _with_flags(row: tuple[Any, ...], flags: Sequence[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in flags:
        values[place] = None if values[place] is None else bool(values[place])
    return tuple(values)
