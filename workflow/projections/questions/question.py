"""One question: its name, what it asks in words, what may narrow it, and what its answer tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, text

from workflow.aggregates.moves import State
from workflow.errors import Invalid
from workflow.projections.analytics.columns import Column
from workflow.projections.tables import Row

LONGEST = timedelta(days=3_660)
"""Ten years: more days than these are not told one by one."""

LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Asked:
    """What narrows a question, and the instant at which it is asked. Days and months are those of UTC."""

    now: datetime
    programme: str | None = None
    begin: date | None = None
    end: date | None = None
    day: date | None = None
    cohort: str | None = None
    state: State | None = None

    @property
    def on(self) -> date:
        """The day asked for, else today."""
        return self.day or self.now.astimezone(UTC).date()

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day asked for: the last 30 days up to today, where nothing else is said."""
        end = self.end or max(self.on, self.begin or self.on)
        begin = self.begin or end - LATELY
        if begin > end or end - begin > LONGEST:
            raise Invalid(
                f"`from` is to be before `to`, and at most {LONGEST.days} days before it", code="days_invalid"
            )
        return begin, end

    def params(self) -> dict[str, Any]:
        """The same for SQL: a filter that is not given is null, days are the instants at which they begin or end."""
        return {
            "now": self.now.astimezone(UTC).isoformat(timespec="microseconds"),
            "programme": self.programme,
            "cohort": self.cohort,
            "state": self.state,
            "begin": None if self.begin is None else _midnight(self.begin),
            "end": None if self.end is None else _midnight(self.end + timedelta(days=1)),
            "first_month": None if self.begin is None else self.begin.isoformat()[:7],
            "last_month": None if self.end is None else self.end.isoformat()[:7],
        }


def _midnight(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat(timespec="microseconds")


Ask = Callable[[Connection, Asked], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Question:
    """A question and who answers it. ``filters`` are those that it takes, by the names that a request has for them."""

    name: str
    asks: str
    columns: tuple[Column, ...]
    ask: Ask
    reads: tuple[str, ...]
    filters: tuple[str, ...] = ()


NARROWED = "{narrowed}"
"""Where the conditions of filters go in a statement, each with its AND."""


def sql(statement: str, **conditions: str) -> Ask:
    """An answer that SQL gives. ``conditions`` are by filter, and asked of rows only where it is given.

    Written so, and not as *it is null or*, they can be found by an index.
    """

    def ask(connection: Connection, asked: Asked) -> Sequence[Row]:
        values = {name: value for name, value in asked.params().items() if value is not None}
        narrowed = "".join(f" AND {condition}" for name, condition in conditions.items() if name in values)
        query = text(statement.replace(NARROWED, narrowed))
        given = {name: values[name] for name in query.compile().params}
        return [dict(row) for row in connection.execute(query, given).mappings()]

    return ask


OF_PROGRAMME = {"programme": "r.programme = :programme"}
OF_COHORT = {"cohort": "substr(r.opened_at, 1, 7) = :cohort"}
"""Conditions on relationships, where these are called r."""


def share(part: int, whole: int) -> float | None:
    """How much of the whole, None of nothing."""
    return part / whole if whole else None
