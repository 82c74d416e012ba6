"""What the charts show, and the tables beside them: asked of the projections together, so that they agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import dropwhile
from typing import NamedTuple

from sqlalchemy import Connection

from workflow.aggregates.meetings import Status
from workflow.aggregates.moves import State
from workflow.projections import journey, meetings, programme_by_day, relationships
from workflow.projections.tables import Row

READS = ("relationships", "journey", "meetings", "episodes", "reminders")
"""The projections that the figures are read from."""

WEEKS = 26
MONTHS = 12
OUTCOMES = (Status.HELD, Status.CANCELLED, Status.MISSED, Status.UNCONFIRMED)


class Figures(NamedTuple):
    """How the programme stands, and how it has gone."""

    states: dict[str, int]
    """How many relationships are in each state now."""
    booked: int
    active: int
    """Of so many active ones, how many have a next meeting booked."""
    weeks: Sequence[programme_by_day.Day]
    """Days a week apart, today the last one; none from before the first opening."""
    months: Sequence[Row]
    """This month and those before it, with how many meetings stand as what; none from before the first meeting."""
    stays: Sequence[Row]
    """For each state but closure, how long relationships stayed in it."""

    @property
    def open(self) -> int:
        """How many relationships are not closed."""
        return sum(self.states.values()) - self.states[State.CLOSURE.value]

    @property
    def held(self) -> int:
        """How many meetings were held this month."""
        held: int = self.months[-1][Status.HELD.value] if self.months else 0
        return held


def figures(connection: Connection, now: datetime) -> Figures:
    """As they are known now."""
    today = now.date()
    days = programme_by_day.by_day(connection, today - timedelta(weeks=WEEKS - 1), today)
    booked, active = meetings.with_next_booked(connection, now)
    return Figures(
        states=relationships.count_by_state(connection),
        booked=booked,
        active=active,
        weeks=list(dropwhile(lambda day: not any(day.states.values()), days[::7])),
        months=_months(meetings.by_month(connection), f"{today:%Y-%m}"),
        stays=journey.time_in_state(connection, now),
    )


def _months(found: Sequence[Row], current: str) -> Sequence[Row]:
    """The last months up to the current one, those without a meeting among them."""
    by_month = {row["month"]: row for row in found}
    none = dict.fromkeys((one.value for one in OUTCOMES), 0)
    months, month = [], current
    for _ in range(MONTHS):
        months.append({"month": month, **none, **by_month.get(month, {})})
        month = _before(month)
    return list(dropwhile(lambda row: not any(row[one.value] for one in OUTCOMES), reversed(months)))


def _before(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"
