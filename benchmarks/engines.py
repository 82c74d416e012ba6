"""What a case is measured over: files of SQLite, or databases of a PostgreSQL server of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.kept import FILES, Engine, databases
from tests.postgres import PostgresServer
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.rows.storage import Kept as KeptViews
from workflow.projections.sqlite.file import ViewFile


class Measured(NamedTuple):
    """One of them. What is kept goes by the folder that it belongs to."""

    name: str
    processes: int
    """How many take messages in."""
    kept: Engine
    views: Callable[[Path], KeptViews]
    fresh: Callable[[Path, Path], Path]
    """A copy of a folder, and of what goes by it, that nobody has open, in place of the last one."""
    naive: Callable[[Path], Mapping[str, str]]
    """The environment of the event sourcing library for a store of the documented way that goes by a path."""
    fresh_naive: Callable[[Path, Path], Mapping[str, str]]
    """A copy of such a store, in place of the last one; its environment."""
    dsn: Callable[[str], str] = str
    """How a client names one of the databases."""
    server: int = 0
    """The number of the server's process, where there is one."""


def files() -> Measured:
    """Files of SQLite: one process has them."""

    def naive(path: Path) -> Mapping[str, str]:
        return {"SQLITE_DBNAME": str(path)}

    def fresh_naive(prepared: Path, path: Path) -> Mapping[str, str]:
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()
        shutil.copyfile(prepared, path)
        return naive(path)

    return Measured(
        "sqlite", 1, FILES, lambda folder: ViewFile(folder / "views.db"), copied, naive, fresh_naive
    )


def of_server(server: PostgresServer, processes: int) -> Measured:
    """Databases of a server, which several processes share."""
    kept = databases(server)

    def copy(one: str, other: str) -> None:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {other} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {other} TEMPLATE {one}")
            connection.execute("CHECKPOINT")

    def fresh(prepared: Path, folder: Path) -> Path:
        copied(prepared, folder)
        for one, other in zip(kept.names(prepared), kept.names(folder), strict=True):
            copy(one, other)
        return folder

    def naive(path: Path) -> Mapping[str, str]:
        return library_environment(server.named(_plain(path)))

    def fresh_naive(prepared: Path, path: Path) -> Mapping[str, str]:
        copy(_plain(prepared), _plain(path))
        return naive(path)

    def views(folder: Path) -> KeptViews:
        return ViewDatabase(server.named(kept.names(folder)[0]))

    return Measured("postgres", processes, kept, views, fresh, naive, fresh_naive, server.dsn, server.pid)


def library_environment(dsn: str) -> Mapping[str, str]:
    """What has the event sourcing library use a database."""
    said = conninfo_to_dict(dsn)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(said["dbname"]),
        "POSTGRES_HOST": str(said["host"]),
        "POSTGRES_PORT": str(said["port"]),
        "POSTGRES_USER": str(said["user"]),
        "POSTGRES_PASSWORD": "none",
    }


def _plain(path: Path) -> str:
    return path.name.replace(".", "_").replace("-", "_")


def copied(prepared: Path, folder: Path) -> Path:
    """A copy of a folder that nobody has open, in place of the last one."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared, folder)
    return folder
