"""What pairs do, and what is done for them: meetings, goals, measures, check-ins, reminders, contacts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from workflow.aggregates.events import Visibility
from workflow.aggregates.meetings import Status
from workflow.projections.agreements import topics_by_visibility
from workflow.projections.analytics.columns import integer, month, number, text
from workflow.projections.analytics.confided import CONFIDED_REMINDERS, why_withheld
from workflow.projections.analytics.sums import CONCERN_CODES, DIALOGUE, WITHHELD_OF_PROGRAMME
from workflow.projections.goals import count_by_status as goals_by_status
from workflow.projections.goals import set_by_meeting
from workflow.projections.measures import count_by_status as measures_by_status
from workflow.projections.meetings import by_month, with_next_booked
from workflow.projections.questions.question import NARROWED, OF_PROGRAMME, Asked, Question, share, sql
from workflow.projections.reminders import by_kind
from workflow.projections.tables import Row

_STATUSES = {
    Status.SCHEDULED: "meetings that still stand as booked",
    Status.CANCELLED: "meetings called off",
    Status.HELD: "meetings held",
    Status.MISSED: "meetings missed",
    Status.UNCONFIRMED: "meetings of which nobody said what became",
}

MEETINGS = Question(
    "meetings",
    "What became of the meetings of each month, and how long before were they booked?",
    (
        month("month", "the month of their start"),
        *(integer(status.value, meaning) for status, meaning in _STATUSES.items()),
        integer(
            "cancelled_late",
            "those called off with less notice than the policy in force then asked for",
        ),
        number(
            "lead_days",
            "the mean time from the booking to the start",
            unit="days",
            empty="where no booking was told",
        ),
    ),
    lambda connection, asked: by_month(
        connection, programme=asked.programme, begin=asked.begin, end=asked.end
    ),
    ("meetings", "relationships", "policies"),
    ("programme", "from", "to"),
)


def _next_meeting(connection: Connection, asked: Asked) -> Sequence[Row]:
    with_next, active = with_next_booked(connection, asked.now, programme=asked.programme)
    return [{"active": active, "with_next": with_next, "share": share(with_next, active)}]


NEXT_MEETING = Question(
    "next-meeting",
    "How many active relationships have a next meeting booked?",
    (
        integer("active", "relationships that are active now"),
        integer("with_next", "those of them with a meeting booked after now, by the service's clock"),
        number("share", "the share of those", unit="of 1", empty="where none is active"),
    ),
    _next_meeting,
    ("meetings", "relationships"),
    ("programme",),
)


def _goals_by_meeting(connection: Connection, asked: Asked) -> Sequence[Row]:
    with_goal, reached = set_by_meeting(connection, programme=asked.programme)
    return [{"relationships": reached, "with_goal": with_goal, "share": share(with_goal, reached)}]


GOALS_BY_SECOND_MEETING = Question(
    "goals-by-second-meeting",
    "How many relationships had a goal by the end of their second held meeting?",
    (
        integer("relationships", "those that have held two meetings"),
        integer("with_goal", "those of them that had set a goal by the end of the second"),
        number("share", "the share of those", unit="of 1", empty="where none has come so far"),
    ),
    _goals_by_meeting,
    ("goals", "meetings", "relationships"),
    ("programme",),
)

GOALS = Question(
    "goals",
    "What has become of the goals?",
    (text("status", "`open`, `achieved` or `dropped`"), integer("goals", "how many goals")),
    lambda connection, asked: _rows(
        "status", "goals", goals_by_status(connection, programme=asked.programme)
    ),
    ("goals", "relationships"),
    ("programme",),
)

MEASURES = Question(
    "measures",
    "What has become of the measures that pairs wrote down in fresh looks?",
    (text("status", "`open`, `done` or `dropped`"), integer("measures", "how many measures")),
    lambda connection, asked: _rows(
        "status", "measures", measures_by_status(connection, programme=asked.programme)
    ),
    ("measures", "relationships"),
    ("programme",),
)

TOPICS = Question(
    "topics",
    "How many topics of the agreements in force may be shared with whom?",
    (
        text("visibility", " · ".join(f"`{one}`" for one in Visibility)),
        integer("topics", "how many topics; what they are is sealed"),
    ),
    lambda connection, asked: _rows(
        "visibility", "topics", topics_by_visibility(connection, programme=asked.programme)
    ),
    ("agreements", "relationships"),
    ("programme",),
)

CONCERNS = Question(
    "concerns",
    "What gives reason to make contact, how often, and how long does it stand?",
    CONCERN_CODES.columns,
    sql(
        f"SELECT * FROM ({CONCERN_CODES.rows}) AS r WHERE TRUE{NARROWED} ORDER BY {CONCERN_CODES.ordered}",
        **OF_PROGRAMME,
    ),
    CONCERN_CODES.reads,
    ("programme",),
)

DIALOGUE_BY_MONTH = Question(
    "dialogue",
    "How often do pairs check in, month by month?",
    DIALOGUE.columns,
    sql(
        f"SELECT * FROM ({DIALOGUE.rows}) AS r WHERE TRUE{NARROWED} ORDER BY {DIALOGUE.ordered}",
        first_month="month >= :first_month",
        last_month="month <= :last_month",
        **OF_PROGRAMME,
    ),
    DIALOGUE.reads,
    ("programme", "from", "to"),
)


def _reminders(connection: Connection, asked: Asked) -> Sequence[Row]:
    rows = []
    for row in by_kind(connection, programme=asked.programme):
        confided = row["kind"] in CONFIDED_REMINDERS
        withheld = why_withheld(row["relationships"], asked.programme) if confided else None
        figures = {name: None if withheld else row[name] for name in ("issued", "suppressed", "followed")}
        rows.append(
            {
                "kind": row["kind"],
                "audience": row["audience"],
                **figures,
                "withheld": withheld,
            }
        )
    return rows


REMINDERS = Question(
    "reminders",
    "How many reminders were issued, and after how many was a meeting booked within 7 days?",
    (
        text("kind", "what they were about, such as `book_next_meeting`"),
        text("audience", "`mentor`, `mentee`, `coordinator`; `party` of those to check in"),
        integer("issued", "how many were issued", empty="where withheld"),
        integer("suppressed", "how many were suppressed", empty="where withheld"),
        integer(
            "followed",
            "how many of the issued ones a booked meeting followed; not whether it came of them",
            empty="where withheld",
        ),
        WITHHELD_OF_PROGRAMME,
    ),
    _reminders,
    ("reminders", "meetings", "relationships"),
    ("programme",),
)

SUPPORT = Question(
    "support",
    "How often was the coordinator in contact with the open relationships?",
    (
        integer("contacts", "so many contacts with a relationship"),
        integer("relationships", "open relationships with so many"),
        number(
            "mean_days_since",
            "the mean time since the last of them, by the service's clock; since the opening where "
            "there was none",
            unit="days",
        ),
    ),
    sql(
        f"""
        SELECT contacts, count(*) AS relationships, avg(julianday(:now) - julianday(last)) AS mean_days_since FROM (
            SELECT count(c.number) AS contacts, coalesce(max(c.made_at), r.opened_at) AS last
            FROM relationships AS r LEFT JOIN support_contacts AS c ON c.relationship = r.id
            WHERE r.state <> 'closure'{NARROWED} GROUP BY r.id, r.opened_at
        ) AS counted GROUP BY contacts ORDER BY contacts
    """,
        state="r.state = :state",
        **OF_PROGRAMME,
    ),
    ("support_contacts", "relationships"),
    ("programme", "state"),
)


def _rows(kind: str, figure: str, counted: dict[str, int]) -> Sequence[Row]:
    return [{kind: name, figure: number} for name, number in counted.items()]
