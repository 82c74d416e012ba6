"""What PostgreSQL has and a file has not: other readers' locks, connections that break, an order of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any, NoReturn
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData

from tests.patience import PATIENCE
from tests.postgres import PostgresServer
from tests.projections.any_log import log_of, logs
from tests.projections.facts import OTHER, PAIR, Log, concluded, fold, onboarded, opened
from tests.projections.stored import Stored
from tests.view_places import Databases, change, dsn_of, read, rows_in
from workflow.errors import Stopped, Unavailable
from workflow.projections import relationships
from workflow.projections.analytics.views import VIEWS
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.journey import JOURNEY
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.rows.generations import RunState
from workflow.projections.rows.storage import Busy, Kept
from workflow.projections.running.rebuilding import FIRST_WAIT, LONGEST_WAIT
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import content, verify
from workflow.projections.running.views import Views
from workflow.projections.sqlite.file import ViewFile
from workflow.projections.tables import Row
from workflow.store.faults import AWAY, of_the_storage


@pytest.fixture
def kept(databases: Databases) -> Iterator[Kept]:
    with databases.new() as kept:
        yield kept


@pytest.fixture
def log() -> Log:
    return Log().add(opened(), onboarded(1)).add(opened(), stream=OTHER).add(concluded(2))


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def analyst(kept: Kept, statement: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody who has begun to read, and takes long."""
    with closing(psycopg.connect(dsn_of(kept), autocommit=True)) as connection:
        connection.execute("BEGIN")
        connection.execute(statement)
        yield connection
        connection.execute("COMMIT")


# --- the same rows


@settings(max_examples=6, deadline=None)
@given(history=logs(), page=st.integers(1, 12), cut=st.integers(0, 60))
def test_any_log_makes_the_rows_that_it_makes_in_a_file(
    databases: Databases, history: list[tuple[UUID, Any]], page: int, cut: int
) -> None:
    log = log_of(history)
    with TemporaryDirectory() as folder, databases.new() as kept:
        file = ViewFile(Path(folder) / "views.db")
        fold(log, file).close()
        fold(log_of(history[:cut]), kept, page=page).close()
        views = fold(log_of(history, twice=True), kept, page=page)
        assert rows_in(kept) == rows_in(file)
        assert content(kept, PROJECTIONS) == content(file, PROJECTIONS)
        runner = Runner(views, log.read, log.head, page=page)
        asked = runner.rebuild()
        runner.catch_up()
        assert [one.differences for one in asked.result(timeout=0)] == [0] * len(PROJECTIONS)
        assert rows_in(kept) == rows_in(file)
        assert verify(kept, PROJECTIONS, Stored(log)) == verify(file, PROJECTIONS, Stored(log))
        views.close()


