"""What a file has and a database has not."""

from __future__ import annotations

from pathlib import Path

from tests.projections.facts import Log, fold, onboarded, opened


def test_one_that_is_let_go_of_is_whole_by_itself(tmp_path: Path) -> None:
    """Nothing of it is left in a write-ahead log beside it."""
    fold(Log().add(opened(), onboarded(1)), tmp_path / "views.db", page=1).close()
    assert [path.name for path in tmp_path.iterdir()] == ["views.db"]
