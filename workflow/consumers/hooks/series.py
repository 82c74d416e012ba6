"""The occurrences of a series that are told: from its newest revision on, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped] # it brings no types
from icalendar import Calendar
from icalendar.cal import Component
from icalendar.prop import vDDDTypes

from workflow.consumers.hooks.entries import Entry, instant, length_of, properties, times_of
from workflow.consumers.hooks.hook import Untranslatable
from workflow.consumers.hooks.rules import MOST_DATES, check_rule

AHEAD = timedelta(days=400)
"""How far a series is told: a term of mentoring is half a year or a year, and a month more for its end."""

MOST_OCCURRENCES = 400
"""One a day, as far as it is told."""

LONGEST_AGO = timedelta(days=3660)
"""A series that began more than ten years before its newest revision is not worked out."""


MOST_DAYS = 20_000
"""From the beginnings of all series of one body to the ends of what is told, and their single dates: no rule that is
taken has more occurrences than days. Five series of ten years, or fifty new ones."""


class Days:
    """What is left of them to the series of one body."""

    def __init__(self, most: int = MOST_DAYS) -> None:
        self._left = most

    def take(self, days: int) -> None:
        """Raises where the body has taken too many."""
        self._left -= days
        if self._left < 0:
            raise Untranslatable("too_much")


class Occurrence(NamedTuple):
    """One meeting of a series; ``entry`` tells its revision and who is invited."""

    recurrence_id: datetime
    starts_at: datetime
    ends_at: datetime
    entry: Entry


def occurrences(core: Entry, changed: Sequence[Entry], zone: ZoneInfo, days: Days) -> list[Occurrence]:
    """Those that follow from the rule. What was ``changed`` for itself is not among them.

    Told is what ends after the revision was made: a calendar does not rewrite what has been. How far is told
    goes by whole steps from the series' start, so that a cancellation names the same ones as the invitation.
    """
    for rule in properties(core.component, "RRULE"):
        check_rule(rule)
    dates = sum(len(dates.dts) for name in ("RDATE", "EXDATE") for dates in properties(core.component, name))
    if dates > MOST_DATES:
        raise Untranslatable("too_much")
    begins_at, _ = times_of(core.component, zone)
    if length_of(core.component, zone) <= timedelta(0):
        raise Untranslatable("ends_before_start")
    if core.stamp - begins_at > LONGEST_AGO:
        raise Untranslatable("series_too_old")
    steps = max((core.stamp - begins_at) // AHEAD, 0) + 1
    until = begins_at + steps * AHEAD
    days.take((until - begins_at).days + dates)
    own = {entry.recurrence_id: entry for entry in changed}
    try:
        worked_out = list(_worked_out(core, own, core.stamp, until, zone))
    except (ValueError, TypeError, OverflowError):
        # Days and times, or zones and none, that do not go together.
        raise Untranslatable("rule_unusual") from None
    found = {
        one.recurrence_id: one
        for one in worked_out
        if one.recurrence_id not in own and core.stamp < one.ends_at and one.starts_at < until
    }
    return sorted(found.values())[:MOST_OCCURRENCES]


def _worked_out(
    core: Entry,
    own: Mapping[datetime | None, Entry],
    after: datetime,
    until: datetime,
    zone: ZoneInfo,
) -> Iterator[Occurrence]:
    calendar = Calendar()
    for entry in (core, *own.values()):
        calendar.add_component(entry.component)
    query = recurring_ical_events.of(calendar, components=["VEVENT"])
    # A day more on both sides, for times that name no zone; the caller looks at the instants.
    day = timedelta(days=1)
    for found in query.between(after - day, until + day):
        starts_at, ends_at = times_of(found, zone)
        base = own.get(instant(found["RECURRENCE-ID"], zone))
        if ends_at <= starts_at:  # in the hour that is left out in spring: by the clock it has no length
            ends_at = starts_at + length_of((base or core).component, zone)
        if base is None:
            yield Occurrence(instant(found["DTSTART"], zone), starts_at, ends_at, core)
        elif base.ranged:
            # All later ones were moved alike; on the clock, so that summer time changes nothing.
            original = vDDDTypes(_time(found, "DTSTART") - _moved_by(base))
            yield Occurrence(instant(original, zone), starts_at, ends_at, base)


def _moved_by(base: Entry) -> timedelta:
    moved: timedelta = _time(base.component, "DTSTART") - _time(base.component, "RECURRENCE-ID")
    return moved


def _time(component: Component, name: str) -> Any:
    """A date or a time as it was written; any, since which of them goes with which is not known here."""
    return component[name].dt  # type: ignore[union-attr]