def test_many_rows_are_merged_as_few_are(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow.projections.postgres.rows._MANY", 3)
    log = Log()
    for number in range(1, 9):
        log.add(opened(), onboarded(1), concluded(2), stream=UUID(int=number))
    for number in range(1, 9):
        log.add(onboarded(3), stream=UUID(int=number))
    fold(log, tmp_path / "views.db").close()
    fold(log, kept, page=11).close()
    assert rows_in(kept) == rows_in(ViewFile(tmp_path / "views.db"))


def test_text_is_compared_by_its_bytes_whatever_the_database_does(kept: Kept) -> None:
    fold(Log(), kept).close()
    others = read(
        kept,
        "SELECT table_name, column_name, collation_name FROM information_schema.columns WHERE table_schema = "
        "'projections' AND data_type = 'text' AND table_name NOT IN ('projections', 'analysts_views', 'migrations') "
        "AND collation_name IS DISTINCT FROM 'C'",
    )
    assert others == []


@pytest.mark.parametrize("number", [2**63, "seven", 1.5, None])
@pytest.mark.parametrize("anew", [False, True], ids=["live", "rebuilt"])
def test_a_row_that_the_database_does_not_take_stops_its_projection_and_no_other(
    kept: Kept, log: Log, number: Any, anew: bool
) -> None:
    fold(log, kept).close()

    def keep(row: Row) -> Row:
        return {**row, "number": number if row["relationship"] == str(OTHER) else row["number"]}

    log.add(concluded(3), stream=OTHER)
    broken = [replace(one, keep=keep) if one is JOURNEY else one for one in PROJECTIONS]
    runner = Runner(Views(kept, broken, durable=False), log.read, log.head)
    asked = runner.rebuild() if anew else None
    runner.catch_up()
    states = {status.name: (status.state, status.lag) for status in runner.status()}
    assert states["journey"] == (RunState.PAUSED, 1)
    assert {state for name, state in states.items() if name != "journey"} == {(RunState.RUNNING, 0)}
    if asked is not None:
        failed = [one.name for one in asked.result(timeout=0) if one.failure is not None]
        assert failed == ["journey"]
    runner.views.close()


# --- others who read


def test_a_swap_waits_for_a_long_query_and_holds_up_nobody(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    clock = Clock()
    views = Views(kept, PROJECTIONS, named=VIEWS, durable=False)
    runner = Runner(views, log.read, log.head, monotonic=clock)
    with analyst(kept, "SELECT * FROM analytics.meetings"):
        asked = runner.rebuild()
        assert not runner.step(), "it is not tried again at once"
        assert {shadow.position for shadow in views.shadows} == {4}
        log.add(concluded(3), stream=OTHER)
        assert runner.step(), "what is new is folded meanwhile"
        for _ in range(9):
            clock.now += LONGEST_WAIT
            runner.step()
            with views.reading() as connection:
                assert relationships.one(connection, OTHER) is not None
        assert not asked.done()
        assert {status.lag for status in runner.status()} == {0}
    clock.now += LONGEST_WAIT
    runner.catch_up()
    assert [one.differences for one in asked.result(timeout=0)] == [0] * len(PROJECTIONS)
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    views.close()


def test_a_swap_is_tried_again_soon_and_then_ever_more_seldom(
    kept: Kept, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold(log, kept).close()
    clock, tried = Clock(), list[float]()
    views = Views(kept, PROJECTIONS, durable=False)
    runner = Runner(views, log.read, log.head, monotonic=clock)

    def busy(_: object) -> NoReturn:
        tried.append(clock.now)
        raise Busy("somebody reads")

    monkeypatch.setattr(views, "swap", busy)
    runner.rebuild()
    begun = clock.now
    while clock.now - begun < 4 * LONGEST_WAIT:
        runner.step()
        clock.now += FIRST_WAIT
    waits = [other - one for one, other in pairwise(tried)]
    assert waits[:7] == [FIRST_WAIT, 0.5, 1, 2, 4, LONGEST_WAIT, LONGEST_WAIT]
    views.close()


def test_who_has_begun_to_read_reads_to_the_end_what_there_was(kept: Kept, log: Log) -> None:
    """It would not see rows that were folded anew after its moment: nothing is replaced by them meanwhile."""
    clock = Clock()
    runner = Runner(fold(log, kept), log.read, log.head, monotonic=clock)
    views = runner.views
    with views.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
        asked = runner.rebuild(["relationships"])
        runner.step()
        assert not asked.done()
        assert relationships.one(connection, PAIR) is not None
    clock.now += LONGEST_WAIT
    runner.catch_up()
    assert asked.result(timeout=0)[0].differences == 0
    views.close()


def test_readers_find_all_rows_however_often_they_are_folded_anew(kept: Kept) -> None:
    log = Log()
    for number in range(1, 40):
        log.add(opened(), onboarded(1), stream=UUID(int=number))
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head, poll_seconds=0.01)
    over, found = Event(), set[int]()

    def look() -> None:
        while not over.is_set():
            with views.reading() as connection:
                found.add(sum(relationships.count_by_state(connection).values()))
                found.add(len(relationships.listing(connection)))

    readers = [Thread(target=look) for _ in "123"]
    for reader in readers:
        reader.start()
    runner.start()
    for _ in range(4):
        runner.rebuild().result(timeout=240)
    runner.stop()
    over.set()
    for reader in readers:
        reader.join()
    assert found == {39}
    assert {generation.number for generation in views.generations} == {5}
    views.close()


def test_a_table_that_somebody_still_reads_is_removed_later(kept: Kept, log: Log) -> None:
    runner = Runner(fold(log, kept), log.read, log.head)
    with analyst(kept, "SELECT * FROM projections.journey_1"):
        asked = runner.rebuild(["journey"])
        runner.catch_up()
        assert asked.result(timeout=0)[0].differences == 0
        assert ("journey_1",) in read(kept, "SELECT tablename FROM pg_tables")
    runner.views.close()
    Views(kept, PROJECTIONS, durable=False).close()
    assert ("journey_1",) not in read(kept, "SELECT tablename FROM pg_tables")


def wider(*, first: bool = False) -> list[Any]:
    table = JOURNEY.table.to_metadata(MetaData())
    table.append_column(Column("weekday", Integer))

    def fold(document: Any, recorded: Any) -> None:
        JOURNEY.fold(document, recorded)
        for row in document:
            row.setdefault("weekday", 1)

    return [replace(JOURNEY, table=table, fold=fold) if one is JOURNEY else one for one in PROJECTIONS]


def test_views_that_others_have_made_stay_and_are_named_where_they_are_in_the_way(
    kept: Kept, log: Log
) -> None:
    change(kept, "CREATE VIEW public.mine AS SELECT count(*) AS pairs FROM analytics_relationships")
    runner = Runner(fold(log, kept), log.read, log.head)
    runner.rebuild()
    runner.catch_up()
    runner.views.close()
    Views(kept, PROJECTIONS, named=VIEWS, durable=False).close()
    assert read(kept, "SELECT pairs FROM public.mine") == [(2,)]
    change(kept, "UPDATE analysts_views SET statement = 'older'", "DROP VIEW analytics_goals")
    change(
        kept,
        "CREATE VIEW analytics_goals AS SELECT 1 AS old",
        "CREATE VIEW public.over_goals AS TABLE analytics_goals",
    )
    with pytest.raises(Stopped, match=r"view public\.over_goals depends on view analytics\.goals"):
        Views(kept, PROJECTIONS, named=VIEWS, durable=False)
    change(kept, "DROP VIEW public.over_goals")
    Views(kept, PROJECTIONS, named=VIEWS, durable=False).close()
    assert read(kept, "SELECT pairs FROM public.mine") == [(2,)]


def test_a_column_that_goes_takes_the_analysts_views_through_a_rebuild(kept: Kept, log: Log) -> None:
    """As when an older version is put back: its view cannot lose a column, and is made anew with those over it."""
    runner = Runner(Views(kept, wider(), named=VIEWS, durable=False), log.read, log.head)
    runner.rebuild()
    runner.catch_up()
    assert read(kept, "SELECT DISTINCT weekday FROM journey") == [(1,)]
    runner.views.close()
    views = Views(kept, PROJECTIONS, named=VIEWS, durable=False)
    runner = Runner(views, log.read, log.head)
    asked = runner.rebuild()
    runner.catch_up()
    assert {one.failure for one in asked.result(timeout=0)} == {None}
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    assert read(kept, "SELECT count(*) FROM analytics_states") == [(4,)]
    views.close()


def test_who_opens_it_waits_for_nobody_who_folds(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    with analyst(
        kept, "LOCK TABLE projections.projections IN SHARE ROW EXCLUSIVE MODE"
    ):  # as a long page does
        views = Views(kept, PROJECTIONS, named=VIEWS, durable=False)
        with views.reading() as connection:
            assert relationships.one(connection, PAIR) is not None
        views.close()


def test_without_its_schema_all_is_folded_anew(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    before = rows_in(kept)
    change(kept, "DROP SCHEMA projections CASCADE")
    views = Views(kept, PROJECTIONS, named=VIEWS, durable=False)
    Runner(views, log.read, log.head).catch_up()
    views.close()
    assert rows_in(kept) == before
    assert read(kept, "SELECT count(*) FROM analytics_relationships") == [(2,)]


# --- connections that break


def break_off(kept: Kept) -> None:
    change(
        kept,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()",
    )


def test_connections_that_break_are_made_anew_and_nothing_is_lost(kept: Kept, log: Log) -> None:
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head, poll_seconds=0.01)
    runner.start()
    for number in range(1, 3):
        break_off(kept)
        position = log.add(opened(), stream=UUID(int=number)).head()
        runner.wake()
        assert runner.reaching(position).result(timeout=PATIENCE) == position
        with views.reading() as connection:
            assert relationships.one(connection, UUID(int=number)) is not None
    runner.stop()
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    views.close()


def test_a_query_whose_connection_breaks_tells_that_the_server_is_away(kept: Kept, log: Log) -> None:
    views = fold(log, kept)

    def ask() -> None:
        with views.reading() as connection:
            break_off(kept)
            relationships.one(connection, PAIR)

    with pytest.raises(AWAY) as told:
        ask()
    assert of_the_storage(told.value)
    with views.reading() as connection:
        assert relationships.one(connection, PAIR) is not None
    views.close()


@pytest.mark.parametrize("place", ["transaction", "swapping"])
def test_where_nobody_knows_whether_it_was_committed_it_is_looked_up(
    kept: Kept, log: Log, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The answer to a commit is lost: what it wrote is there, and is not written again."""
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head)
    log.add(concluded(3), stream=OTHER)
    asked = runner.rebuild() if place == "swapping" else None
    entered = getattr(views._storage, place)

    @contextmanager
    def lost() -> Iterator[Any]:
        with entered() as cursor:
            yield cursor
        monkeypatch.undo()
        raise psycopg.OperationalError("the connection was lost")

    monkeypatch.setattr(views._storage, place, lost)
    with pytest.raises(psycopg.OperationalError):
        runner.catch_up()
    runner.catch_up()
    if asked is not None:
        assert {(one.generation, one.failure) for one in asked.result(timeout=0)} == {(2, None)}
    assert {status.lag for status in runner.status()} == {0}
    assert verify(kept, PROJECTIONS, Stored(log)).equal
    views.close()


def test_a_rebuild_that_could_not_be_begun_is_begun_again(
    kept: Kept, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Runner(fold(log, kept), log.read, log.head)

    def gone() -> Any:
        monkeypatch.undo()
        raise psycopg.OperationalError("the connection was lost")

    asked = runner.rebuild(["journey"])
    monkeypatch.setattr(runner.views._storage, "transaction", gone)
    with pytest.raises(psycopg.OperationalError):
        runner.catch_up()
    runner.catch_up()
    assert [(one.generation, one.differences) for one in asked.result(timeout=0)] == [(2, 0)]
    runner.views.close()


def test_a_comparison_leaves_nothing_whatever_ends_it(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    before = read(kept, "SELECT schemaname, tablename FROM pg_tables ORDER BY 1, 2")

    def ended(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(kept, PROJECTIONS, Stored(log), heed=ended)
    assert read(kept, "SELECT schemaname, tablename FROM pg_tables ORDER BY 1, 2") == before


def test_a_server_that_does_not_answer_and_a_database_without_rows_are_said(postgres: PostgresServer) -> None:
    nowhere = ViewDatabase("host=127.0.0.1 port=1 user=somebody password=of-mine dbname=nothing")
    for look in (nowhere.moment, lambda: nowhere.comparing(None)):
        with pytest.raises(Unavailable, match="does not answer") as told, look():
            pass
        assert "of-mine" not in repr((told.value, nowhere))
    with pytest.raises(Unavailable, match="nothing is folded"), ViewDatabase(postgres.database()).moment():
        pass
