"""A relationship may have any number of meetings: to change the copy of a state takes no longer for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from workflow.aggregates import growing
from workflow.aggregates.calendars import Calendar
from workflow.aggregates.growing import GrowingList, GrowingMap, SameInstant, with_item, without_item
from workflow.aggregates.meetings import Booking, Entry

START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


@pytest.fixture(autouse=True, scope="module")
def _few() -> Iterator[None]:
    """What is long begins early, so that short lists show what becomes of long ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(growing, "FEW", 2)
        yield


@for_any(st.lists(st.tuples(st.booleans(), st.integers(0, 12))))
def test_a_map_holds_what_was_kept_and_its_forks_know_nothing_of_what_came_after(
    changes: list[tuple[bool, int]],
) -> None:
    kept: GrowingMap[int, int] = GrowingMap()
    known: dict[int, int] = {}
    before: list[tuple[GrowingMap[int, int], dict[int, int]]] = []
    for number, (keeps, key) in enumerate(changes):
        before.append((kept, known.copy()))
        kept = kept.fork()
        if keeps:
            kept[key] = known[key] = number
        else:
            kept.discard(key)
            known.pop(key, None)
    for found, wanted in [*before, (kept, known)]:
        assert found.whole() == wanted
        assert [found.get(key) for key in range(13)] == [wanted.get(key) for key in range(13)]
        assert [key for key in range(13) if key in found] == sorted(wanted)


@for_any(st.lists(st.tuples(st.booleans(), st.integers(0, 20))))
def test_a_list_stays_sorted_and_those_before_it_stay_as_they_were(changes: list[tuple[bool, int]]) -> None:
    kept: Sequence[tuple[datetime, int]] = []
    known: list[tuple[datetime, int]] = []
    before = []
    for puts, minute in changes:
        before.append((kept, known))
        item = (at(minute), minute)
        if puts and item in known:
            with pytest.raises(SameInstant):
                with_item(kept, item, itemgetter(0))
        elif puts:
            kept, known = with_item(kept, item, itemgetter(0)), sorted([*known, item])
        elif item in known:
            kept, known = without_item(kept, item, itemgetter(0)), [one for one in known if one != item]
    for found, wanted in [*before, (kept, known)]:
        assert [*found] == wanted
        assert [*reversed(found)] == wanted[::-1]
        assert len(found) == len(wanted)
        assert [found[place] for place in range(-len(wanted), len(wanted))] == [*wanted, *wanted]
        for begin in range(-3, 6):
            assert [found[begin : begin + size] for size in range(5)] == [
                wanted[begin : begin + size] for size in range(5)
            ]
        assert found[::2] == wanted[::2]


def test_a_place_that_is_none_is_refused() -> None:
    long = GrowingList([1, 2], [3])
    for place in (3, -4):
        with pytest.raises(IndexError):
            long[place]


def test_of_a_long_calendar_a_change_copies_what_is_recent_and_shares_the_rest() -> None:
    calendar = Calendar()
    calendar.meetings()
    for number in range(198):
        told = Booking((0, START, "/calendar", str(number)), at(number), at(number + 1), number)
        calendar.keep(Entry((str(number), None), told))
    changed = calendar.fork()
    changed.keep(Entry(("another", None), Booking((0, START, "/calendar", "another"), at(500), at(501), 500)))
    assert changed._entries._older is calendar._entries._older
    assert changed._meetings._older is calendar._meetings._older
    for long, longer in ((calendar.meetings(), changed.meetings()), (calendar.pending(), changed.pending())):
        assert isinstance(long, GrowingList)
        assert isinstance(longer, GrowingList)
        assert longer.older is long.older
        assert len(longer.recent) <= 2 * growing.FEW
        assert len(longer) == len(long) + 1
