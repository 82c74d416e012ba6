"""A row a reminder, and whether a meeting was booked soon after it."""

from __future__ import annotations

import pytest

from tests.projections.deeds import booked, not_reminded
from tests.projections.facts import MENTEE, OTHER, PAIR, Log, day, fold, opened, reminded
from workflow.projections import reminders
from workflow.projections.rows.storage import Kept


def test_each_reminder_tells_what_became_of_it(kept: Kept) -> None:
    log = Log(twice=True).add(opened(), reminded(20), not_reminded(40))
    views = fold(log, kept, page=2)
    with views.reading() as connection:
        issued, suppressed = reminders.listing(connection, PAIR)
    views.close()
    assert (issued["kind"], issued["audience"], issued["step"]) == ("book_next_meeting", "mentee", 1)
    assert (issued["about"], issued["issued_at"], issued["reason"]) == (day(5), day(20), None)
    assert (suppressed["issued_at"], suppressed["suppressed_at"]) == (None, day(40))
    assert suppressed["reason"] == "too_late"
    assert str(MENTEE) not in str((issued, suppressed)), "to whom it went is told by role"


@pytest.mark.parametrize(
    ("at", "followed"), [(19.99, False), (20, True), (23, True), (27, True), (27.001, False)]
)
def test_a_meeting_booked_in_the_week_after_followed_it(kept: Kept, at: float, followed: bool) -> None:
    """Also where the booking became known before the reminder was issued, or long after."""
    log = Log(twice=True).add(opened(), reminded(20), booked("ada", 30, at=at))
    log.add(opened(), booked("ben", 30, at=at), reminded(20), stream=OTHER)
    views = fold(log, kept)
    with views.reading() as connection:
        for relationship in (PAIR, OTHER):
            (row,) = reminders.listing(connection, relationship)
            assert row["followed"] is followed
        (counted,) = reminders.by_kind(connection)
        assert (counted["issued"], counted["followed"]) == (2, 2 * followed)
        assert reminders.by_kind(connection, programme="another") == []
    views.close()


def test_what_was_not_sent_led_to_nothing(kept: Kept) -> None:
    log = Log(twice=True).add(opened(), not_reminded(20), booked("ada", 30, at=21))
    views = fold(log, kept)
    with views.reading() as connection:
        (row,) = reminders.listing(connection, PAIR)
        assert row["followed"] is False
        (counted,) = reminders.by_kind(connection)
        assert (counted["issued"], counted["suppressed"], counted["followed"]) == (0, 1, 0)
    views.close()
