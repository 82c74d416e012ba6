from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from tests.oracle.answers import of_truth
from tests.oracle.comparing import printed
from tests.oracle.oracle import Told, recompute
from tests.view_places import Databases, databases, fresh, kept, places
from workflow.demo.stage import publisher, service
from workflow.projections.analytics.views import VIEWS
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile

__all__ = ["databases", "fresh", "kept", "places"]

STORY = ["--relationships", "24", "--months", "5", "--seed", "7"]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What a demonstration left, and what its log and its truth say."""

    data: Path
    truth: dict[str, Any]
    told: Told


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    folder = tmp_path_factory.mktemp("demonstration")
    with (
        service(folder) as running,
        publisher(running, [*STORY, "--truth", str(folder / "truth.json")]) as playing,
    ):
        for _ in playing:
            pass
    data = folder / "data"
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    return Demonstration(data, truth, recompute(printed(data), of_truth(truth)))


@pytest.fixture(scope="module")
def in_database(demonstration: Demonstration, databases: Databases) -> Iterator[Views]:
    """The demonstration's log, folded in a database."""
    data = demonstration.data
    keys = KeyStore(KeyFile(data / "keys.db"), load_master_key(data / "master.key"))
    with (
        closing(keys),
        closing(EventStore(SqliteFile(data / "events.db"), keys)) as store,
        databases.new() as kept,
    ):
        views = Views(kept, PROJECTIONS, named=VIEWS, durable=False)
        with closing(views):
            Runner(views, store.read, store.head).catch_up()
            yield views


@pytest.fixture
def connection(demonstration: Demonstration) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///file:{demonstration.data / 'views.db'}?mode=ro&uri=true")
    with engine.connect() as connection:
        yield connection
    engine.dispose()
