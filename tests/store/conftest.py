"""A store for a test, not yet started or started with a programme: in files, and in a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kept import FILES, Engine, databases
from tests.postgres import PostgresServer
from tests.store.place import Place


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "sqlite":
        return FILES
    server: PostgresServer = request.getfixturevalue("postgres")
    return databases(server)


@pytest.fixture
def empty(tmp_path: Path, engine: Engine) -> Iterator[Place]:
    place = Place(tmp_path, engine=engine)
    yield place
    place.close()


@pytest.fixture
def place(empty: Place) -> Place:
    return empty.start()
