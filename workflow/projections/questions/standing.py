"""How relationships stand and stood: in which states, for how long, how they stagnated and ended."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from workflow.aggregates.events.concerns import CONFIDED
from workflow.projections.analytics.columns import day, integer, month, number, text
from workflow.projections.analytics.confided import why_withheld
from workflow.projections.analytics.pairs import days
from workflow.projections.analytics.sums import WITHHELD_OF_PROGRAMME
from workflow.projections.measures import before_returns
from workflow.projections.programme_by_day import READS, by_day
from workflow.projections.questions.question import NARROWED, OF_COHORT, OF_PROGRAMME, Asked, Question, sql
from workflow.projections.tables import Row

_STATE = text("state", "`onboarding`, `agreement`, `active`, `stagnation` or `closure`")
_OF_BOTH = {**OF_PROGRAMME, **OF_COHORT}
_OUTCOMES = ("held", "missed", "cancelled")

STATES = Question(
    "states",
    "How many relationships are in each state now, and how many ever were?",
    (
        _STATE,
        integer("now", "relationships in it now"),
        integer(
            "ever", "relationships that are or were in it, without stays that turned out never to have been"
        ),
    ),
    sql(
        f"""
        SELECT s.state, count(*) FILTER (WHERE s.left_at IS NULL) AS now, count(DISTINCT s.relationship) AS ever
        FROM journey AS s JOIN relationships AS r ON r.id = s.relationship
        WHERE NOT s.withdrawn{NARROWED}
        GROUP BY s.state ORDER BY s.state
    """,
        state="s.state = :state",
        **_OF_BOTH,
    ),
    ("journey", "relationships"),
    ("programme", "cohort", "state"),
)


def _day(connection: Connection, asked: Asked) -> Sequence[Row]:
    (found,) = by_day(connection, asked.on, asked.on, programme=asked.programme)
    rows = [
        *(("state", name, count, None) for name, count in found.states.items()),
        *(("concern", name, *_told(name, count, asked)) for name, count in found.concerns.items()),
        *(("meeting", name, count, None) for name, count in found.meetings.items()),
        ("relationship", "opened", found.opened, None),
        ("relationship", "closed", found.closed, None),
    ]
    names = ("what", "name", "number", "withheld")
    return [{"day": found.day.isoformat(), **dict(zip(names, row, strict=True))} for row in rows]


def _told(code: str, count: int, asked: Asked) -> tuple[int | None, str | None]:
    """How many have a concern, or why that is withheld. A relationship has those that were confided once at most."""
    withheld = why_withheld(count, asked.programme) if code in CONFIDED else None
    return (count if withheld is None else None), withheld


DAY = Question(
    "day",
    "How did the programme stand on that day, by what is known now?",
    (
        day("day", "the day"),
        text(
            "what",
            "what is counted: `state` and `concern` (both at the day's end), `meeting`, `relationship`",
        ),
        text("name", "which state, concern, outcome or change it is"),
        integer("number", "how many", empty="where withheld"),
        WITHHELD_OF_PROGRAMME,
    ),
    _day,
    READS,
    ("programme", "day"),
)


def _days(connection: Connection, asked: Asked) -> Sequence[Row]:
    return [
        {
            "day": one.day.isoformat(),
            **one.states,
            "opened": one.opened,
            "closed": one.closed,
            **one.meetings,
            "concerns": sum(count for code, count in one.concerns.items() if code not in CONFIDED),
        }
        for one in by_day(connection, *asked.days, programme=asked.programme)
    ]


DAYS = Question(
    "days",
    "How did the programme stand day by day, by what is known now?",
    (
        day("day", "the day"),
        *(
            integer(state, f"relationships in the state `{state}` at its end")
            for state in ("onboarding", "agreement", "active", "stagnation", "closure")
        ),
        integer("opened", "relationships opened on it"),
        integer("closed", "relationships closed on it"),
        *(integer(outcome, f"meetings that started on it and are {outcome}") for outcome in _OUTCOMES),
        integer("concerns", "concerns that stood at its end, without those that rest on what was confided"),
    ),
    _days,
    READS,
    ("programme", "from", "to"),
)

TIME_IN_STATES = Question(
    "time-in-states",
    "How long do relationships stay in each state?",
    (
        _STATE,
        integer("stays", "how often it was entered"),
        integer("ended", "how many of these stays are over"),
        number("days", "the mean length of those", unit="days", empty="where none is over"),
        number("longest_days", "the longest of those", unit="days", empty="where none is over"),
    ),
    sql(
        f"""
        SELECT s.state, count(*) AS stays, count(s.left_at) AS ended,
        avg({days("s.entered_at", "s.left_at")}) AS days,
        max({days("s.entered_at", "s.left_at")}) AS longest_days
        FROM journey AS s JOIN relationships AS r ON r.id = s.relationship
        WHERE NOT s.withdrawn{NARROWED}
        GROUP BY s.state ORDER BY s.state
    """,
        state="s.state = :state",
        begin="s.entered_at >= :begin",
        end="s.entered_at < :end",
        **_OF_BOTH,
    ),
    ("journey", "relationships"),
    ("programme", "cohort", "state", "from", "to"),
)

STAGNATION = Question(
    "stagnation",
    "How many relationships ever stagnate, how many recover, and how many stagnate again?",
    (
        integer("relationships", "how many there are"),
        integer("stagnated", "how many of them ever stagnated"),
        integer("came_back", "how many of them ever came back from it"),
        integer("again", "how many stagnated more than once"),
        integer("withdrawn", "stagnations that silence showed and that turned out never to have been"),
    ),
    sql(
        f"""
        SELECT count(*) AS relationships, count(*) FILTER (WHERE r.stagnations > 0) AS stagnated,
        count(*) FILTER (WHERE r.reinvigorations > 0) AS came_back,
        count(*) FILTER (WHERE r.stagnations > 1) AS again,
        CAST(coalesce(sum(r.stagnations_withdrawn), 0) AS BIGINT) AS withdrawn
        FROM relationships AS r WHERE TRUE{NARROWED}
    """,
        **_OF_BOTH,
    ),
    ("relationships",),
    ("programme", "cohort"),
)

RETURNS = Question(
    "returns",
    "After how many measures do relationships come back from stagnation?",
    (
        integer("done", "measures done during the stagnation"),
        integer("dropped", "measures dropped during it"),
        integer("returns", "how often relationships came back after so many"),
    ),
    lambda connection, asked: before_returns(connection, programme=asked.programme),
    ("journey", "measures", "relationships"),
    ("programme",),
)

CLOSURES = Question(
    "closures",
    "How do relationships end, and why?",
    (
        text("manner", "how: `planned_held`, `planned_not_held`, `one_sided` or `administrative`"),
        text("reason", "why, such as `goals_met`"),
        integer("relationships", "how many ended so"),
        number("open_days", "the mean time from their opening to there", unit="days"),
    ),
    sql(
        f"""
        SELECT r.manner, r.reason, count(*) AS relationships,
        avg({days("r.opened_at", "r.closed_at")}) AS open_days
        FROM relationships AS r WHERE r.state = 'closure'{NARROWED}
        GROUP BY r.manner, r.reason ORDER BY r.manner NULLS FIRST, r.reason NULLS FIRST
    """,
        begin="r.closed_at >= :begin",
        end="r.closed_at < :end",
        **_OF_BOTH,
    ),
    ("relationships",),
    ("programme", "cohort", "from", "to"),
)

SURVIVAL = Question(
    "survival",
    "Of the relationships opened in a month, what share is still open so many months later?",
    (
        month("cohort", "the month in which they were opened"),
        integer(
            "months",
            "so many times 30 days after each was opened; only where that has passed for all of them",
            unit="30 days",
        ),
        integer("relationships", "how many were opened"),
        integer("open", "how many were still open then"),
        number("share", "the share of those", unit="of 1"),
    ),
    sql(
        f"""
        WITH RECURSIVE cohorts AS (
            SELECT substr(r.opened_at, 1, 7) AS cohort, count(*) AS relationships, max(r.opened_at) AS last
            FROM relationships AS r WHERE TRUE{NARROWED} GROUP BY cohort
        ), spans AS (
            SELECT cohort, relationships, last, 0 AS months FROM cohorts
            UNION ALL
            SELECT cohort, relationships, last, months + 1 FROM spans
            WHERE 30 * (months + 1) <= {days("last", ":now")} AND months < 120
        ), lasted AS (
            SELECT substr(r.opened_at, 1, 7) AS cohort,
            {days("r.opened_at", "r.closed_at")} AS days
            FROM relationships AS r WHERE TRUE{NARROWED}
        )
        SELECT s.cohort, s.months, s.relationships,
        count(*) FILTER (WHERE coalesce(l.days > 30 * s.months, TRUE)) AS open,
        avg(CAST(CASE WHEN l.days <= 30 * s.months THEN 0 ELSE 1 END AS DOUBLE PRECISION)) AS share
        FROM spans AS s JOIN lasted AS l ON l.cohort = s.cohort
        GROUP BY s.cohort, s.months, s.relationships ORDER BY s.cohort, s.months
    """,
        **_OF_BOTH,
    ),
    ("relationships",),
    ("programme", "cohort"),
)
