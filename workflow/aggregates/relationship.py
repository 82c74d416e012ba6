"""One mentoring relationship as the next decision needs it, and nothing more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from workflow.aggregates import events as e
from workflow.aggregates.calendars import Calendar
from workflow.aggregates.moves import State


class Draft(NamedTuple):
    """The latest version written down."""

    version: int
    cadence_days: float
    duration_months: int


class Agreement(NamedTuple):
    """The agreement in force. ``version`` is None where people have signed none.

    ``by_meeting``: it was the first held meeting that concluded it, whatever was amended since.
    ``duration_months`` is None in facts from before it was told.
    """

    version: int | None
    cadence_days: float
    duration_months: int | None
    term_ends_at: datetime
    by_meeting: bool


class Spell(NamedTuple):
    """The latest time of stagnation. ``ended_at`` is set once the pair came back.

    A ``withdrawn`` one never was, by what is known; it is remembered, for that may be corrected too.
    """

    entered_at: datetime
    declared: bool
    silent_for: timedelta
    two_meetings_within: timedelta
    ended_at: datetime | None = None
    withdrawn: bool = False


class MeasureState(NamedTuple):
    """What has become of one measure."""

    look_at: datetime
    done_at: datetime | None = None
    dropped: tuple[tuple[UUID, datetime], ...] = ()


class OpenConcern(NamedTuple):
    """A concern that stands."""

    since: datetime


class Suspicion(NamedTuple):
    """Stagnation is suspected, or was: a ``cleared`` one stands again if what cleared it is corrected."""

    since: datetime
    version: int
    cleared: bool = False


class Reminded(NamedTuple):
    """What reminders of a kind were about that were decided for a party: each comes once."""

    about: frozenset[datetime]


class Relationship:
    """The state of the aggregate: only what the next decision needs, and nothing sealed."""

    __slots__ = (
        "active_since",
        "agreement",
        "calendar",
        "closed_at",
        "committed",
        "concerns",
        "draft",
        "dues",
        "entered_at",
        "id",
        "last_reminded",
        "look_wanted_since",
        "looks",
        "measures",
        "onboarded_at",
        "opened_at",
        "parties",
        "programme",
        "reminded",
        "signed",
        "spell",
        "state",
        "suspicion",
        "version",
        "zone",
    )

    def __init__(self, id: UUID) -> None:
        self.id = id
        self.version = 0
        self.state = State.ONBOARDING
        self.programme = ""
        self.zone = "UTC"
        self.opened_at: datetime
        self.entered_at: datetime
        self.onboarded_at: datetime | None = None
        self.active_since: datetime | None = None
        self.closed_at: datetime | None = None
        self.parties: dict[UUID, e.Role] = {}
        self.committed: frozenset[UUID] = frozenset()
        self.draft: Draft | None = None
        self.signed: dict[UUID, datetime] = {}
        self.agreement: Agreement | None = None
        self.calendar = Calendar()
        self.suspicion: Suspicion | None = None
        self.spell: Spell | None = None
        self.looks: tuple[tuple[datetime, int], ...] = ()
        self.look_wanted_since: datetime | None = None
        self.measures: dict[UUID, MeasureState] = {}
        self.concerns: dict[tuple[e.ConcernCode, str | None], OpenConcern] = {}
        self.reminded: dict[tuple[e.ReminderKind, UUID], Reminded] = {}
        self.last_reminded: dict[UUID, datetime] = {}
        self.dues: dict[e.DueKind, datetime] = {}

    def fork(self) -> Relationship:
        """A copy that can be changed alone; the values inside are immutable and shared.

        Written out, because a loop over the slots costs four times as much and this runs with every command.
        """
        copy = Relationship.__new__(Relationship)
        copy.id = self.id
        copy.version = self.version
        copy.state = self.state
        copy.programme = self.programme
        copy.zone = self.zone
        copy.opened_at = self.opened_at
        copy.entered_at = self.entered_at
        copy.onboarded_at = self.onboarded_at
        copy.active_since = self.active_since
        copy.closed_at = self.closed_at
        copy.committed = self.committed
        copy.draft = self.draft
        copy.agreement = self.agreement
        copy.suspicion = self.suspicion
        copy.spell = self.spell
        copy.looks = self.looks
        copy.look_wanted_since = self.look_wanted_since
        copy.dues = self.dues
        copy.parties = self.parties.copy()
        copy.signed = self.signed.copy()
        copy.measures = self.measures.copy()
        copy.concerns = self.concerns.copy()
        copy.reminded = self.reminded.copy()
        copy.last_reminded = self.last_reminded.copy()
        copy.calendar = self.calendar.fork()
        return copy

    def persons(self, role: e.Role) -> list[UUID]:
        """The parties of one role, in the order of their ids."""
        return sorted(person for person, held in self.parties.items() if held is role)
