"""Figures over all relationships, worked out from their lives as the log tells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tests.oracle.life import Life
from tests.oracle.meetings import Meeting

FOLLOWED_WITHIN = timedelta(days=7)


def meetings_by_month(lives: Iterable[Life], *, counted: bool = False) -> Counter[tuple[str, str]]:
    """By month of their start (UTC) and what they came to; ``counted``: without those after the closing."""
    found: Counter[tuple[str, str]] = Counter()
    for life in lives:
        for starts_at, one in _started(life, counted=counted):
            found[f"{starts_at.astimezone(UTC):%Y-%m}", one.status] += 1
    return found


def late_cancellations_by_month(lives: Iterable[Life]) -> Counter[str]:
    """Those called off with less notice than the policy asked for then, by month of the start."""
    found: Counter[str] = Counter()
    for life in lives:
        for starts_at, one in _started(life, counted=True):
            if one.cancelled_at is not None and starts_at - one.cancelled_at < life.notice(one.cancelled_at):
                found[f"{starts_at.astimezone(UTC):%Y-%m}"] += 1
    return found


def seconds_in_states(lives: Iterable[Life]) -> Counter[str]:
    """Seconds in each state, of stays that are over."""
    found: Counter[str] = Counter()
    for life in lives:
        for state, entered_at, left_at, _, _ in life.stays:
            if left_at is not None:
                found[state] += round((left_at - entered_at).total_seconds())
    return found


def reminders_by_kind(lives: Iterable[Life]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """By kind and audience: issued, suppressed, and followed by a meeting booked within a week."""
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for life in lives:
        bookings = [one.booked_at for one in life.meetings if one.booked_at is not None]
        for one in life.deeds.reminders:
            issued, suppressed, followed = found.get((one.kind, one.audience), (0, 0, 0))
            found[one.kind, one.audience] = (
                issued + (one.reason is None),
                suppressed + (one.reason is not None),
                followed + one.followed(bookings, FOLLOWED_WITHIN),
            )
    return found


def goals_by_meeting(lives: Iterable[Life], number: int = 2) -> tuple[int, int]:
    """How many had a goal by the end of their so-manyeth held meeting, of how many that came so far."""
    early = reached = 0
    for life in lives:
        held = sorted(
            one.ends_at for _, one in _started(life, counted=True) if one.held and one.ends_at is not None
        )
        if len(held) >= number:
            reached += 1
            early += any(goal.set_at <= held[number - 1] for goal in life.goals.values())
    return early, reached


def goals_by_status(lives: Iterable[Life]) -> Counter[str]:
    """How many goals are open, achieved and dropped."""
    return Counter(goal.status for life in lives for goal in life.goals.values())


def check_ins_by_month(lives: Iterable[Life]) -> dict[str, tuple[int, Counter[str]]]:
    """By month (UTC): in how many relationships somebody answered, and how often mentors and mentees did."""
    given = [
        (f"{one.at.astimezone(UTC):%Y-%m}", number, life.roles[one.party])
        for number, life in enumerate(lives)
        for one in life.deeds.check_ins
    ]
    return {
        month: (
            len({number for of, number, _ in given if of == month}),
            Counter(role for of, _, role in given if of == month),
        )
        for month, _, _ in given
    }


def episodes_by_code(lives: Iterable[Life]) -> dict[str, tuple[int, int]]:
    """How often each concern was raised, and how often it still stands."""
    episodes = [one for life in lives for one in life.deeds.episodes]
    raised, standing = (
        Counter(one.code for one in episodes),
        Counter(one.code for one in episodes if one.cleared_at is None),
    )
    return {code: (number, standing[code]) for code, number in raised.items()}


def _started(life: Life, *, counted: bool) -> Iterable[tuple[datetime, Meeting]]:
    for one in life.meetings:
        after = life.closed_at is not None and one.starts_at is not None and one.starts_at >= life.closed_at
        if one.starts_at is not None and not (counted and after):
            yield one.starts_at, one
