"""One mentoring relationship as the next decision needs it, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from workflow.aggregates import events as e
from workflow.aggregates.calendars import Calendar
from workflow.aggregates.meetings import EntryKey
from workflow.aggregates.moves import State


class Left(NamedTuple):
    """Somebody who was a party, and until when."""

    role: e.Role
    at: datetime


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
    ``version`` is that of the event that entered it.
    """

    entered_at: datetime
    declared: bool
    silent_for: timedelta
    two_meetings_within: timedelta
    version: int
    ended_at: datetime | None = None
    withdrawn: bool = False


class MeasureState(NamedTuple):
    """What has become of one measure."""

    look_at: datetime
    by_when: datetime
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


class Goal(NamedTuple):
    """What has become of one goal."""

    set_at: datetime
    open: bool = True


class CheckIn(NamedTuple):
    """A check-in of one party."""

    at: datetime
    low: bool


class Pause(NamedTuple):
    """A rest. ``said_at`` is when somebody ended it, ``resumed_at`` when it ended, by all that is known."""

    since: datetime
    ends_at: datetime
    said_at: datetime | None = None
    resumed_at: datetime | None = None


class Destruction(NamedTuple):
    """What somebody wrote is to be destroyed, with ``identities`` also who they are; ``done`` once it was."""

    identities: bool
    done: bool = False


class Said(NamedTuple):
    """Something said, and the version of the event that says it."""

    at: datetime
    version: int


class Episode(NamedTuple):
    """How often a party was reminded while a concern stood, which is known by since when it does."""

    since: datetime
    reminded: int


