"""The views that have a row a relationship, or a row a stay of one: where it stands, and where it stood."""

from __future__ import annotations

from workflow.projections.analytics.columns import boolean, instant, integer, month, number, text
from workflow.projections.analytics.view import View

PAIR = integer("pair", "the relationship: the same number in all views, and after a rebuild", "r.pair")
NOT_YET = "where that has not happened"


def days(begin: str, end: str) -> str:
    """SQL for the days between two instants, to a tenth of a second: beyond that the subtraction adds noise."""
    return f"round(julianday({end}) - julianday({begin}), 6)"


def mean(of: str) -> str:
    """SQL for a mean, as exact as ``days`` is: beyond that it tells in which order databases add."""
    return f"round(avg({of}), 6)"


def rows_of(table: str, alias: str) -> str:
    """SQL for the rows of a projection, each with its relationship's number as r.pair."""
    # No other table has columns of these names.
    known = "(SELECT id, pair, closed_at, programme AS of_programme FROM relationships) AS r"
    return f"FROM {table} AS {alias} JOIN {known} ON r.id = {alias}.relationship"


RELATIONSHIPS = View(
    "relationships",
    "A row a relationship: where it stands now.",
    (
        PAIR,
        text("programme", "the programme that it is of"),
        text("state", "`onboarding`, `agreement`, `active`, `stagnation` or `closure`"),
        integer("mentors", "how many mentors are in it now"),
        integer("mentees", "how many mentees are in it now"),
        instant("opened_at", "when it was opened"),
        month("cohort", "the month in which it was opened", "substr(opened_at, 1, 7)"),
        instant("active_since", "when its agreement was concluded", empty=NOT_YET),
        instant("term_ends_at", "when its agreed time ends", empty="without an agreement in force"),
        instant("closed_at", "when it was closed", empty=NOT_YET),
        text("manner", "how it was closed, such as `planned_held`", empty=NOT_YET),
        text("reason", "why it was closed, such as `goals_met`", empty=NOT_YET),
        number(
            "open_days",
            "from its opening to its closing",
            days("opened_at", "closed_at"),
            unit="days",
            empty=NOT_YET,
        ),
        instant("suspected_since", "since when stagnation is suspected", empty="where it is not"),
        integer("stagnations", "how often it stagnated, without what was withdrawn"),
        integer("stagnations_withdrawn", "how often an inferred stagnation turned out never to have been"),
        integer("reinvigorations", "how often it came back from stagnation"),
    ),
    "FROM relationships AS r",
    ("relationships",),
    ("pair",),
    "SELECT state, count(*) AS relationships FROM analytics_relationships GROUP BY state",
)

STATES = View(
    "states",
    "A row a stay in a state, in the order in which they were entered.",
    (
        PAIR,
        integer("number", "the place of the stay in the relationship's journey, from 1"),
        text("state", "the state that was entered"),
        instant("moved_at", "when the move was made"),
        instant("entered_at", "when that took effect: never before the stay before it began"),
        instant("left_at", "when it was left", empty="while it lasts"),
        number(
            "days", "how long it lasted", days("entered_at", "left_at"), unit="days", empty="while it lasts"
        ),
        text("move", "the move that began it", empty="of the first stay, or where no move did"),
        boolean(
            "declared",
            "of stagnation: whether people declared it, or silence showed it",
            empty="of other states",
        ),
        boolean("withdrawn", "whether it turned out that it never was; such a row counts in no figure"),
    ),
    rows_of("journey", "s"),
    ("journey", "relationships"),
    ("pair", "number"),
    "SELECT state, avg(days) AS days FROM analytics_states WHERE NOT withdrawn GROUP BY state",
)

AGREEMENTS = View(
    "agreements",
    "A row a relationship: what is agreed, and how far the signing of the latest draft is.",
    (
        PAIR,
        instant("in_force_since", "since when an agreement is in force", empty="while there is none"),
        integer(
            "version",
            "its version",
            empty="while there is none, or where the first held meeting concluded it",
        ),
        number("cadence_days", "the agreed time between meetings", unit="days", empty="while there is none"),
        integer(
            "duration_months", "for how long it was agreed", unit="months", empty="where it does not say"
        ),
        instant("term_ends_at", "when that is over", "a.term_ends_at", empty="while there is none"),
        integer("topics_pair_only", "topics that stay between the two", "a.pair_only"),
        integer("topics_programme", "topics that the programme may know", "a.programme"),
        integer("topics_shareable", "topics that anybody may know", "a.shareable"),
        integer("drafted", "the latest version written down", empty=NOT_YET),
        integer("signed", "how many of the parties have signed that"),
        integer("parties", "how many parties there are"),
    ),
    rows_of("agreements", "a"),
    ("agreements", "relationships"),
    ("pair",),
    "SELECT duration_months, count(*) AS agreements FROM analytics_agreements GROUP BY duration_months",
)
