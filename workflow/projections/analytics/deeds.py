"""The views that have rows about what a pair did, and about what was done for it."""

from __future__ import annotations

from collections.abc import Iterable

from workflow.aggregates.events.concerns import CONFIDED
from workflow.projections.analytics.columns import boolean, instant, integer, month, number, text
from workflow.projections.analytics.confided import CONFIDED_REMINDERS
from workflow.projections.analytics.pairs import NOT_YET, PAIR, days, rows_of
from workflow.projections.analytics.view import View
from workflow.projections.policies import is_late


def quoted(words: Iterable[str]) -> str:
    """Words of the code as SQL lists them."""
    return ", ".join(f"'{word}'" for word in words)


MEETINGS = View(
    "meetings",
    "A row a meeting, merged from all that was told of it.",
    (
        PAIR,
        text(
            "status",
            "`scheduled`, `held`, `missed`, `cancelled`, `unconfirmed` (nobody said what became of it) or "
            "`unknown`",
        ),
        instant("starts_at", "its start", empty="where nobody told it"),
        instant("ends_at", "its end", empty="where nobody told it"),
        month("month", "the month of its start", "substr(starts_at, 1, 7)"),
        boolean(
            "counts",
            "whether figures count it: its start is known, and before the closing",
            "starts_at IS NOT NULL AND (r.closed_at IS NULL OR starts_at < r.closed_at)",
        ),
        instant("booked_at", "when it was first booked, as it was told", empty="where no booking was told"),
        number(
            "lead_days",
            "from the booking to the start",
            "lead_seconds / 86400.0",
            unit="days",
            empty="where no booking was told",
        ),
        instant("cancelled_at", "when it was called off", empty="where it was not"),
        number(
            "notice_hours",
            "from the calling-off to the start",
            "notice_seconds / 3600.0",
            unit="hours",
            empty="where it was not called off",
        ),
        boolean(
            "late",
            "whether that was less notice than the policy asked for that was in force at the calling-off",
            is_late("of_programme", "m.cancelled_at", "m.notice_seconds"),
        ),
        text(
            "cancelled_by",
            "the side that called it off: `mentor`, `mentee` or `both`",
            empty="where nobody said",
        ),
        text(
            "missed_by", "the side that did not come: `mentor`, `mentee` or `both`", empty="where nobody said"
        ),
        boolean(
            "contradicted", "whether an outcome stands beside a cancellation", "contradicted_at IS NOT NULL"
        ),
    ),
    rows_of("meetings", "m"),
    ("meetings", "relationships", "policies"),
    ("pair", "starts_at", "status", "booked_at", "cancelled_at"),
    "SELECT month, count(*) AS held FROM analytics_meetings WHERE counts AND status = 'held' GROUP BY month",
)

GOALS = View(
    "goals",
    "A row a goal. What it says is sealed.",
    (
        PAIR,
        instant("set_at", "when it was set"),
        integer(
            "held_before",
            "meetings held by then",
            """(
        SELECT count(*) FROM meetings AS m
        WHERE m.relationship = g.relationship AND m.status = 'held' AND m.ends_at <= g.set_at
        AND m.starts_at IS NOT NULL AND (r.closed_at IS NULL OR m.starts_at < r.closed_at))""",
        ),
        text("status", "`open`, `achieved` or `dropped`"),
        integer("revisions", "how often it was worded anew"),
        integer("reviews", "how often it was looked at"),
        instant("reviewed_at", "the latest of these looks", empty=NOT_YET),
        integer("reached_percent", "how far it was then", unit="percent", empty="where nobody said"),
        instant("ended_at", "when it was achieved or dropped", empty=NOT_YET),
        number("days", "from setting it to its end", days("set_at", "ended_at"), unit="days", empty=NOT_YET),
    ),
    rows_of("goals", "g"),
    ("goals", "meetings", "relationships"),
    ("pair", "set_at", "status", "ended_at", "reviewed_at"),
    "SELECT status, count(*) AS goals FROM analytics_goals GROUP BY status",
)

