"""The event sourcing library's own projection runner, wired as its documentation shows, with the same folds.

A runner subscribes to the log and hands one event at a time to a projection, which has its view change rows and record
the position in one transaction. All projections are in one view, so that an event costs one transaction and not twelve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, Tracking, TrackingRecorder
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.utils import Environment

from benchmarks.engines import Measured, library_environment
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.projection import heeded
from workflow.projections.tables import GenerationTable, generation_table
from workflow.store.keys import KeyStore
from workflow.store.mapper import EventMapper
from workflow.store.master import load_master_key
from workflow.store.recorded import Recorded
from workflow.store.sealing import Sealing

_WITHIN = 600.0
_PAGE = 500
"""Events that are read together, as many as the library's subscription reads."""


class Log(Application[UUID]):
    """The log as it is."""

    sealing: ClassVar[Sealing]

    def construct_mapper(self) -> EventMapper:
        return EventMapper(self.sealing)


class RowsInSqlite(SQLiteTrackingRecorder):
    """The tables of all projections, and how far they are."""

    schema, mark = "", "?"


class RowsInPostgres(PostgresTrackingRecorder):
    schema, mark = "projections.", "%s"


class Folded(Projection[TrackingRecorder]):
    """Each event folded into the rows of its relationship, where these have changed."""

    def __init__(self, view: Any) -> None:
        super().__init__(view)
        self._rows = view
        self._tables = [_Table(generation_table(one.table, 1), view.schema, view.mark) for one in PROJECTIONS]

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        recorded: Recorded = domain_event
        heed = heeded(PROJECTIONS, [recorded], [0] * len(PROJECTIONS))
        with self._rows.datastore.transaction(commit=True) as cursor:
            self._rows._insert_tracking(cursor, tracking)
            for projection, table, events in zip(PROJECTIONS, self._tables, heed, strict=True):
                if events:
                    document, before = table.read(cursor, recorded.stream_text)
                    projection.fold(document, recorded)
                    table.write(cursor, before, map(projection.kept, document))


class _Table:
    def __init__(self, layout: GenerationTable, schema: str, mark: str) -> None:
        self._layout = layout
        name, names, key = f"{schema}{layout.name}", ", ".join(layout.columns), ", ".join(layout.key)
        changed = ", ".join(f"{one} = excluded.{one}" for one in layout.columns if one not in layout.key)
        marks = ", ".join([mark] * len(layout.columns))
        self._select = f"SELECT {names} FROM {name} WHERE {layout.key[0]} = {mark} ORDER BY {key}"
        self._upsert = (
            f"INSERT INTO {name} ({names}) VALUES ({marks}) ON CONFLICT ({key}) DO UPDATE SET {changed}"
        )
        self._delete = f"DELETE FROM {name} WHERE {' AND '.join(f'{one} = {mark}' for one in layout.key)}"

    def read(self, cursor: Any, stream: str) -> tuple[list[dict[str, Any]], dict[Any, Any]]:
        cursor.execute(self._select, (stream,))
        found = [tuple(row[name] for name in self._layout.columns) for row in cursor.fetchall()]
        return list(map(self._layout.row, found)), {self._layout.identity(row): row for row in found}

    def write(self, cursor: Any, before: dict[Any, Any], rows: Iterable[dict[str, Any]]) -> None:
        for values in map(self._layout.values, rows):
            if before.pop(self._layout.identity(values), None) != values:
                cursor.execute(self._upsert, values)
        for identity in before:
            cursor.execute(self._delete, identity)


def fold(measured: Measured, folder: Path, scratch: Path, before: int, head: int) -> None:
    """Fold what lies behind the position ``before`` into the rows of ``scratch``, which are folded up to there."""
    view = RowsInPostgres if measured.name == "postgres" else RowsInSqlite
    env = {**measured.kept.facts(folder).environment()} | {
        f"FOLDED_{name}": value for name, value in _view_environment(measured, scratch).items()
    }
    keys = KeyStore(measured.kept.keys(folder), load_master_key(folder / "master.key"))
    with closing(keys):
        Log.sealing = Sealing(keys)
        factory: Any = InfrastructureFactory.construct(Environment("Folded", env))
        with closing(factory):
            rows = factory.tracking_recorder(view)
            rows.insert_tracking(Tracking(Log.name, before))
            if view is RowsInSqlite:
                _follow(Log(env), Folded(rows), before)
        if view is RowsInPostgres:
            with ProjectionRunner(
                application_class=Log, projection_class=Folded, view_class=view, env=env
            ) as runner:
                runner.wait(head, timeout=_WITHIN)


def _follow(log: Log, projection: Folded, before: int) -> None:
    """What a runner's thread does: over SQLite the library has no subscription that a runner could follow."""
    with closing(log):
        while notifications := log.recorder.select_notifications(
            start=before, limit=_PAGE, inclusive_of_start=False
        ):
            for notification in notifications:
                before = notification.id
                projection.process_event(log.mapper.to_domain_event(notification), Tracking(log.name, before))


def _view_environment(measured: Measured, scratch: Path) -> Mapping[str, str]:
    if measured.name == "postgres":
        return library_environment(measured.dsn(measured.kept.names(scratch)[0]))
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(scratch / "views.db")}
