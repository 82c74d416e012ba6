"""The schema that projections are kept in: the only place that writes it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import psycopg
from sqlalchemy import Connection, ExceptionContext, create_engine, event

from workflow.projections.analytics.view import View
from workflow.projections.postgres.analysts import name_views
from workflow.projections.postgres.beside import Moment, comparing, moment
from workflow.projections.postgres.connecting import BESIDE_NO_SWAP, SCHEMA, connect
from workflow.projections.postgres.statements import statements
from workflow.projections.postgres.tables import SHORTLY, Tables, Within
from workflow.projections.rows.storage import Busy, Comparing
from workflow.projections.tables import GenerationTable, Values
from workflow.store.cursor import Cursor
from workflow.store.faults import AWAY
from workflow.store.postgres.migrations import migrate
from workflow.store.postgres.pool import Connections

STEPS = files("workflow.projections.postgres") / "migrations"
"""What makes the schema, step by step."""
_ONE_AT_A_TIME = "LOCK TABLE projections IN SHARE ROW EXCLUSIVE MODE"
_ALONE = "LOCK TABLE projections IN ACCESS EXCLUSIVE MODE"


@dataclass(frozen=True, slots=True)
class ViewDatabase:
    """A database for projections. Its name may hold a password, and is shown to nobody."""

    dsn: str = field(repr=False)

    def open(self, *, durable: bool = True) -> DatabaseStorage:
        """Connect, and bring the schema to what this version knows."""
        return DatabaseStorage(self.dsn, durable=durable)

    def moment(self, cancelled: Callable[[], bool] | None = None) -> AbstractContextManager[Moment]:
        """Look at it from outside."""
        return moment(self.dsn, cancelled)

    def comparing(self, scratch_in: Path | None) -> AbstractContextManager[Comparing]:  # noqa: ARG002 it is no file
        """Its rows, beside temporary tables."""
        return comparing(self.dsn, Within)


class DatabaseStorage(Tables):
    """See ``workflow.projections.rows.storage.Storage``."""

    def __init__(self, dsn: str, *, durable: bool) -> None:
        self._durable = durable
        self._connections = Connections(dsn, SCHEMA, most=4)
        self._connections.open()
        try:
            migrate(self._connections, SCHEMA, STEPS)
        except BaseException:
            self._connections.close()
            raise
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: _for_queries(dsn),
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,
        )
        event.listen(self._engine, "begin", _begin)
        event.listen(self._engine, "handle_error", _as_raised)

    @contextmanager
    def looking(self) -> Iterator[Cursor]:
        """A transaction beside which others fold."""
        with self._connections.snapshot() as cursor:
            yield cursor

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A transaction beside which no other writes projections, in whatever process."""
        with self._writing() as cursor:
            cursor.execute(_ONE_AT_A_TIME)
            yield cursor

    @contextmanager
    def _writing(self) -> Iterator[Cursor]:
        with self._connections.transaction() as cursor:
            if not self._durable:
                cursor.execute("SET LOCAL synchronous_commit = off")
            yield cursor

    @contextmanager
    def swapping(self) -> Iterator[Cursor]:
        """A transaction beside which nobody reads; ``Busy`` rather than have others wait for who does."""
        try:
            with self._writing() as cursor:
                cursor.execute(SHORTLY)
                cursor.execute(_ALONE)
                yield cursor
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            raise Busy("a query that is under way reads what is to be replaced: it is tried again") from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries."""
        with self._engine.begin() as connection:
            yield connection

    def load(self, layout: GenerationTable, relationships: Collection[str]) -> Iterable[Values]:
        """The rows of these relationships."""
        with self._connections.cursor() as cursor:
            cursor.execute(statements(layout).select, (list(relationships),))
            return cursor.fetchall()

    def name_views(self, views: Sequence[View]) -> None:
        """Have the analysts' views there, and let their role read them."""
        name_views(self.looking, self.transaction, views)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()
        self._connections.close()


def _for_queries(dsn: str) -> psycopg.Connection[tuple[object, ...]]:
    connection = connect(dsn)
    connection.execute("SET default_transaction_read_only = on")
    connection.cursor_factory = psycopg.Cursor  # SQLAlchemy marks values its own way
    connection.autocommit = False
    return connection


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(BESIDE_NO_SWAP)


def _as_raised(context: ExceptionContext) -> BaseException | None:
    """That PostgreSQL is away is known by the driver's own errors, whoever asked it.

    What a connection says that is tried before it is used is for the pool, which makes another.
    """
    error = context.original_exception
    return error if isinstance(error, AWAY) and not context.is_pre_ping else None
