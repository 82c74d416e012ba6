"""The role of analysts reads the views that are made for it, and nothing else."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.analytics.analysts import fold, somebody
from tests.postgres import PostgresServer
from tests.projections.facts import OTHER, Log, opened, raised, reminded
from tests.view_places import Databases, change, database_of, dsn_of, read
from workflow.aggregates import events as e
from workflow.errors import Stopped
from workflow.projections.analytics.views import VIEWS
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres import analysts
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.store.postgres.migrations import migrate
from workflow.store.postgres.pool import Connections

SHIPPED = Path(__file__).parents[2] / "deploy" / "databases.sql"

REFUSED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def kept(databases: Databases) -> Iterator[Kept]:
    """A database with facts and keys beside the projections, as a service has it."""
    with databases.new() as kept:
        for schema in ("mentoring", "mentoring_keys"):
            connections = Connections(dsn_of(kept), schema)
            connections.open()
            migrate(connections, schema)
            connections.close()
        log = Log().add(opened(), raised(e.ConcernCode.HELP_ASKED, 20), raised(e.ConcernCode.STUCK, 21))
        log.add(opened(), reminded(20), stream=OTHER)
        fold(log, kept).close()
        yield kept


def test_where_the_databases_are_made_as_shipped_it_stands_for_no_work(kept: Kept) -> None:
    """Which process is at work is told by advisory locks."""
    found = re.search(r"^DO \$\$.*?^END \$\$;", SHIPPED.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    with somebody(kept) as analyst, somebody(kept, "", "mentoring") as service:
        change(kept, found[0])
        with closing(psycopg.connect(dsn_of(kept, user=service))) as connection:
            assert connection.execute("SELECT pg_try_advisory_lock(1)").fetchone() == (True,)
        with closing(psycopg.connect(dsn_of(kept, user=analyst))) as connection:
            for function in ("pg_advisory_lock", "pg_try_advisory_lock_shared", "pg_advisory_xact_lock"):
                with pytest.raises(REFUSED):
                    connection.execute(f"SELECT {function}(2)".encode())
                connection.rollback()
            assert connection.execute("SELECT count(*) FROM analytics.relationships").fetchone() == (2,)


@pytest.fixture
def analyst(kept: Kept) -> Iterator[psycopg.Connection[Any]]:
    with (
        somebody(kept) as name,
        closing(psycopg.connect(dsn_of(kept, user=name), autocommit=True)) as connection,
    ):
        yield connection


def test_it_reads_every_view_with_the_types_of_the_database(analyst: psycopg.Connection[Any]) -> None:
    for view in VIEWS:
        found = analyst.execute(f"SELECT * FROM analytics.{view.name}")
        assert [column.name for column in found.description or ()] == [column.name for column in view.columns]
        assert analyst.execute(view.example.replace("analytics_", "analytics.")).fetchall() is not None
    (row,) = analyst.execute(
        "SELECT opened_at, cohort, closed_at IS NULL FROM analytics.relationships LIMIT 1"
    )
    assert row == (datetime.fromisoformat("2026-01-05T09:00:00+00:00"), "2026-01", True)


def test_it_reads_nothing_else(kept: Kept, analyst: psycopg.Connection[Any]) -> None:
    others = read(
        kept,
        "SELECT n.nspname || '.' || c.relname, a.attname FROM pg_class AS c "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 "
        "WHERE c.relkind IN ('r', 'v', 'm', 'p', 'S') AND n.nspname IN ('projections', 'mentoring', 'mentoring_keys')",
    )
    assert {name.split(".")[0] for name, _ in others} == {"projections", "mentoring", "mentoring_keys"}
    assert {"projections.relationships", "mentoring.stored_events", "mentoring_keys.keys"} <= {
        name for name, _ in others
    }
    for name, column in others:
        with pytest.raises(REFUSED):
            analyst.execute(f"SELECT {column} FROM {name}")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM analytics.relationships",
        "UPDATE analytics.goals SET status = 'open'",
        "INSERT INTO analytics.support_contacts VALUES (1, now())",
        "CREATE TABLE analytics.mine (n int)",
        "CREATE OR REPLACE VIEW analytics.goals AS SELECT 1",
        "DROP VIEW analytics.goals",
        "CREATE TABLE projections.mine (n int)",
        "CREATE SCHEMA mine",
    ],
)
def test_it_changes_nothing(analyst: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises((REFUSED, psycopg.errors.ObjectNotInPrerequisiteState)):
        analyst.execute(statement)


def test_a_function_of_an_analyst_is_shown_no_row_that_a_view_leaves_out(
    analyst: psycopg.Connection[Any],
) -> None:
    """Left to itself the database would ask a cheap condition first, and of the rows that are left out too."""
    told: list[str] = []
    analyst.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    analyst.execute("""
        CREATE FUNCTION pg_temp.tell(code text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
        AS $$ BEGIN RAISE NOTICE '%', code; RETURN true; END $$
    """)
    analyst.execute("SELECT * FROM analytics.concerns WHERE pg_temp.tell(code)")
    assert told == ["stuck"]
    told.clear()
    analyst.execute("SELECT * FROM analytics.concern_codes WHERE pg_temp.tell(code)")
    assert sorted(told) == ["help_asked", "stuck"], "of each row of the view once, not of each that it sums"


def test_what_it_may_stays_over_a_rebuild_and_where_views_are_made_anew(
    kept: Kept, analyst: psycopg.Connection[Any]
) -> None:
    log = Log().add(opened(), opened(), opened(), opened(), opened())
    change(kept, "DROP VIEW analytics_goals")
    views = fold(log, kept)
    runner = Runner(views, log.read, log.head)
    runner.rebuild()
    runner.catch_up()
    views.close()
    for view in VIEWS:
        analyst.execute(f"SELECT * FROM analytics.{view.name}")


# --- where the role may not be made


def test_where_it_may_not_be_made_an_administrator_is_told_what_to_run(
    postgres: PostgresServer,
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(analysts, "ROLE", "mentoring_analyst_of_the_tests")
    owned = ViewDatabase(postgres.database())
    with somebody(owned, of="") as name:
        own = ViewDatabase(dsn_of(owned, user=name))
        with pytest.raises(Stopped, match="grant it CREATE on the database"):
            Views(own, PROJECTIONS, named=VIEWS)
        change(owned, f"GRANT CREATE ON DATABASE {database_of(owned)} TO {name}")
        with caplog.at_level(logging.WARNING):
            Views(own, PROJECTIONS, named=VIEWS).close()
        assert "`CREATE ROLE mentoring_analyst_of_the_tests NOLOGIN`" in caplog.text
        change(owned, "CREATE ROLE mentoring_analyst_of_the_tests NOLOGIN")
        caplog.clear()
        Views(own, PROJECTIONS, named=VIEWS).close()
        assert caplog.text == ""
        change(owned, "SET ROLE mentoring_analyst_of_the_tests", "SELECT * FROM analytics.meetings")
    change(owned, "DROP ROLE mentoring_analyst_of_the_tests")


def test_an_analyst_sees_in_the_database_what_columns_mean(kept: Kept) -> None:
    ((meaning,),) = read(
        kept, "SELECT col_description('analytics.meetings'::regclass, attnum) FROM pg_attribute "
        "WHERE attrelid = 'analytics.meetings'::regclass AND attname = 'lead_days'"
    )  # fmt: skip
    assert meaning == "from the booking to the start (days)"
