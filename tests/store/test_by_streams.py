"""The log, stream by stream: all of it, once, whatever the size of a page."""

from __future__ import annotations

from itertools import groupby

import pytest

from tests.store.place import ORIGIN, Place, booking, open_one
from workflow.store.recorder import EventRow


@pytest.fixture
def lived(place: Place) -> Place:
    for number in range(7):
        id = place.do(open_one).value
        for uid in range(number):
            place.do(lambda t, id=id, uid=uid: t.decide(id, booking(f"{id}{uid}"), ORIGIN))
    return place


def all_rows(place: Place) -> list[EventRow]:
    return sorted(place.store.rows(0, 1_000), key=lambda row: (row[1], row[2]))


def read(
    place: Place, limit: int, positions: tuple[int, int], names: set[str] | None = None
) -> list[EventRow]:
    found: list[EventRow] = []
    behind: str | None = ""
    while behind is not None:
        page, last = place.store.streams(behind, positions, limit, names)
        assert last is None or (page and page[-1][1] == last and last > behind)
        assert not {row[1] for row in page} & {row[1] for row in found}, "a stream comes whole"
        found += page
        behind = last
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 1_000])
def test_each_stream_comes_whole_and_once(lived: Place, limit: int) -> None:
    assert read(lived, limit, (0, lived.store.head())) == all_rows(lived)


def test_no_more_than_is_asked_for_comes(lived: Place) -> None:
    head = lived.store.head()
    between = [row for row in all_rows(lived) if 3 < row[0] <= head - 4]
    assert read(lived, 3, (3, head - 4)) == between
    named = [row for row in between if row[3] == "relationship_opened"]
    assert read(lived, 3, (3, head - 4), {"relationship_opened"}) == named
    assert len({name for name, _ in groupby(row[3] for row in between)}) > 1
