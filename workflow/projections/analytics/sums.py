"""The views that have rows about many relationships together."""

from __future__ import annotations

from workflow.aggregates.events.concerns import CONFIDED
from workflow.projections.analytics.columns import Column, integer, month, number, text
from workflow.projections.analytics.confided import EACH_PROGRAMME, FEW
from workflow.projections.analytics.deeds import quoted
from workflow.projections.analytics.pairs import days, mean
from workflow.projections.analytics.view import View
from workflow.projections.check_ins import FEWEST

_PROGRAMME = text("programme", "the programme")
WITHHELD_OF_PROGRAMME = text(
    "withheld", f"why figures of the row are null: `{FEW}`, or `{EACH_PROGRAMME}`", empty="where none is"
)
_WHERE_FEW = f"over {FEW}"


def _withheld(all_of_them: str, *some: str, unless: str) -> Column:
    """Says what is withheld, and nothing of what is told beside it.

    Either every figure is, ``all_of_them``, or ``some`` of them are, ``unless`` enough stand behind each.
    """
    of_some = f"{', '.join(some)}: {FEW}"
    return text(
        "withheld",
        f"why figures of the row are null: `{FEW}` where all are, `{of_some}` where these are",
        f"CASE WHEN {all_of_them} THEN '{FEW}' WHEN NOT {unless} THEN '{of_some}' END",
        empty="where none is",
    )


def _count(what: str) -> str:
    return f"count(*) FILTER (WHERE what = '{what}')"


_HAPPENED = """FROM (
    SELECT programme, substr(opened_at, 1, 7) AS month, 'opened' AS what, CAST(NULL AS BIGINT) AS lead
    FROM relationships
    UNION ALL
    SELECT programme, substr(closed_at, 1, 7), 'closed', NULL FROM relationships WHERE closed_at IS NOT NULL
    UNION ALL
    SELECT r.programme, substr(s.entered_at, 1, 7),
    CASE s.move WHEN 'stagnate' THEN 'stagnated' ELSE 'came_back' END, NULL
    FROM journey AS s JOIN relationships AS r ON r.id = s.relationship
    WHERE NOT s.withdrawn AND s.move IN ('stagnate', 'reinvigorate')
    UNION ALL
    SELECT r.programme, substr(g.set_at, 1, 7), 'goal_set', NULL
    FROM goals AS g JOIN relationships AS r ON r.id = g.relationship
    UNION ALL
    SELECT r.programme, substr(m.starts_at, 1, 7), m.status, m.lead_seconds
    FROM meetings AS m JOIN relationships AS r ON r.id = m.relationship
    WHERE m.starts_at IS NOT NULL AND (r.closed_at IS NULL OR m.starts_at < r.closed_at)
) GROUP BY programme, month"""

MONTHS = View(
    "months",
    "A row a programme and month (UTC) in which anything happened.",
    (
        _PROGRAMME,
        month("month", "the month"),
        integer("opened", "relationships opened", _count("opened")),
        integer("closed", "relationships closed", _count("closed")),
        integer("stagnated", "stagnations entered, without what was withdrawn", _count("stagnated")),
        integer("came_back", "returns from stagnation", _count("came_back")),
        integer("goals_set", "goals set", _count("goal_set")),
        integer("scheduled", "meetings of that month that still stand as booked", _count("scheduled")),
        integer("held", "meetings held", _count("held")),
        integer("missed", "meetings missed", _count("missed")),
        integer("cancelled", "meetings called off", _count("cancelled")),
        integer("unconfirmed", "meetings of which nobody said what became", _count("unconfirmed")),
        number(
            "lead_days",
            "the mean time from the booking to the start of that month's meetings",
            "avg(CAST(lead AS DOUBLE PRECISION)) / 86400.0",
            unit="days",
            empty="where no booking was told",
        ),
    ),
    _HAPPENED,
    ("relationships", "journey", "goals", "meetings"),
    ("programme", "month"),
    "SELECT month, held, missed, cancelled, lead_days FROM analytics_months ORDER BY month",
)

COHORTS = View(
    "cohorts",
    "A row a programme and month of opening: what became of the relationships that were opened then.",
    (
        _PROGRAMME,
        month("cohort", "the month in which they were opened", "substr(opened_at, 1, 7)"),
        integer("relationships", "how many were opened", "count(*)"),
        integer("activated", "how many of them ever had an agreement in force", "count(active_since)"),
        integer("ever_stagnated", "how many ever stagnated", "count(*) FILTER (WHERE stagnations > 0)"),
        integer(
            "came_back", "how many ever came back from that", "count(*) FILTER (WHERE reinvigorations > 0)"
        ),
        integer(
            "stagnated_again", "how many stagnated more than once", "count(*) FILTER (WHERE stagnations > 1)"
        ),
        integer("closed", "how many are closed", "count(closed_at)"),
        number(
            "open_days",
            "the mean time from opening to closing of those that are closed",
            mean(days("opened_at", "closed_at")),
            unit="days",
            empty="where none is",
        ),
    ),
    "FROM relationships GROUP BY programme, cohort",
    ("relationships",),
    ("programme", "cohort"),
    "SELECT cohort, relationships, closed, ever_stagnated FROM analytics_cohorts ORDER BY cohort",
)


