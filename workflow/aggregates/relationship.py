"""One mentoring relationship as the next decision needs it, and how events change it.

``evolve`` copies what an event says and can never refuse: rules may be tightened without making old
streams unreadable. It changes the state that it is given, which its caller must own (see ``fork``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from workflow.aggregates import events as e
from workflow.aggregates.calendars import Calendar
from workflow.aggregates.meetings import Booking, Cancellation, Entry, Report
from workflow.aggregates.moves import Move, State


class Draft(NamedTuple):
    """The latest version written down."""

    version: int
    cadence_days: float
    duration_months: int


class Agreement(NamedTuple):
    """The agreement in force. ``version`` is None where no agreement was asked for."""

    version: int | None
    cadence_days: float
    term_ends_at: datetime


class Spell(NamedTuple):
    """The latest time of stagnation. ``ended_at`` is set once the pair came back.

    A ``withdrawn`` one never was, by what is known; it is remembered, for that may be corrected too.
    """

    entered_at: datetime
    declared: bool
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
    """The last reminder of a kind that was decided for a party."""

    about: datetime


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


def replay(id: UUID, stream: Iterable[e.Event]) -> Relationship | None:
    """The state after a whole stream, None where the stream is empty."""
    state = Relationship(id)
    for event in stream:
        evolve(state, event)
    return state if state.version else None


def evolve(state: Relationship, event: e.Event) -> None:
    """Apply one event. What it does not know, it passes over."""
    state.version += 1
    if event.dues is not None:
        state.dues = event.dues
    applier = _APPLIERS.get(type(event))
    if applier is not None:
        applier(state, event)


def _opened(state: Relationship, event: e.RelationshipOpened) -> None:
    state.programme, state.zone = event.programme, event.zone
    state.opened_at = state.entered_at = event.occurred_at
    state.state = event.entered
    state.parties = {party.person: party.role for party in event.parties}


def _committed(state: Relationship, event: e.CommitmentConfirmed) -> None:
    state.committed |= {event.party}
    if event.entered is not None:
        state.onboarded_at = event.occurred_at
        _enter(state, event.entered, event.occurred_at)


def _drafted(state: Relationship, event: e.AgreementDrafted) -> None:
    state.draft = Draft(event.version, event.cadence_days, event.duration_months)
    state.signed = {}


def _signed(state: Relationship, event: e.AgreementSigned) -> None:
    if state.draft is not None and event.version == state.draft.version:
        state.signed[event.party] = event.occurred_at


def _concluded(state: Relationship, event: e.AgreementConcluded) -> None:
    state.agreement = Agreement(event.version, event.cadence_days, event.term_ends_at)
    state.active_since = event.occurred_at
    _enter(state, event.entered, event.occurred_at)


def _amended(state: Relationship, event: e.AgreementAmended) -> None:
    state.agreement = Agreement(event.version, event.cadence_days, event.term_ends_at)


def _booked(state: Relationship, event: e.MeetingScheduled | e.MeetingRescheduled) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    stamp = (event.sequence, event.occurred_at, event.source, event.message)
    if entry.booking is None or stamp > entry.booking.stamp:
        booking = Booking(stamp, event.starts_at, event.ends_at, state.version)
        entry = Entry(entry.key, booking, *entry[2:])
    if isinstance(event, e.MeetingRescheduled) and event.previous_uid is not None:
        entry = entry._replace(replaces=entry.replaces | {event.previous_uid})
    state.calendar.keep(entry)


def _cancelled(state: Relationship, event: e.MeetingCancelled) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    stamp = (event.sequence, event.occurred_at, event.source, event.message)
    state.calendar.keep(entry._replace(cancellation=Cancellation(stamp, state.version)))


def _held(state: Relationship, event: e.MeetingHeld | e.MeetingMissed) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    outcome = e.Outcome.HELD if isinstance(event, e.MeetingHeld) else e.Outcome.MISSED
    stamp = (event.occurred_at, event.source, event.message)
    report = Report(stamp, outcome, event.starts_at, event.ends_at, state.version)
    state.calendar.keep(entry._replace(report=report))


def _corrected(state: Relationship, event: e.MeetingOutcomeCorrected) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    stamp = (event.occurred_at, event.source, event.message)
    correction = Report(stamp, event.outcome, event.starts_at, event.ends_at, state.version)
    state.calendar.keep(entry._replace(correction=correction))


def _unconfirmed(state: Relationship, event: e.MeetingOutcomeUnconfirmed) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    state.calendar.keep(entry._replace(unconfirmed_end=event.ends_at))


def _concern_raised(state: Relationship, event: e.ConcernRaised) -> None:
    state.concerns[event.code, event.subject] = OpenConcern(event.since)


def _concern_cleared(state: Relationship, event: e.ConcernCleared) -> None:
    state.concerns.pop((event.code, event.subject), None)


def _suspected(state: Relationship, event: e.StagnationSuspected) -> None:
    state.suspicion = Suspicion(event.occurred_at, state.version)


def _suspicion_cleared(state: Relationship, event: e.SuspicionCleared) -> None:
    if state.suspicion is not None:
        state.suspicion = state.suspicion._replace(cleared=True)


def _stagnated(state: Relationship, event: e.StagnationEntered) -> None:
    withdrawn = state.spell is not None and state.spell.withdrawn
    state.spell = Spell(event.occurred_at, event.declared)
    if state.look_wanted_since is None or withdrawn:
        state.look_wanted_since = event.occurred_at
    _enter(state, event.entered, event.occurred_at)


def _stagnation_withdrawn(state: Relationship, event: e.StagnationWithdrawn) -> None:
    _withdraw_spell(state)
    _enter(state, event.entered, state.active_since or state.entered_at)


def _withdraw_spell(state: Relationship) -> None:
    if state.spell is not None:
        state.spell = state.spell._replace(ended_at=None, withdrawn=True)


def _looked(state: Relationship, event: e.FreshLookHeld) -> None:
    state.looks = (*state.looks, (event.occurred_at, state.version))
    for measure in event.measures:
        state.measures[measure.measure] = MeasureState(event.occurred_at)
    if state.look_wanted_since is not None and event.occurred_at >= state.look_wanted_since:
        state.look_wanted_since = None


def _measure_done(state: Relationship, event: e.MeasureCompleted) -> None:
    if (measure := state.measures.get(event.measure)) is not None:
        state.measures[event.measure] = measure._replace(done_at=event.occurred_at)


def _measure_dropped(state: Relationship, event: e.MeasureDropped) -> None:
    if (measure := state.measures.get(event.measure)) is not None:
        dropped = (*measure.dropped, (event.party, event.occurred_at))
        state.measures[event.measure] = measure._replace(dropped=dropped)


def _reinvigorated(state: Relationship, event: e.Reinvigorated) -> None:
    if state.spell is not None:
        state.spell = state.spell._replace(ended_at=event.occurred_at)
    _enter(state, event.entered, event.occurred_at)


def _revised(state: Relationship, event: e.MoveRevised) -> None:
    if event.move is Move.CONCLUDE_AGREEMENT:
        state.active_since = event.instant
        if event.instant is None:
            state.agreement = None
        elif state.agreement is not None and event.term_ends_at is not None:
            state.agreement = state.agreement._replace(term_ends_at=event.term_ends_at)
    elif event.move is Move.STAGNATE:
        _withdraw_spell(state)
    elif state.spell is not None:
        state.spell = state.spell._replace(ended_at=event.instant, withdrawn=False)
    if event.entered is not None:
        fallback = state.spell.entered_at if state.spell is not None else state.onboarded_at
        _enter(state, event.entered, event.instant or fallback or state.entered_at)


def _reminded(state: Relationship, event: e.ReminderIssued) -> None:
    state.reminded[event.kind, event.party] = Reminded(event.about)
    state.last_reminded[event.party] = event.occurred_at


def _reminder_suppressed(state: Relationship, event: e.ReminderSuppressed) -> None:
    state.reminded[event.kind, event.party] = Reminded(event.about)


def _closed(state: Relationship, event: e.Closed) -> None:
    state.closed_at = event.occurred_at
    _enter(state, event.entered, event.occurred_at)


def _enter(state: Relationship, entered: State, at: datetime) -> None:
    state.state, state.entered_at = entered, at


# A table from event to applier; each applier takes the one event type that it is listed under.
_APPLIERS: dict[type[e.Event], Callable[..., None]] = {
    e.RelationshipOpened: _opened,
    e.CommitmentConfirmed: _committed,
    e.AgreementDrafted: _drafted,
    e.AgreementSigned: _signed,
    e.AgreementConcluded: _concluded,
    e.AgreementAmended: _amended,
    e.MeetingScheduled: _booked,
    e.MeetingRescheduled: _booked,
    e.MeetingCancelled: _cancelled,
    e.MeetingHeld: _held,
    e.MeetingMissed: _held,
    e.MeetingOutcomeCorrected: _corrected,
    e.MeetingOutcomeUnconfirmed: _unconfirmed,
    e.ConcernRaised: _concern_raised,
    e.ConcernCleared: _concern_cleared,
    e.StagnationSuspected: _suspected,
    e.SuspicionCleared: _suspicion_cleared,
    e.StagnationEntered: _stagnated,
    e.StagnationWithdrawn: _stagnation_withdrawn,
    e.FreshLookHeld: _looked,
    e.MeasureCompleted: _measure_done,
    e.MeasureDropped: _measure_dropped,
    e.Reinvigorated: _reinvigorated,
    e.MoveRevised: _revised,
    e.ReminderIssued: _reminded,
    e.ReminderSuppressed: _reminder_suppressed,
    e.Closed: _closed,
}
