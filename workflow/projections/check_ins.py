"""How often the parties check in: counts and an instant for each relationship.

What a party answered, whether that is low, and whose check-in it is are for the pair alone. None of it is read
here beyond the role, and no table keeps it. Of a single pair not even the role is told: in most pairs it is the party.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Column, Connection, Integer, String, Table, select

from workflow.aggregates.events import CheckInGiven, Event, RelationshipOpened, Role
from workflow.projections.parties import roles
from workflow.projections.projection import Document, Projection
from workflow.projections.tables import JSON_TEXT, NOT_CANONICAL, VIEWS, Instant, Row
from workflow.store.recorded import Recorded

check_ins = Table(
    "check_ins",
    VIEWS,
    Column("relationship", String(36), primary_key=True),
    Column("by_mentors", Integer, nullable=False),
    Column("by_mentees", Integer, nullable=False),
    Column("last_at", Instant),
    Column("months", JSON_TEXT, nullable=False),
    Column("roles", JSON_TEXT, nullable=False, info=NOT_CANONICAL),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------

_COLUMNS = {Role.MENTOR.value: "by_mentors", Role.MENTEE.value: "by_mentees"}
_KINDS: frozenset[type[Event]] = frozenset({RelationshipOpened, CheckInGiven})


def _fold(document: Document, recorded: Recorded) -> None:
    event = recorded.told
    if recorded.kind is RelationshipOpened:
        document[:] = [
            {
                "relationship": recorded.stream_text,
                "by_mentors": 0,
                "by_mentees": 0,
                "last_at": None,
                "months": {},
                "roles": roles(event),
            }
        ]
        return
    (row,) = document
    role = row["roles"].get(event.party)
    if role is not None:
        row[_COLUMNS[role]] += 1
        at = event.occurred_at
        row["last_at"] = max(row["last_at"] or "", at)
        months, month = row["months"], at[:7]
        counted = months.get(month) or dict.fromkeys(sorted(_COLUMNS.values()), 0)
        row["months"] = dict(
            sorted({**months, month: {**counted, _COLUMNS[role]: counted[_COLUMNS[role]] + 1}}.items())
        )


CHECK_INS = Projection(
    "check_ins",
    check_ins,
    _KINDS,
    _fold,
    row="a relationship",
    answers="how often a pair checks in; in a programme, month by month, how often either side does",
)
"""A row a relationship. ``roles`` is what the fold has to know of the parties; no query gives it. ``months`` counts
by the month (UTC) of a check-in; it is summed over many relationships, and told of none."""

# --- queries ---------------------------------------------------------------------------------------------

FEWEST = 5
"""No figure over fewer relationships than this reaches an analyst."""

_BY_ANYBODY = (check_ins.c.by_mentors + check_ins.c.by_mentees).label("given")


def one(connection: Connection, relationship: UUID) -> Row | None:
    """How often one pair checked in, whichever side did; None where there is no such relationship."""
    query = select(check_ins.c.relationship, _BY_ANYBODY, check_ins.c.last_at).where(
        check_ins.c.relationship == str(relationship)
    )
    return next((dict(row) for row in connection.execute(query).mappings()), None)
