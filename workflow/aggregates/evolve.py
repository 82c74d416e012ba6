"""How events change a relationship's state.

``evolve`` copies what an event says and can never refuse: rules may be tightened without making old
streams unreadable. It changes the state that it is given, which its caller must own (see
``Relationship.fork``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from workflow.aggregates import events as e
from workflow.aggregates.meetings import Booking, Cancellation, Entry, Report
from workflow.aggregates.moves import Move, State
from workflow.aggregates.relationship import (
    Agreement,
    Draft,
    MeasureState,
    OpenConcern,
    Relationship,
    Reminded,
    Spell,
    Suspicion,
)


def replay(id: UUID, stream: Iterable[e.Event]) -> Relationship | None:
    """The state after a whole stream, None where the stream is empty or is not a relationship's."""
    events = iter(stream)
    first = next(events, None)
    if not isinstance(first, e.RelationshipOpened):
        return None
    state = Relationship(id)
    evolve(state, first)
    for event in events:
        evolve(state, event)
    return state


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
    state.agreement = Agreement(
        event.version,
        event.cadence_days,
        _duration(state, event),
        event.term_ends_at,
        by_meeting=event.version is None,
    )
    state.active_since = event.occurred_at
    _enter(state, event.entered, event.occurred_at)


def _duration(state: Relationship, event: e.AgreementConcluded | e.AgreementAmended) -> int | None:
    """What it was agreed for; in facts from before that was told, what was drafted by then."""
    if event.duration_months is None and state.draft is not None:
        return state.draft.duration_months
    return event.duration_months


def _amended(state: Relationship, event: e.AgreementAmended) -> None:
    state.agreement = Agreement(
        event.version,
        event.cadence_days,
        _duration(state, event),
        event.term_ends_at,
        by_meeting=state.agreement is not None and state.agreement.by_meeting,
    )


def _booked(state: Relationship, event: e.MeetingScheduled | e.MeetingRescheduled) -> None:
    entry = state.calendar.entry((event.uid, event.recurrence_id))
    stamp = (event.sequence, event.occurred_at, event.source, event.message)
    if entry.booking is None or stamp > entry.booking.stamp:
        booking = Booking(stamp, event.starts_at, event.ends_at, state.version)
        entry = Entry(entry.key, booking, *entry[2:])
    if isinstance(event, e.MeetingRescheduled) and event.previous_uid not in (None, event.uid):
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
    state.spell = Spell(event.occurred_at, event.declared, event.silent_for, event.two_meetings_within)
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
    spell, entered = state.spell, event.entered or state.state
    since = {
        State.AGREEMENT: state.onboarded_at,
        State.ACTIVE: (spell and spell.ended_at) or state.active_since,
        State.STAGNATION: spell and spell.entered_at,
    }
    _enter(state, entered, since.get(entered) or state.entered_at)


def _reminded(state: Relationship, event: e.ReminderIssued) -> None:
    _remember(state, event)
    state.last_reminded[event.party] = event.occurred_at


def _reminder_suppressed(state: Relationship, event: e.ReminderSuppressed) -> None:
    _remember(state, event)


def _remember(state: Relationship, event: e.ReminderIssued | e.ReminderSuppressed) -> None:
    known = state.reminded.get((event.kind, event.party))
    about = frozenset({event.about}) if known is None else known.about | {event.about}
    state.reminded[event.kind, event.party] = Reminded(about)


def _closed(state: Relationship, event: e.Closed) -> None:
    state.closed_at = event.occurred_at
    state.suspicion = None
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
