"""Where tests keep projections: in files, and in databases; and what a test does there behind the service's back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.postgres import PostgresServer
from workflow.projections.analytics.views import VIEWS
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.projection import Projection
from workflow.projections.rows.storage import Kept
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import ViewFile

Fresh = Callable[[], Kept]
"""Makes an empty place."""


class Places(NamedTuple):
    """Makes one place after another, each empty and gone afterwards."""

    name: str
    new: Callable[[], AbstractContextManager[Kept]]


@contextmanager
def file() -> Iterator[Kept]:
    """A file that goes away."""
    with TemporaryDirectory() as folder:
        yield ViewFile(Path(folder) / "views.db")


class Databases:
    """Databases of a server, each a copy of one in which nothing was folded yet."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._template = f"views_{uuid4().hex}"
        self._say(f"CREATE DATABASE {self._template}")
        Views(ViewDatabase(server.dsn(self._template)), PROJECTIONS, named=VIEWS).close()

    @contextmanager
    def new(self) -> Iterator[Kept]:
        """A database that goes away."""
        name = f"views_{uuid4().hex}"
        self._say(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy")
        try:
            yield ViewDatabase(self._server.dsn(name))
        finally:
            self._say(f"DROP DATABASE {name} WITH (FORCE)")

    def _say(self, statement: str) -> None:
        with psycopg.connect(self._server.dsn(), autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def databases(postgres: PostgresServer) -> Databases:
    return Databases(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def places(request: pytest.FixtureRequest) -> Places:
    """Either kind of place: a test that asks for one runs in both."""
    if request.param == "sqlite":
        return Places("sqlite", file)
    made: Databases = request.getfixturevalue("databases")
    return Places("postgres", made.new)


@pytest.fixture
def kept(places: Places) -> Iterator[Kept]:
    """An empty place."""
    with places.new() as kept:
        yield kept


@pytest.fixture
def fresh(places: Places) -> Iterator[Fresh]:
    """As many empty places as a test asks for."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(places.new())


def connected(kept: Kept) -> AbstractContextManager[Any]:
    """A connection of somebody else, to be closed."""
    if isinstance(kept, ViewFile):
        return closing(sqlite3.connect(kept.path, isolation_level=None))
    assert isinstance(kept, ViewDatabase)
    return closing(psycopg.connect(kept.dsn, autocommit=True, options="-c search_path=projections"))


def read(kept: Kept, query: str) -> list[Any]:
    """What somebody else reads there, by names of SQLite."""
    with connected(kept) as connection:
        found: list[Any] = connection.execute(named(kept, query)).fetchall()
    return found


def rows_in(kept: Kept) -> dict[str, list[Any]]:
    """All that is kept, and not only what the views show of it."""
    live = read(kept, "SELECT name, generation FROM projections WHERE live = 1")
    known = {projection.name: projection for projection in PROJECTIONS}
    return {
        name: read(kept, f"SELECT * FROM {name}_{generation} ORDER BY {_key(known[name])}")
        for name, generation in sorted(live)
    }


def _key(projection: Projection) -> str:
    return ", ".join(column.name for column in projection.table.primary_key)


def change(kept: Kept, *statements: str) -> None:
    """Do something there behind the service's back."""
    with connected(kept) as connection:
        for statement in statements:
            connection.execute(named(kept, statement))


def named(kept: Kept, statement: str) -> str:
    """A statement by the names of SQLite, as whoever keeps it here understands it."""
    return statement if isinstance(kept, ViewFile) else statement.replace("analytics_", "analytics.")


def dsn_of(kept: Kept, **others: str) -> str:
    """How a client names the database."""
    assert isinstance(kept, ViewDatabase)
    return psycopg.conninfo.make_conninfo(kept.dsn, **others)


def database_of(kept: Kept) -> str:
    """What the database is called."""
    return str(conninfo_to_dict(dsn_of(kept))["dbname"])
