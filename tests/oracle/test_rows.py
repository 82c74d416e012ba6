"""What the log says of a measure's end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.oracle.concerns import Measure
from tests.oracle.rows import settled

DAY = timedelta(days=1)
LOOK = datetime(2026, 3, 2, 9, tzinfo=UTC)
BY_WHEN = LOOK + 20 * DAY


def measure(**dropped: int) -> Measure:
    """Dropped by whom, so many days after the look."""
    return Measure(LOOK, BY_WHEN, dropped={party: LOOK + days * DAY for party, days in dropped.items()})


def test_a_measure_that_somebody_holds_on_to_is_open() -> None:
    assert settled(measure(ada=1), {"ada", "bo"}, {}) == ("open", None)


def test_the_last_to_drop_it_settles_it() -> None:
    assert settled(measure(ada=1, bo=3), {"ada", "bo"}, {}) == ("dropped", LOOK + 3 * DAY)


def test_whoever_leaves_with_it_settles_it_then() -> None:
    assert settled(measure(ada=1), {"ada"}, {"bo": LOOK + 4 * DAY}) == ("dropped", LOOK + 4 * DAY)


def test_whoever_dropped_it_before_leaving_settles_nothing_later() -> None:
    assert settled(measure(ada=3, bo=1), {"ada"}, {"bo": LOOK + 4 * DAY}) == ("dropped", LOOK + 3 * DAY)


def test_what_was_done_before_somebody_left_was_done() -> None:
    one = measure(ada=1)
    one.done_at = LOOK + 2 * DAY
    assert settled(one, {"ada"}, {"bo": LOOK + 4 * DAY}) == ("done", LOOK + 2 * DAY)
