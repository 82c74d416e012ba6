"""A file of projections looked at from beside, by who changes nothing in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from workflow.errors import Unavailable
from workflow.projections.analytics.columns import Kind
from workflow.projections.analytics.view import View
from workflow.projections.rows.storage import MISSING, Kept
from workflow.projections.sqlite.naming import statement
from workflow.projections.tables import Values
from workflow.store.sqlite.reading import read_only

_STEPS = 100_000
"""Steps of SQLite after which it asks whether it is to go on: some milliseconds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """See ``workflow.projections.rows.storage.Moment``."""

    connection: sqlite3.Connection

    def execute(self, query: str, /) -> Iterable[Values]:
        """The rows that a query finds."""
        return self.connection.execute(query)

    def live(self) -> Mapping[str, Mapping[str, object]]:
        """What is kept of each projection that serves; an older file lacks some of it."""
        found = self.connection.execute("SELECT * FROM projections WHERE live = 1")
        names = [name for name, *_ in found.description]
        return {row["name"]: row for row in (dict(zip(names, values, strict=True)) for values in found)}

    def are_named(self, views: Collection[View]) -> bool:
        """Whether these views are there, and as this version makes them."""
        made = dict(
            self.connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall()
        )
        return all(made.get(view.full_name) == statement(view) for view in views)

    def rows(self, view: View, at_once: int) -> Iterator[Sequence[Values]]:
        """The rows of a view, with booleans as such."""
        flags = [place for place, column in enumerate(view.columns) if column.kind is Kind.BOOLEAN]
        cursor = self.connection.execute(view.select)
        while rows := cursor.fetchmany(at_once):
            yield [_with_flags(row, flags) for row in rows] if flags else rows


def _with_flags(row: Values, flags: Sequence[int]) -> Values:
    values = list(row)
    for place in flags:
        values[place] = None if values[place] is None else bool(values[place])
    return tuple(values)


@contextmanager
def moment(path: Path, cancelled: Callable[[], bool] | None) -> Iterator[Moment]:
    """A moment of a file, for as long as it is entered."""
    connection = None
    try:
        connection = read_only(path, of_one_thread=False)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # here the moment is taken
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        raise Unavailable(
            f"{path} cannot be read: {error}", code="views_unreadable" if path.exists() else MISSING
        ) from error
    connection.set_progress_handler(cancelled, _STEPS)
    with closing(connection):
        yield Moment(connection)


@dataclass(frozen=True, slots=True)
class Comparing:
    """See ``workflow.projections.rows.storage.Comparing``."""

    connection: sqlite3.Connection
    scratch: Kept
    live: str = "main."
    folded: str = "scratch."

    def execute(self, query: str, /) -> Iterable[Values]:
        """The rows that a query finds."""
        return self.connection.execute(query)


@contextmanager
def comparing(path: Path, scratch_in: Path | None, kept: Callable[[Path], Kept]) -> Iterator[Comparing]:
    """The rows of a file, in one transaction, beside an empty scratch file."""
    with TemporaryDirectory(prefix="mentoring-verify-", dir=scratch_in) as folder:
        scratch = Path(folder) / "scratch.db"
        kept(scratch).open(durable=False).close()  # so that it is what it stays, before it is attached
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("ATTACH DATABASE ? AS scratch", (str(scratch),))
            connection.execute("BEGIN")
            yield Comparing(connection, kept(scratch))
