"""The event sourcing library's own cases, over our recorder and our factory for PostgreSQL."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from typing import ClassVar
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import (
    PostgresAggregateRecorder,
    PostgresApplicationRecorder,
    PostgresProcessRecorder,
    PostgresTrackingRecorder,
)
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    InfrastructureFactoryTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
from eventsourcing.utils import Environment

from tests.postgres import PostgresServer
from workflow.errors import Invalid, Stopped
from workflow.store.postgres.pool import complete, with_password
from workflow.store.postgres.recorder import Factory, PostgresDatabase, PostgresRecorder
from workflow.store.recorder import EventRow


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    return postgres.database()


@pytest.fixture
def recorder(database: str) -> Iterator[PostgresRecorder]:
    recorder = _recorder(database)
    yield recorder
    recorder.close()


@pytest.fixture(autouse=True)
def _for_the_cases(request: pytest.FixtureRequest, postgres: PostgresServer) -> None:
    if request.cls is not None:
        request.cls.server = postgres


def _recorder(database: str) -> PostgresRecorder:
    return Factory(Environment("Test", dict(PostgresDatabase(database).environment()))).application_recorder()


class TestApplicationRecorder(ApplicationRecorderTestCase[PostgresRecorder]):
    server: ClassVar[PostgresServer]

    def create_recorder(self) -> PostgresRecorder:
        recorder = _recorder(self.server.database())
        self.addCleanup(recorder.close)
        return recorder


class TestPositionsDoNotInterleave(NonInterleavingNotificationIDsBaseCase):
    server: ClassVar[PostgresServer]
    insert_num = 1000

    def create_recorder(self) -> PostgresRecorder:
        recorder = _recorder(self.server.database())
        self.addCleanup(recorder.close)
        return recorder


class TestFactory(InfrastructureFactoryTestCase[Factory]):
    server: ClassVar[PostgresServer]

    def setUp(self) -> None:
        database = self.server.database()
        _recorder(database).close()  # which makes the schema
        self.env = Environment("Test", dict(PostgresDatabase(database).environment()))
        super().setUp()

    def tearDown(self) -> None:
        super().tearDown()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[PostgresAggregateRecorder]:
        return PostgresAggregateRecorder

    def expected_application_recorder_class(self) -> type[PostgresApplicationRecorder]:
        return PostgresRecorder

    def expected_tracking_recorder_class(self) -> type[PostgresTrackingRecorder]:
        return PostgresTrackingRecorder

    def tracking_recorder_subclass(self) -> type[PostgresTrackingRecorder]:
        return type("TrackingInPostgres", (PostgresTrackingRecorder,), {})

    def expected_process_recorder_class(self) -> type[PostgresProcessRecorder]:
        return PostgresProcessRecorder


def test_a_tailing_reader_misses_nothing_of_what_sixteen_writers_write(recorder: PostgresRecorder) -> None:
    writers, each, at_once = 16, 6250, 125
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(each // at_once):
                stream = uuid4().hex
                with recorder.transaction() as cursor:
                    head = recorder.lock(cursor).head
                    rows: list[EventRow] = [
                        (head + number, stream, number, "topic", b"{}") for number in range(1, at_once + 1)
                    ]
                    recorder.insert_rows(cursor, rows)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    while len(seen) < writers * each and not failures:
        with recorder.snapshot() as cursor:
            seen += [row[0] for row in recorder.select_page(cursor, seen[-1] if seen else 0, 1000)]
    for thread in threads:
        thread.join()
    assert not failures
    assert seen == list(range(1, writers * each + 1))


def test_a_position_that_was_rolled_back_is_given_to_the_next(recorder: PostgresRecorder) -> None:
    recorder.insert_events([StoredEvent(uuid4(), 1, "topic", b"{}")])
    taken = StoredEvent(uuid4(), 1, "topic", b"{}")
    recorder.insert_events([taken])
    with pytest.raises(Exception, match="duplicate"):
        recorder.insert_events([StoredEvent(uuid4(), 1, "topic", b"{}"), taken])
    assert recorder.insert_events([StoredEvent(uuid4(), 1, "topic", b"{}")]) == [3]


def test_a_schema_of_a_newer_version_is_refused(database: str) -> None:
    _recorder(database).close()
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO mentoring.migrations VALUES (9999, '9999_of_the_future.sql')")
    with pytest.raises(Stopped) as raised:
        _recorder(database)
    assert raised.value.code == "schema_newer"


@pytest.mark.parametrize("said", ["host=db zzsecretzz", "postgresql://me@db/facts?passwort=zzsecretzz"])
def test_what_is_wrong_with_the_name_of_a_database_is_not_repeated(said: str) -> None:
    for read in (complete, lambda dsn: with_password(dsn, "of sixteen letters")):
        with pytest.raises(Invalid) as raised:
            read(said)
        assert "zzsecretzz" not in raised.value.detail
        assert "zzsecretzz" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "said",
    [
        "postgresql://me@db/facts?pass%77ord=zzsecretzz",
        "postgresql://me@db/facts?sslpassword=zzsecretzz",
        "postgresql://me:zzsecretzz@db/facts?sslpassword=another",
        "postgresql://me:zz%73ecretzz@db/facts",
        "dbname=facts password = zzsecretzz",
    ],
)
@pytest.mark.parametrize("of_a_file", [None, "of sixteen letters"])
def test_a_password_is_refused_however_it_is_spelt(said: str, of_a_file: str | None) -> None:
    with pytest.raises(Invalid, match="no password belongs in") as raised:
        with_password(said, of_a_file)
    assert "zzs" not in raised.value.detail


def test_services_that_start_at_once_make_one_schema(database: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            _recorder(database).close()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_who_may_not_make_a_schema_is_told_what_to_grant(postgres: PostgresServer, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE powerless_{connection.info.dbname} LOGIN")
    with pytest.raises(Stopped) as raised:
        _recorder(f"{database} user=powerless_{psycopg.conninfo.conninfo_to_dict(database)['dbname']}")
    assert raised.value.code == "database_denied"
    assert "GRANT" in raised.value.detail.upper()
