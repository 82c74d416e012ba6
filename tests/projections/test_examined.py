"""What a doctor finds about projections, from outside and wherever they are kept."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.projections.facts import Log, fold, onboarded, opened
from tests.view_places import change
from workflow.diagnosis import Finding
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.examined import standing
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.rows.storage import Kept
from workflow.projections.sqlite.file import ViewFile


@pytest.fixture
def log() -> Log:
    return Log().add(opened(), onboarded(1))


def found(kept: Kept, head: int | None = 2) -> list[Finding]:
    return list(standing(kept, PROJECTIONS, head))


def test_all_is_well(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    assert [finding.said for finding in found(kept)] == [f"{len(PROJECTIONS)} of them, none paused"]
    assert found(kept, None) == found(kept)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("position = 7", "journey has folded up to 7, and the log ends at 2"),
        ("state = 'paused', paused_by = 'somebody'", "journey was paused by somebody"),
        ("state = 'paused', failed_at = 2", "journey is paused by a failure on event 2"),
        ("shape = 'other'", "journey was folded into columns of another version"),
        ("position = -20000", "journey is 20002 events behind"),
    ],
)
def test_what_is_not_well_is_said(kept: Kept, log: Log, told: str, said: str) -> None:
    fold(log, kept).close()
    change(kept, f"UPDATE projections SET {told} WHERE name = 'journey'")
    (finding,) = found(kept)
    assert finding.said.startswith(said)
    assert finding.todo


def test_one_that_was_never_folded_is_said(kept: Kept, log: Log) -> None:
    fold(log, kept).close()
    change(kept, "DELETE FROM projections WHERE name = 'journey'")
    assert [finding.said for finding in found(kept)] == ["journey was never folded"]


def test_where_nothing_was_ever_folded_nothing_is_found(tmp_path: Path, postgres: PostgresServer) -> None:
    assert found(ViewDatabase(postgres.database())) == []
    assert found(ViewFile(tmp_path / "views.db")) == []


def test_it_is_looked_at_while_it_is_folded(kept: Kept, log: Log) -> None:
    with closing(fold(log, kept)):
        assert len(found(kept)) == 1
