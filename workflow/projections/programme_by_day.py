"""Day by day: how many relationships were in each state, what concerned them, and what happened.

No table of its own: it is summed from what other projections keep, when it is asked for, so it can be of no
other mind than they. It tells what is known now of those days, late facts and corrections included. Days are
those of UTC, and a relationship counts where it stood at a day's end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    func,
    literal,
    select,
    union_all,
)

from workflow.aggregates.events import ConcernCode
from workflow.aggregates.meetings import Status
from workflow.aggregates.moves import State
from workflow.projections.episodes import episodes
from workflow.projections.journey import journey
from workflow.projections.meetings import COUNTS, meetings
from workflow.projections.relationships import relationships
from workflow.projections.reminders import reminders

READS = ("relationships", "journey", "meetings", "episodes", "reminders")
"""The projections that these queries read."""

_OUTCOMES = (Status.HELD, Status.MISSED, Status.CANCELLED)


class Day(NamedTuple):
    """One day. ``states`` and ``concerns`` are how many stood at its end, the others what happened on it.

    ``meetings`` are counted on the day of their start, by what stands of them; every state, code and outcome is
    named.
    """

    day: date
    states: dict[str, int]
    opened: int
    closed: int
    concerns: dict[str, int]
    meetings: dict[str, int]
    reminders: int


def by_day(connection: Connection, first: date, last: date, *, programme: str | None = None) -> list[Day]:
    """Each day from the first to the last, of one programme or of all."""
    concerns = _standing(connection, episodes, "code", "since", "cleared_at", last, programme)
    happened = _happened(connection, first, last, programme)
    in_concern = _at_ends(concerns, first, last)
    found = []
    for day, states in states_by_day(connection, first, last, programme=programme):
        text, open_concerns = day.isoformat(), next(in_concern)
        found.append(
            Day(
                day=day,
                states=states,
                opened=happened["opened", text],
                closed=happened["closed", text],
                concerns={code.value: open_concerns[code.value] for code in ConcernCode},
                meetings={status.value: happened[status.value, text] for status in _OUTCOMES},
                reminders=happened["reminders", text],
            )
        )
    return found


def states_by_day(
    connection: Connection, first: date, last: date, *, programme: str | None = None
) -> list[tuple[date, dict[str, int]]]:
    """How many relationships were in each state at the end of each day; every state is named."""
    changes = _standing(
        connection, journey, "state", "entered_at", "left_at", last, programme, ~journey.c.withdrawn
    )
    return [
        (day, {state.value: standing[state.value] for state in State})
        for day, standing in zip(_days(first, last), _at_ends(changes, first, last), strict=True)
    ]


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _at_ends(changes: dict[str, dict[str, int]], first: date, last: date) -> Iterator[Counter[str]]:
    """How many of each kind stood at each day's end; the same counter again and again, to be read at once."""
    standing: Counter[str] = Counter()
    for before, by_kind in changes.items():
        if before < first.isoformat():
            standing.update(by_kind)
    for day in _days(first, last):
        standing.update(changes.get(day.isoformat(), {}))
        yield standing


def _standing(
    connection: Connection,
    table: Table,
    kind: str,
    begin: str,
    end: str,
    last: date,
    programme: str | None,
    *conditions: ColumnElement[bool],
) -> dict[str, dict[str, int]]:
    """By day and kind, how many more began than ended; nothing is told of days on which nothing changed."""

    def changes(column: str, change: int) -> Any:
        instant = table.c[column]
        query = select(
            func.substr(instant, 1, 10).label("day"),
            table.c[kind].label("kind"),
            literal(change).label("change"),
        ).where(instant.is_not(None), *conditions)
        return _of_programme(query, table, programme)

    both = union_all(changes(begin, 1), changes(end, -1)).subquery()
    query = (
        select(both.c.day, both.c.kind, func.sum(both.c.change))
        .where(both.c.day <= last.isoformat())
        .group_by(both.c.day, both.c.kind)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for day, of_kind, change in connection.execute(query):
        found[day][of_kind] = change
    return found


def _happened(
    connection: Connection, first: date, last: date, programme: str | None
) -> Counter[tuple[str, str]]:
    def counted(
        instant: ColumnElement[Any], what: Any, table: Table, *conditions: ColumnElement[bool]
    ) -> Any:
        day = func.substr(instant, 1, 10)
        query = select(what, day, func.count()).where(
            day.between(first.isoformat(), last.isoformat()), *conditions
        )
        return _of_programme(query, table, programme).group_by(what, day)

    outcomes = [status.value for status in _OUTCOMES]
    queries: Sequence[Any] = (
        counted(relationships.c.opened_at, literal("opened"), relationships),
        counted(relationships.c.closed_at, literal("closed"), relationships),
        counted(reminders.c.issued_at, literal("reminders"), reminders),
        counted(meetings.c.starts_at, meetings.c.status, meetings, meetings.c.status.in_(outcomes), COUNTS),
    )
    return Counter(
        {(what, day): number for query in queries for what, day, number in connection.execute(query)}
    )


def _of_programme(query: Any, table: Table, programme: str | None) -> Any:
    if programme is None and table is not meetings:  # which counts by when its relationship was closed
        return query
    if table is not relationships:
        query = query.join(relationships, relationships.c.id == table.c.relationship)
    return query if programme is None else query.where(relationships.c.programme == programme)
