"""The event sourcing library's own cases, over our recorder and our factory."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteProcessRecorder, SQLiteTrackingRecorder
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
from eventsourcing.utils import Environment

from tests.patience import PATIENCE
from workflow.store.sqlite.recorder import EventRecorder, Factory, ImmediateDatastore


def _recorder(folder: str) -> EventRecorder:
    recorder = EventRecorder(ImmediateDatastore(str(Path(folder) / "events.db")))
    recorder.create_table()
    return recorder


def _close(recorder: EventRecorder, before: set[threading.Thread]) -> None:
    """The library's cases tell their readers to end and do not wait: closing under one crashes SQLite."""
    for thread in set(threading.enumerate()) - before - {threading.current_thread()}:
        thread.join(PATIENCE)
    recorder.datastore.close()


class TestApplicationRecorder(ApplicationRecorderTestCase[EventRecorder]):
    def create_recorder(self) -> EventRecorder:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        recorder = _recorder(folder.name)
        self.addCleanup(_close, recorder, set(threading.enumerate()))
        return recorder


class TestPositionsDoNotInterleave(NonInterleavingNotificationIDsBaseCase):
    insert_num = 1000

    def create_recorder(self) -> EventRecorder:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        recorder = _recorder(folder.name)
        self.addCleanup(_close, recorder, set(threading.enumerate()))
        return recorder


class TestFactory(InfrastructureFactoryTestCase[Factory]):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.env = Environment("Test")
        self.env["PERSISTENCE_MODULE"] = "workflow.store.sqlite.recorder:Factory"
        self.env["SQLITE_DBNAME"] = str(Path(folder.name) / "events.db")
        super().setUp()

    def tearDown(self) -> None:
        super().tearDown()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[SQLiteAggregateRecorder]:
        return SQLiteAggregateRecorder

    def expected_application_recorder_class(self) -> type[EventRecorder]:
        return EventRecorder

    def expected_tracking_recorder_class(self) -> type[SQLiteTrackingRecorder]:
        return SQLiteTrackingRecorder

    def tracking_recorder_subclass(self) -> type[SQLiteTrackingRecorder]:
        return type("Tracking", (SQLiteTrackingRecorder,), {})

    def expected_process_recorder_class(self) -> type[SQLiteProcessRecorder]:
        return SQLiteProcessRecorder


def test_a_tailing_reader_sees_every_position_in_order_beside_sixteen_writers(tmp_path: Path) -> None:
    recorder = _recorder(str(tmp_path))
    writers, rounds, each = 16, 20, 5
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(rounds):
                stream = uuid4()
                recorder.insert_events([StoredEvent(stream, n, "topic", b"{}") for n in range(1, each + 1)])
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while len(seen) < writers * rounds * each and not failures:
        after = seen[-1] if seen else 0
        page = recorder.select_notifications(after, 1000, inclusive_of_start=False)
        seen += [notification.id for notification in page]
    for thread in threads:
        thread.join()
    assert not failures
    assert seen == list(range(1, writers * rounds * each + 1))
    recorder.datastore.close()


def test_positions_outlive_a_vacuum(tmp_path: Path) -> None:
    recorder = _recorder(str(tmp_path))
    for _ in range(3):
        recorder.insert_events([StoredEvent(uuid4(), 1, "topic", b"{}")])
    before = [n.id for n in recorder.select_notifications(None, 10)]
    with recorder.datastore.get_connection(commit=True) as connection:
        connection._sqlite_conn.execute("DELETE FROM stored_events WHERE rowid = 1")
        connection._sqlite_conn.execute("VACUUM")
    assert [n.id for n in recorder.select_notifications(None, 10)] == before[1:]
    recorder.datastore.close()
