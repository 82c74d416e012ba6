"""Every projection is documented, and keeps what is sealed or confidential from its rows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.projections.deeds import checked_in, drafted, goal_set, looked
from tests.projections.facts import MENTEE, Log, fold, opened
from workflow.aggregates.events import Visibility
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.projection import Projection
from workflow.projections.rows.storage import Kept

PAGE = Path(__file__).parents[2] / "docs" / "projections.md"


def test_the_page_says_of_every_projection_what_it_says_itself_and_of_no_other() -> None:
    said = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(said) == sorted((one.name, one.row, one.answers) for one in PROJECTIONS)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_its_rows_begin_with_their_key_and_that_with_their_relationship(projection: Projection) -> None:
    key = [column.name for column in projection.table.primary_key]
    assert key[0] == {"relationships": "id", "policies": "stream"}.get(projection.name, "relationship")
    assert key == [column.name for column in projection.table.columns][: len(key)]


def test_what_is_sealed_is_in_no_row(kept: Kept) -> None:
    log = Log().add(
        opened(), goal_set("one", 1), looked(2, "call", "plan"), drafted(1, 3, Visibility.PAIR_ONLY)
    )
    log.add(checked_in(4, MENTEE, low=True))
    views = fold(log, kept)
    with views.reading() as connection:
        told = str([connection.exec_driver_sql(f"SELECT * FROM {name}_1").all() for name in _names()])
    views.close()
    assert "ours alone" not in told
    assert "sealed" not in told


def _names() -> list[str]:
    return [projection.name for projection in PROJECTIONS]
