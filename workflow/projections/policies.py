"""What the policies that programmes adopted ask for, as far as figures are counted by them."""

from __future__ import annotations

from math import ceil

from sqlalchemy import Column, Index, Integer, String, Table

from workflow.aggregates.events import Event, PolicyAdopted, ProgrammeOpened
from workflow.aggregates.policy import MeetingPolicy
from workflow.projections.projection import Document, Projection
from workflow.projections.tables import VIEWS, Instant, Row, shown
from workflow.store.instants import stored
from workflow.store.recorded import Recorded

policies = Table(
    "policies",
    VIEWS,
    Column("stream", String(36), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("programme", String, nullable=False),
    Column("adopted_at", Instant, nullable=False),
    Column("late_seconds", Integer),
    Index("policies_by_programme", "programme", "version"),
    info=shown("version > 0"),
    sqlite_with_rowid=False,
)

# --- the fold --------------------------------------------------------------------------------------------


def _seconds(hours: float) -> int:
    """Up to the next whole second, as a notice goes down to one: so less than so many is less, of either."""
    return ceil(round(hours * 3600, 6))


_KINDS: frozenset[type[Event]] = frozenset({ProgrammeOpened, PolicyAdopted})


def _fold(document: Document, recorded: Recorded) -> None:
    event = recorded.event
    row: Row = {
        "stream": recorded.stream_text,
        "version": 0,
        "programme": "",
        "adopted_at": stored(event.occurred_at),
        "late_seconds": None,
    }
    if isinstance(event, ProgrammeOpened):
        document[:] = [{**row, "programme": event.programme}]
    elif isinstance(event, PolicyAdopted) and document:
        hours = event.document.meetings.late_cancellation_hours
        document.append(
            {
                **row,
                "version": event.version,
                "programme": document[0]["programme"],
                "late_seconds": _seconds(hours),
            }
        )


POLICIES = Projection(
    "policies",
    policies,
    _KINDS,
    _fold,
    row="a version of a programme's policy",
    answers="under how much notice a meeting was called off late",
)
"""A row a version. One without a version remembers what the programme is called, and is in no view."""

# --- what queries are made of ----------------------------------------------------------------------------

LATE_WITHOUT_POLICY = _seconds(MeetingPolicy().late_cancellation_hours)
"""Seconds, by a log that begins before programmes adopted any."""


def is_late(programme: str, cancelled_at: str, notice_seconds: str) -> str:
    """SQL: whether the notice was less than the policy asked for that was in force at the calling-off.

    Before the first was adopted, what the first asks for counts.
    """
    asked = f"SELECT p.late_seconds FROM policies AS p WHERE p.programme = {programme}"  # noqa: S608 our own names
    in_force = f"({asked} AND p.adopted_at <= {cancelled_at} ORDER BY p.version DESC LIMIT 1)"
    limit = f"coalesce({in_force}, ({asked} ORDER BY p.version LIMIT 1), {LATE_WITHOUT_POLICY})"
    return f"coalesce({notice_seconds} < {limit}, FALSE)"
