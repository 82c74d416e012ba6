"""Clocks: aware, in UTC, and a simulated one never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from workflow.clocks import RealClock, SimulatedClock
from workflow.errors import Conflict

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_simulated_clock_stands_still_until_moved() -> None:
    clock = SimulatedClock(START.astimezone(timezone(timedelta(hours=2))))
    assert clock.now() == START
    assert clock.now().tzinfo is UTC
    clock.advance(START)
    clock.advance(START + timedelta(days=1))
    with pytest.raises(Conflict):
        clock.advance(START)
    assert clock.now() == START + timedelta(days=1)


def test_the_real_clock_is_in_utc() -> None:
    assert RealClock().now().tzinfo is UTC
