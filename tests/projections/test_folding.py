"""The rows do not depend on how the events are delivered: page by page, twice, interrupted, or anew."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON

from tests.projections.any_log import log_of, logs
from tests.projections.facts import fold
from tests.projections.stored import Stored
from tests.view_places import rows_in
from workflow.aggregates.events import Event
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import content, verify
from workflow.projections.sqlite.file import ViewFile
from workflow.projections.tables import compact
from workflow.store.instants import stored

JSON_COLUMNS = [
    (projection.table.name, column.name)
    for projection in PROJECTIONS
    for column in projection.table.columns
    if isinstance(column.type, JSON)
]
History = list[tuple[UUID, Event]]


def rows(path: Path) -> dict[str, list[Any]]:
    return rows_in(ViewFile(path))


@settings(max_examples=60, deadline=None)
@given(history=logs(), page=st.integers(1, 12))
def test_pages_of_any_size_and_every_event_twice_give_equal_rows(history: History, page: int) -> None:
    with TemporaryDirectory() as folder:
        whole, paged = Path(folder) / "whole.db", Path(folder) / "paged.db"
        fold(log_of(history), whole).close()
        fold(log_of(history, twice=True), paged, page=page).close()
        assert rows(paged) == rows(whole)
        assert content(paged, PROJECTIONS) == content(whole, PROJECTIONS)


@settings(max_examples=40, deadline=None)
@given(history=logs(), cut=st.integers(0, 60), page=st.integers(1, 12))
def test_a_runner_that_starts_again_goes_on_where_it_was(history: History, cut: int, page: int) -> None:
    with TemporaryDirectory() as folder:
        whole, broken = Path(folder) / "whole.db", Path(folder) / "broken.db"
        fold(log_of(history), whole).close()
        fold(log_of(history[:cut]), broken, page=page).close()
        fold(log_of(history, twice=True), broken, page=page).close()
        assert rows(broken) == rows(whole)


@settings(max_examples=40, deadline=None)
@given(history=logs(), cut=st.integers(0, 60))
def test_a_rebuild_and_a_verification_find_no_difference(history: History, cut: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "views.db"
        fold(log_of(history[:cut]), path).close()
        log = log_of(history)
        views = fold(log, path)
        verified = verify(path, PROJECTIONS, Stored(log))
        assert verified.equal, verified.differences
        assert verified.rows == sum(len(found) for found in rows(path).values())
        before = rows(path)
        runner = Runner(views, log.read, log.head, page=7)
        asked = runner.rebuild()
        runner.catch_up()
        assert [one.differences for one in asked.result(timeout=0)] == [0] * len(PROJECTIONS)
        assert rows(path) == before
        assert {generation.number for generation in views.generations} == {2}
        views.close()


@settings(max_examples=40, deadline=None)
@given(history=logs())
def test_equal_values_are_equal_text_however_they_came_about(history: History) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "views.db"
        fold(log_of(history), path).close()
        with closing(sqlite3.connect(path)) as connection:
            for table, column in JSON_COLUMNS:
                for (text,) in connection.execute(f"SELECT {column} FROM {table}_1"):
                    assert text == compact(json.loads(text))


@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones()))
def test_stored_instants_sort_as_time_does(one: Any, other: Any) -> None:
    try:
        first, second = stored(one), stored(other)
    except OverflowError:
        return
    assert (first < second) == (one.timestamp() < other.timestamp()) or one.timestamp() == other.timestamp()
