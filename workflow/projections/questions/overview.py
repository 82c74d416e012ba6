"""How the programme stands and has gone, at a glance: asked of the projections together, so that the figures agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import dropwhile
from typing import NamedTuple

from sqlalchemy import Connection

from workflow.aggregates.meetings import Status
from workflow.aggregates.moves import State
from workflow.projections import journey, meetings, programme_by_day, relationships
from workflow.projections.tables import Row

READS = ("relationships", "journey", "meetings", "policies")
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
    weeks: Sequence[tuple[date, dict[str, int]]]
    """How many were in each state at the end of days a week apart, today the last; none before the first opening."""
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
    days = programme_by_day.states_by_day(connection, today - timedelta(weeks=WEEKS - 1), today)
    booked, active = meetings.with_next_booked(connection, now)
    return Figures(
        states=relationships.count_by_state(connection),
        booked=booked,
        active=active,
        weeks=list(dropwhile(lambda day: not any(day[1].values()), days[::7])),
        months=_months(connection, today),
        stays=journey.time_in_state(connection, now),
    )


def _months(connection: Connection, today: date) -> Sequence[Row]:
    """The last months up to the current one, those without a meeting among them."""
    names = [f"{today:%Y-%m}"]
    while len(names) < MONTHS:
        names.insert(0, _before(names[0]))
    begin = date.fromisoformat(f"{names[0]}-01")
    found = {row["month"]: row for row in meetings.by_month(connection, begin=begin)}
    none = dict.fromkeys((one.value for one in OUTCOMES), 0)
    months = [{"month": name, **none, **found.get(name, {})} for name in names]
    return list(dropwhile(lambda row: not any(row[one.value] for one in OUTCOMES), months))


def _before(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"
