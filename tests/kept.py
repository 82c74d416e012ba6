"""Where tests keep facts: in files of the folder that they are given, or in databases that go by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import psycopg

from tests.postgres import PostgresServer
from workflow.store.keys import KeyRows
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import PostgresDatabase
from workflow.store.recorder import Kept
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile


class Engine(NamedTuple):
    """What a folder's facts and keys are kept in, opened again and again by whoever knows the folder."""

    name: str
    facts: Callable[[Path], Kept]
    keys: Callable[[Path], KeyRows]
    on_disk: Callable[[Path], Iterable[Path]]
    """The files in which all of it lies."""


FILES = Engine(
    "sqlite",
    lambda folder: SqliteFile(folder / "events.db"),
    lambda folder: KeyFile(folder / "keys.db"),
    lambda folder: (file for file in folder.iterdir() if file.is_file()),
)


def databases(server: PostgresServer) -> Engine:
    """Databases of a server, made when a folder is first asked for."""
    return Engine(
        f"postgres{server.version}",
        lambda folder: PostgresDatabase(_database(server, folder, "facts")),
        lambda folder: KeyDatabase(_database(server, folder, "keys")),
        lambda folder: server.files(_name(folder, "facts"), _name(folder, "keys")),
    )


def _name(folder: Path, what: str) -> str:
    return f"{what}_{sha256(str(folder).encode()).hexdigest()[:24]}"


def _database(server: PostgresServer, folder: Path, what: str) -> str:
    name = _name(folder, what)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            connection.execute(f"CREATE DATABASE {name}")
    return server.dsn(name)