class Relationship:
    """The state of the aggregate: only what the next decision needs, and nothing sealed.

    ``course_version`` is that of the last event that was about neither a meeting nor a concern; ``unmoved`` and
    ``since_held`` are for the rules to keep what they have worked out from all else than these, and from what was held;
    and ``asked`` is as of when they were asked last.
    """

    __slots__ = (
        "active_since",
        "agreement",
        "amended_at",
        "asked",
        "basis_acknowledged",
        "by_role",
        "calendar",
        "check_ins",
        "closed_at",
        "committed",
        "concerns",
        "consents",
        "contacted_at",
        "course_version",
        "destroyed",
        "directed_at",
        "draft",
        "drafted_topics",
        "dues",
        "entered_at",
        "episodes",
        "feedback",
        "goals",
        "help_asked",
        "id",
        "last_reminded",
        "left",
        "look_wanted_since",
        "looks",
        "measures",
        "onboarded_at",
        "opened_at",
        "parties",
        "pauses",
        "prepared",
        "programme",
        "proposed",
        "reminded",
        "reviewed_at",
        "signed",
        "since_held",
        "spell",
        "state",
        "steps",
        "suspicion",
        "topics",
        "unmoved",
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
        self.parties: Mapping[UUID, e.Role] = {}
        self.left: Mapping[UUID, Left] = {}
        self.by_role: Mapping[e.Role, tuple[UUID, ...]] = _grouped({})
        self.steps: frozenset[str] = frozenset()
        self.committed: frozenset[UUID] = frozenset()
        self.draft: Draft | None = None
        self.signed: Mapping[UUID, datetime] = {}
        self.agreement: Agreement | None = None
        self.amended_at: datetime | None = None
        self.topics: Mapping[UUID, e.Visibility] = {}
        self.drafted_topics: Mapping[UUID, e.Visibility] = {}
        self.calendar = Calendar()
        self.prepared: frozenset[tuple[EntryKey, UUID]] = frozenset()
        self.goals: Mapping[UUID, Goal] = {}
        self.directed_at: Said | None = None
        self.check_ins: Mapping[UUID, tuple[CheckIn, ...]] = {}
        self.consents: frozenset[UUID] = frozenset()
        self.help_asked: tuple[Said, ...] = ()
        self.contacted_at: datetime | None = None
        self.basis_acknowledged = False
        self.pauses: tuple[Pause, ...] = ()
        self.suspicion: Suspicion | None = None
        self.spell: Spell | None = None
        self.looks: tuple[tuple[datetime, int], ...] = ()
        self.look_wanted_since: datetime | None = None
        self.measures: Mapping[UUID, MeasureState] = {}
        self.reviewed_at: datetime | None = None
        self.proposed: Said | None = None
        self.feedback: frozenset[UUID] = frozenset()
        self.destroyed: Mapping[UUID, Destruction] = {}
        self.concerns: Mapping[tuple[e.ConcernCode, str | None], OpenConcern] = {}
        self.reminded: Mapping[tuple[e.ReminderKind, datetime, int], frozenset[UUID | None]] = {}
        self.last_reminded: Mapping[UUID, datetime] = {}
        self.episodes: Mapping[tuple[e.ConcernCode, UUID], Episode] = {}
        self.dues: Mapping[e.DueKind, datetime] = {}
        self.course_version = 0
        self.unmoved: object = None
        self.since_held: object = None
        self.asked: object = None

    def fork(self) -> Relationship:
        """A copy that can be changed alone; the values inside are immutable and shared, but for the calendar.

        A mapping is replaced where something in it changes: most commands change none of them. Written out,
        because a loop over the slots costs four times as much and this runs with every command.
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
        copy.steps = self.steps
        copy.committed = self.committed
        copy.amended_at = self.amended_at
        copy.prepared = self.prepared
        copy.directed_at = self.directed_at
        copy.consents = self.consents
        copy.help_asked = self.help_asked
        copy.contacted_at = self.contacted_at
        copy.basis_acknowledged = self.basis_acknowledged
        copy.pauses = self.pauses
        copy.reviewed_at = self.reviewed_at
        copy.proposed = self.proposed
        copy.feedback = self.feedback
        copy.draft = self.draft
        copy.agreement = self.agreement
        copy.suspicion = self.suspicion
        copy.spell = self.spell
        copy.looks = self.looks
        copy.look_wanted_since = self.look_wanted_since
        copy.dues = self.dues
        copy.course_version = self.course_version
        copy.unmoved = self.unmoved
        copy.since_held = self.since_held
        copy.asked = self.asked
        copy.parties = self.parties
        copy.left = self.left
        copy.by_role = self.by_role
        copy.topics = self.topics
        copy.drafted_topics = self.drafted_topics
        copy.goals = self.goals
        copy.check_ins = self.check_ins
        copy.destroyed = self.destroyed
        copy.signed = self.signed
        copy.measures = self.measures
        copy.concerns = self.concerns
        copy.reminded = self.reminded
        copy.last_reminded = self.last_reminded
        copy.episodes = self.episodes
        copy.calendar = self.calendar.fork()
        return copy

    def set_parties(self, parties: Mapping[UUID, e.Role], left: Mapping[UUID, Left]) -> None:
        """From now on these are its parties, and those have left it."""
        self.parties, self.left = parties, left
        self.by_role = _grouped(parties)

    def persons(self, role: e.Role) -> tuple[UUID, ...]:
        """The parties of one role, in the order of their ids."""
        return self.by_role[role]

    def role(self, person: UUID) -> e.Role | None:
        """As what somebody is, or was, a party."""
        left = self.left.get(person)
        return self.parties.get(person) or (left.role if left is not None else None)

    def met(self, until: datetime | None = None) -> bool:
        """Whether the pair has met, by an instant; what begins at or after the closing counts nowhere."""
        return any(
            (until is None or end <= until)
            and (self.closed_at is None or meeting.starts_at is None or meeting.starts_at < self.closed_at)
            for end, meeting in self.calendar.held_ends()
        )

    @property
    def paused(self) -> bool:
        """Whether the relationship rests now."""
        return bool(self.pauses) and self.pauses[-1].resumed_at is None


def _grouped(parties: Mapping[UUID, e.Role]) -> Mapping[e.Role, tuple[UUID, ...]]:
    return {
        role: tuple(sorted(person for person, held in parties.items() if held is role)) for role in e.Role
    }