def _enough(count: str, figure: str) -> str:
    return f"CASE WHEN {count} >= {FEWEST} THEN {figure} END"


_SIDES = " AND ".join(f"count(*) FILTER (WHERE {side} > 0) >= {FEWEST}" for side in ("mentors", "mentees"))

DIALOGUE = View(
    "dialogue",
    "A row a programme and month (UTC) in which anybody checked in: how often, and never what was answered.",
    (
        _PROGRAMME,
        month("month", "the month"),
        integer(
            "relationships",
            "in how many relationships somebody checked in",
            _enough("count(*)", "count(*)"),
            empty=_WHERE_FEW,
        ),
        integer(
            "check_ins",
            "how many check-ins were given",
            _enough("count(*)", "sum(mentors + mentees)"),
            empty=_WHERE_FEW,
        ),
        integer(
            "by_mentors",
            "how many of them by mentors",
            f"CASE WHEN {_SIDES} THEN sum(mentors) END",
            empty="where either side checked in " + "in " + FEW,
        ),
        integer(
            "by_mentees",
            "how many of them by mentees",
            f"CASE WHEN {_SIDES} THEN sum(mentees) END",
            empty="where either side checked in " + "in " + FEW,
        ),
        _withheld(f"count(*) < {FEWEST}", "by_mentors", "by_mentees", unless=f"({_SIDES})"),
    ),
    """FROM (
    SELECT r.programme, m.key AS month, CAST(json_extract(m.value, '$.by_mentors') AS INTEGER) AS mentors,
    CAST(json_extract(m.value, '$.by_mentees') AS INTEGER) AS mentees
    FROM check_ins AS c JOIN relationships AS r ON r.id = c.relationship, json_each(c.months) AS m
) GROUP BY programme, month""",
    ("check_ins", "relationships"),
    ("programme", "month"),
    "SELECT month, relationships, check_ins FROM analytics_dialogue WHERE check_ins IS NOT NULL ORDER BY month",
)

_TELLING = f"(e.code NOT IN ({quoted(CONFIDED)}) OR count(DISTINCT e.relationship) >= {FEWEST})"
_STANDING = (
    f"(e.code NOT IN ({quoted(CONFIDED)}) OR "
    f"(count(DISTINCT e.relationship) FILTER (WHERE e.cleared_at IS NULL) >= {FEWEST} AND "
    f"count(DISTINCT e.relationship) FILTER (WHERE e.cleared_at IS NOT NULL) >= {FEWEST}))"
)
_BOTH = f"where it was confided, and either those that stand or those that are cleared are of {FEW}"

CONCERN_CODES = View(
    "concern_codes",
    "A row a programme and kind of concern: how often it came up. It alone tells of those that rest on what a party "
    "confided.",
    (
        _PROGRAMME,
        text("code", "what it is about", "e.code"),
        integer(
            "relationships",
            "in how many relationships it ever came up",
            f"CASE WHEN {_TELLING} THEN count(DISTINCT e.relationship) END",
            empty="where it was confided, and is of " + FEW,
        ),
        integer(
            "episodes",
            "how often it came up",
            f"CASE WHEN {_TELLING} THEN count(*) END",
            empty="where it was confided, and is of " + FEW,
        ),
        integer(
            "open",
            "how many of these stand now",
            f"CASE WHEN {_STANDING} THEN count(*) - count(e.cleared_at) END",
            empty=_BOTH,
        ),
        number(
            "days",
            "the mean time that the others stood",
            f"CASE WHEN {_STANDING} THEN {mean(days('e.since', 'e.cleared_at'))} END",
            unit="days",
            empty="where none is cleared, or " + _BOTH.removeprefix("where "),
        ),
        _withheld(f"NOT {_TELLING}", "open", "days", unless=_STANDING),
    ),
    "FROM episodes AS e JOIN relationships AS r ON r.id = e.relationship GROUP BY programme, e.code",
    ("episodes", "relationships"),
    ("programme", "code"),
    "SELECT code, relationships, open FROM analytics_concern_codes ORDER BY code",
)
