"""The schema of projections looked at from beside, by who changes nothing in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from threading import Event, Thread
from typing import Any, cast

import psycopg
from psycopg import Connection, ServerCursor
from psycopg.rows import dict_row

from workflow.errors import Unavailable
from workflow.projections.analytics.columns import Kind
from workflow.projections.analytics.view import View
from workflow.projections.postgres.analysts import NAMED, full_name, statement
from workflow.projections.postgres.connecting import BESIDE_NO_SWAP, MOMENT, SCHEMA, connect
from workflow.projections.rows.storage import MISSING, Storage
from workflow.projections.tables import Values
from workflow.store.instants import stored
from workflow.store.postgres.cursor import PostgresCursor

_AT_ONCE = 10_000
_LOOKS_EVERY = 0.1
"""Seconds after which it is asked again whether what takes long is to go on."""


class _Reading:
    """Queries of one transaction, whose rows come as they are asked for."""

    def __init__(self, connection: Connection[Values]) -> None:
        self._connection = connection
        self._numbers = count()

    def execute(self, query: str, /) -> ServerCursor[Values]:
        """The rows that a query finds; several may be read side by side."""
        cursor = ServerCursor(self._connection, f"reading_{next(self._numbers)}")
        cursor.itersize = _AT_ONCE
        return cursor.execute(cast("Any", query))


class Moment(_Reading):
    """See ``workflow.projections.rows.storage.Moment``."""

    def live(self) -> Mapping[str, Mapping[str, object]]:
        """What is kept of each projection that serves."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute("SELECT * FROM projections WHERE live = 1")
            return {row["name"]: row for row in cursor.fetchall()}

    def are_named(self, views: Collection[View]) -> bool:
        """Whether these views are there, and as this version makes them."""
        made: dict[str, str] = dict(self._connection.execute(NAMED).fetchall())
        return all(made.get(view.name) == statement(view) for view in views)

    def rows(self, view: View, at_once: int) -> Iterator[Sequence[Values]]:
        """The rows of a view, with instants as text."""
        instants = [place for place, column in enumerate(view.columns) if column.kind is Kind.INSTANT]
        with self.execute(view.select_from(full_name(view))) as cursor:
            while rows := cursor.fetchmany(at_once):
                yield [_with_text(row, instants) for row in rows] if instants else rows


def _with_text(row: Values, instants: Iterable[int]) -> Values:
    values = list(row)
    for place in instants:
        values[place] = None if values[place] is None else stored(values[place])
    return tuple(values)


@contextmanager
def moment(dsn: str, cancelled: Callable[[], bool] | None) -> Iterator[Moment]:
    """A moment of a database, for as long as it is entered."""
    with closing(connect(dsn)) as connection, _ended(connection, cancelled):
        try:
            connection.execute(f"{MOMENT} READ ONLY")
            connection.execute(BESIDE_NO_SWAP)
        except psycopg.errors.UndefinedTable:
            raise Unavailable(
                "nothing is folded in this database yet: start a service on it once", code=MISSING
            ) from None
        yield Moment(connection)


@contextmanager
def _ended(connection: Connection[Values], cancelled: Callable[[], bool] | None) -> Iterator[None]:
    """Have the server end what it is about once ``cancelled`` says so."""
    if cancelled is None:
        yield
        return
    over = Event()

    def look() -> None:
        while not over.wait(_LOOKS_EVERY):
            if cancelled():
                connection.cancel_safe()

    thread = Thread(target=look, name="cancelled", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class _Scratch:
    """Temporary tables as a place for projections."""

    storage: Storage

    def open(self, *, durable: bool = True) -> Storage:  # noqa: ARG002 they go with the connection
        """What there is."""
        return self.storage

    def moment(self, cancelled: Any = None) -> Any:
        """Nobody looks at them from outside."""
        raise NotImplementedError

    def comparing(self, scratch_in: Any) -> Any:
        """Nor from beside."""
        raise NotImplementedError


class Comparing(_Reading):
    """See ``workflow.projections.rows.storage.Comparing``."""

    live = f"{SCHEMA}."
    folded = "pg_temp."

    def __init__(self, connection: Connection[Values], storage: Storage) -> None:
        super().__init__(connection)
        self.scratch = _Scratch(storage)


@contextmanager
def comparing(dsn: str, within: Callable[[PostgresCursor], Storage]) -> Iterator[Comparing]:
    """The rows of a moment beside empty temporary tables, all in one transaction that is given up in the end.

    So nothing of it is ever left, whatever ends it.
    """
    with closing(connect(dsn)) as connection:
        cursor = cast("PostgresCursor", connection.cursor())
        cursor.execute(MOMENT)
        cursor.execute(BESIDE_NO_SWAP)
        cursor.execute("SET LOCAL search_path = pg_temp")  # no name is one of what serves
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # it folds meanwhile
        cursor.execute("CREATE TEMPORARY TABLE projections (LIKE projections.projections) ON COMMIT DROP")
        yield Comparing(connection, within(cursor))