MEASURES = View(
    "measures",
    "A row a measure that a pair wrote down in a fresh look. What it says is sealed.",
    (
        PAIR,
        instant("looked_at", "when the fresh look was taken"),
        instant("by_when", "by when it is to be done"),
        text(
            "role",
            "as what the party that took it on is in the pair: `mentor` or `mentee`",
            empty="where unknown",
        ),
        text("status", "`open`, `done` or `dropped`"),
        instant("settled_at", "when it was done or dropped", empty=NOT_YET),
        number(
            "days",
            "from the fresh look to there",
            days("looked_at", "settled_at"),
            unit="days",
            empty=NOT_YET,
        ),
    ),
    rows_of("measures", "m"),
    ("measures", "relationships"),
    ("pair", "looked_at", "by_when", "role", "status", "settled_at"),
    "SELECT status, count(*) AS measures, avg(days) AS days FROM analytics_measures GROUP BY status",
)

CONCERNS = View(
    "concerns",
    "A row a concern, from its raising to its clearing. Those that rest on what a party confided "
    f"({', '.join(f'`{code}`' for code in CONFIDED)}) are in `analytics_concern_codes` alone.",
    (
        PAIR,
        text("code", "what it is about, such as `silence`; docs/domain.md tells them all"),
        instant("since", "since when it stands"),
        instant("cleared_at", "when it was cleared", empty="while it stands"),
        number(
            "days", "how long it stood", days("since", "cleared_at"), unit="days", empty="while it stands"
        ),
    ),
    f"{rows_of('episodes', 'e')} WHERE e.code NOT IN ({quoted(CONFIDED)})",
    ("episodes", "relationships"),
    ("pair", "since", "code", "cleared_at"),
    "SELECT code, count(*) AS raised, count(*) - count(cleared_at) AS open FROM analytics_concerns GROUP BY code",
)

REMINDERS = View(
    "reminders",
    "A row a reminder that was due, without those to check in: whoever gets none has done so.",
    (
        PAIR,
        text("kind", "what it was about, such as `book_next_meeting`"),
        text("audience", "`mentor`, `mentee` or `coordinator`"),
        instant("about", "the instant that it is about, such as a meeting's start"),
        integer(
            "step", "which of several about the same it is, from 1; of the midpoint, the duration in months"
        ),
        instant("issued_at", "when it was issued", empty="where it was suppressed"),
        instant("suppressed_at", "when it was suppressed", empty="where it was issued"),
        text("reason", "why it was suppressed: `too_late` or `enough`", empty="where it was issued"),
        boolean(
            "followed",
            "whether a meeting was booked within 7 days after it; not whether that came of it",
            """
        n.issued_at IS NOT NULL AND EXISTS (
        SELECT 1 FROM meetings AS m WHERE m.relationship = n.relationship AND m.booked_at >= n.issued_at
        AND round((julianday(m.booked_at) - julianday(n.issued_at)) * 86400000) <= 604800000)""".strip(),
        ),
    ),
    f"{rows_of('reminders', 'n')} WHERE n.kind NOT IN ({quoted(CONFIDED_REMINDERS)})",
    ("reminders", "meetings", "relationships"),
    ("pair", "coalesce(issued_at, suppressed_at)", "kind", "audience", "about", "step"),
    "SELECT kind, count(issued_at) AS issued, count(*) FILTER (WHERE followed) AS followed FROM analytics_reminders "
    "GROUP BY kind",
)

SUPPORT_CONTACTS = View(
    "support_contacts",
    "A row a contact that the coordinator made with a pair.",
    (PAIR, instant("made_at", "when it was made")),
    rows_of("support_contacts", "c"),
    ("support_contacts", "relationships"),
    ("pair", "made_at"),
    "SELECT pair, count(*) AS contacts, max(made_at) AS last FROM analytics_support_contacts GROUP BY pair",
)
