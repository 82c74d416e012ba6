"""Where a run keeps what it has: in the files of its folder, or in two databases beside it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.postgres import PostgresServer
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.running.views import Views
from workflow.projections.tables import generation_table


@dataclass(frozen=True, slots=True)
class Place:
    """A folder; ``facts`` and ``keys`` name the databases where these do not lie in it."""

    data: Path
    server: PostgresServer | None = None
    facts: str = ""
    keys: str = ""

    @property
    def settings(self) -> Mapping[str, str]:
        """What tells the service of it, beside its folder."""
        if self.server is None:
            return {}
        return {"MENTORING_DATABASE": self.facts, "MENTORING_KEY_DATABASE": self.keys}

    def copy(self, data: Path) -> Place:
        """The same once more, of a service that has stopped."""
        shutil.copytree(self.data, data)
        if self.server is None:
            return Place(data)
        return Place(data, self.server, *(self.server.copy(one) for one in (self.facts, self.keys)))

    def find(self, query: str) -> list[tuple[Any, ...]]:
        """What a query of the facts finds."""
        if self.server is None:
            with closing(sqlite3.connect(self.data / "events.db")) as connection:
                return connection.execute(query).fetchall()
        with psycopg.connect(self.facts, options="-c search_path=mentoring") as connection:
            return connection.execute(query.encode()).fetchall()

    @contextmanager
    def views(self) -> Iterator[Path]:
        """A file of the rows that serve; those of a database are copied into one."""
        if self.server is None:
            yield self.data / "views.db"
            return
        with TemporaryDirectory() as folder:
            yield _copied(self.facts, Path(folder) / "views.db")


def beginning(data: Path, server: PostgresServer | None) -> Place:
    """A place where nothing is yet."""
    return Place(data) if server is None else Place(data, server, server.database(), server.database())


def _copied(dsn: str, to: Path) -> Path:
    Views(to, PROJECTIONS, durable=False).close()
    with ViewDatabase(dsn).moment() as moment, closing(sqlite3.connect(to)) as file, file:
        live = moment.live()
        for one in PROJECTIONS:
            kept = generation_table(one.table, int(str(live[one.name]["generation"])))
            names, marks = ", ".join(kept.columns), ", ".join("?" * len(kept.columns))
            rows = moment.execute(f"SELECT {names} FROM {kept.name}")
            copy = generation_table(one.table, 1).name
            file.executemany(f"INSERT INTO {copy} ({names}) VALUES ({marks})", rows)
    return to
