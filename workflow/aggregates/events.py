"""Everything that can have happened, in past tense.

Each event has a fixed, versioned ``name`` under which it is stored for ever; the class may move, the name
may not. ``occurred_at`` is when it happened, from whoever reports it. An event that was a decision names
the version of the policy in force, and one that moves a relationship says which state was ``entered``, so
that nobody who reads the stream later has to ask today's rules.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from workflow.aggregates.moves import Move, State
from workflow.aggregates.policy import AgreementForm, Policy
from workflow.aggregates.sealed import Sealed


class Provenance(StrEnum):
    """How we know."""

    OBSERVED = "observed"
    SELF_REPORTED = "self_reported"
    INFERRED = "inferred"
    CORRECTED = "corrected"


class Role(StrEnum):
    """As whom somebody acts."""

    MENTOR = "mentor"
    MENTEE = "mentee"
    COORDINATOR = "coordinator"
    SERVICE = "service"


class DueKind(StrEnum):
    """What the clock may have to ask a relationship, in the order in which dues of one instant are asked."""

    OUTCOME_UNCONFIRMED = "outcome_unconfirmed"
    CONCERNS_BEGIN = "concerns_begin"
    SILENCE = "silence"
    STAGNATION = "stagnation"
    FRESH_LOOK_MISSING = "fresh_look_missing"
    BOOK_NEXT_MEETING = "book_next_meeting"


class ConcernCode(StrEnum):
    """Why a coordinator might want to make contact."""

    COMMITMENT = "commitment"
    SILENCE = "silence"
    CONTRADICTORY = "contradictory"
    NO_FRESH_LOOK = "no_fresh_look"


class ReminderKind(StrEnum):
    """What a party is reminded of."""

    BOOK_NEXT_MEETING = "book_next_meeting"


class Visibility(StrEnum):
    """Whom an agreed topic may be shared with."""

    PAIR_ONLY = "pair_only"
    PROGRAMME = "programme"
    SHAREABLE = "shareable"


class Outcome(StrEnum):
    """What a correction says a meeting came to; ``none`` withdraws what was reported."""

    HELD = "held"
    MISSED = "missed"
    CANCELLED = "cancelled"
    NONE = "none"


class Value(BaseModel):
    """A part of an event."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(Value):
    """Something that happened.

    ``by`` is the opaque id of the person who said it, None where a service observed or a clock inferred
    it. ``dues``, where present, is the whole agenda of the relationship from this event on.
    """

    name: ClassVar[str]

    occurred_at: AwareDatetime
    by: UUID | None = None
    provenance: Provenance
    policy: int | None = None
    dues: dict[DueKind, AwareDatetime] | None = None


# --- the programme ---------------------------------------------------------------------------------------


class ProgrammeOpened(Event):
    """A mentoring programme began. Calendar months are counted in its ``zone``."""

    name: ClassVar[str] = "mentoring.programme_opened.v1"
    programme: str
    zone: str


class PolicyAdopted(Event):
    """From now on the programme's decisions follow this version of its policy."""

    name: ClassVar[str] = "mentoring.policy_adopted.v1"
    version: int
    document: Policy


# --- onboarding and agreement ----------------------------------------------------------------------------


class Party(Value):
    """A mentor or mentee of this relationship. The identities are sealed under the person's own key."""

    person: UUID
    role: Role
    identities: tuple[Sealed, ...] = ()


class RelationshipOpened(Event):
    """A mentor and a mentee were brought together."""

    name: ClassVar[str] = "mentoring.relationship_opened.v1"
    programme: str
    zone: str
    parties: tuple[Party, ...]
    entered: State = State.ONBOARDING


class CommitmentConfirmed(Event):
    """A party said that it will invest the time. The last one to do so completes the onboarding."""

    name: ClassVar[str] = "mentoring.commitment_confirmed.v1"
    party: UUID
    entered: State | None = None


class Topic(Value):
    """What the pair means to talk about, and whom it may be shared with."""

    title: Sealed
    visibility: Visibility


class AgreementDrafted(Event):
    """A version of the agreement was written down; the one in force stays until all have signed it."""

    name: ClassVar[str] = "mentoring.agreement_drafted.v1"
    version: int
    cadence_days: float
    duration_months: int
    topics: tuple[Topic, ...] = ()


class AgreementSigned(Event):
    """A party signed, or orally confirmed, the current version."""

    name: ClassVar[str] = "mentoring.agreement_signed.v1"
    party: UUID
    version: int
    form: AgreementForm


class AgreementConcluded(Event):
    """The agreement stands and the relationship is active. The end of its term is computed once, here."""

    name: ClassVar[str] = "mentoring.agreement_concluded.v1"
    version: int | None
    cadence_days: float
    duration_months: int | None = None
    term_ends_at: AwareDatetime
    entered: State = State.ACTIVE


class AgreementAmended(Event):
    """A later version was signed by all and is now in force."""

    name: ClassVar[str] = "mentoring.agreement_amended.v1"
    version: int
    cadence_days: float
    duration_months: int | None = None
    term_ends_at: AwareDatetime


# --- meetings --------------------------------------------------------------------------------------------


class MeetingEvent(Event):
    """Something about one meeting: a calendar UID, and for an occurrence of a series its original start.

    ``source`` and ``message`` name the message that told us; with ``occurred_at`` they order reports.
    """

    uid: str
    recurrence_id: AwareDatetime | None = None
    source: str
    message: str


class MeetingScheduled(MeetingEvent):
    """A meeting was booked."""

    name: ClassVar[str] = "mentoring.meeting_scheduled.v1"
    sequence: int = 0
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str | None = None
    channel: str | None = None


class MeetingRescheduled(MeetingEvent):
    """A meeting was moved, perhaps under a new calendar UID. No cancellation."""

    name: ClassVar[str] = "mentoring.meeting_rescheduled.v1"
    sequence: int = 0
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str | None = None
    channel: str | None = None
    previous_uid: str | None = None


class MeetingCancelled(MeetingEvent):
    """A meeting was called off. How late follows from its start, which may become known only afterwards."""

    name: ClassVar[str] = "mentoring.meeting_cancelled.v1"
    sequence: int = 0
    cancelled_by: UUID | None = None


class MeetingHeld(MeetingEvent):
    """At least one mentor and one mentee met. ``attended`` is None where nobody was named: then all did."""

    name: ClassVar[str] = "mentoring.meeting_held.v1"
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    attended: tuple[UUID, ...] | None = None


class MeetingMissed(MeetingEvent):
    """A side did not come. The times are known where the report was of a meeting held with a side missing."""

    name: ClassVar[str] = "mentoring.meeting_missed.v1"
    missed_by: tuple[UUID, ...]
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class MeetingOutcomeCorrected(MeetingEvent):
    """What was known of a meeting's outcome is replaced; ``none`` withdraws it."""

    name: ClassVar[str] = "mentoring.meeting_outcome_corrected.v1"
    outcome: Outcome
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    attended: tuple[UUID, ...] | None = None
    missed_by: tuple[UUID, ...] = ()
    cancelled_by: UUID | None = None


class MeetingOutcomeUnconfirmed(Event):
    """Nobody reported whether the meeting that was to end at ``ends_at`` came about."""

    name: ClassVar[str] = "mentoring.meeting_outcome_unconfirmed.v1"
    uid: str
    recurrence_id: AwareDatetime | None = None
    ends_at: AwareDatetime


# --- drift -----------------------------------------------------------------------------------------------


class ConcernRaised(Event):
    """Something to look at, explained: since when, what it rests on, what would clear it.

    ``evidence`` are versions of events in this stream. A concern raised again while it is open is revised:
    what this event says replaces what the earlier one said. ``subject`` names one meeting where the
    concern is about one.
    """

    name: ClassVar[str] = "mentoring.concern_raised.v1"
    code: ConcernCode
    subject: str | None = None
    since: AwareDatetime
    evidence: tuple[int, ...]
    clears: str


class ConcernCleared(Event):
    """A concern has gone."""

    name: ClassVar[str] = "mentoring.concern_cleared.v1"
    code: ConcernCode
    subject: str | None = None


class StagnationSuspected(Event):
    """Nothing was heard for long after the ``anchor`` (the last sign of life)."""

    name: ClassVar[str] = "mentoring.stagnation_suspected.v1"
    anchor: AwareDatetime


class SuspicionCleared(Event):
    """A sign of life, or a meeting booked soon, took the suspicion away."""

    name: ClassVar[str] = "mentoring.suspicion_cleared.v1"


class StagnationEntered(Event):
    """The relationship stagnates: people said so, or the clock inferred it from silence since ``anchor``.

    ``silent_for`` is how long a silence had to be, ``two_meetings_within`` how near each other two held
    meetings have to be to end it: whoever decides anew does so by these, whatever is agreed meanwhile.
    """

    name: ClassVar[str] = "mentoring.stagnation_entered.v1"
    declared: bool
    anchor: AwareDatetime
    silent_for: timedelta
    two_meetings_within: timedelta
    evidence: tuple[int, ...] = ()
    entered: State = State.STAGNATION


class StagnationWithdrawn(Event):
    """A fact that became known later shows that the silence never was."""

    name: ClassVar[str] = "mentoring.stagnation_withdrawn.v1"
    entered: State = State.ACTIVE


class Measure(Value):
    """Something concrete that the pair will do: what, who and by when."""

    measure: UUID
    what: Sealed
    who: UUID
    by_when: AwareDatetime


class FreshLookHeld(Event):
    """The pair looked at its process from a new perspective and wrote down a few concrete measures."""

    name: ClassVar[str] = "mentoring.fresh_look_held.v1"
    perspective: Sealed | None = None
    measures: tuple[Measure, ...]


class MeasureCompleted(Event):
    """A measure was done."""

    name: ClassVar[str] = "mentoring.measure_completed.v1"
    measure: UUID


class MeasureDropped(Event):
    """A party gave a measure up; it is dropped once every party has."""

    name: ClassVar[str] = "mentoring.measure_dropped.v1"
    measure: UUID
    party: UUID


class Reinvigorated(Event):
    """The relationship came back. ``occurred_at`` is the instant of the last thing that this took."""

    name: ClassVar[str] = "mentoring.reinvigorated.v1"
    evidence: tuple[int, ...]
    entered: State = State.ACTIVE


class MoveRevised(Event):
    """A move that rested on meetings was decided anew: its new instant, or None where it never was.

    ``stagnate`` without an instant: a time of stagnation that the pair had come back from never was.
    ``withdraw_stagnation`` without one: what had taken the latest stagnation away was itself corrected, so
    that it stands again since its own instant. ``entered`` says where the relationship stands now, where
    that changes.
    """

    name: ClassVar[str] = "mentoring.move_revised.v1"
    move: Move
    instant: AwareDatetime | None
    term_ends_at: AwareDatetime | None = None
    entered: State | None = None


# --- reminders and closure -------------------------------------------------------------------------------


class ReminderIssued(Event):
    """A party is to be reminded. ``guidance`` names the piece of advice that goes with it."""

    name: ClassVar[str] = "mentoring.reminder_issued.v1"
    kind: ReminderKind
    party: UUID
    audience: Role
    about: AwareDatetime
    guidance: str


class ReminderSuppressed(Event):
    """A reminder was due and is not sent, for the reason given."""

    name: ClassVar[str] = "mentoring.reminder_suppressed.v1"
    kind: ReminderKind
    party: UUID
    about: AwareDatetime
    reason: str


class ClosureManner(StrEnum):
    """How a relationship ended."""

    PLANNED_HELD = "planned_held"
    PLANNED_NOT_HELD = "planned_not_held"
    ONE_SIDED = "one_sided"
    ADMINISTRATIVE = "administrative"


class ClosureReason(StrEnum):
    """Why a relationship ended."""

    GOALS_MET = "goals_met"
    TERM_COMPLETED = "term_completed"
    LIFE_CHANGE = "life_change"
    MENTOR_DISSATISFACTION = "mentor_dissatisfaction"
    MENTEE_DISSATISFACTION = "mentee_dissatisfaction"
    GRADUAL_DISSOLUTION = "gradual_dissolution"
    ABANDONMENT = "abandonment"
    MISMATCH = "mismatch"
    PROGRAMME_ENDED = "programme_ended"
    LEFT_ORGANISATION = "left_organisation"


class Closed(Event):
    """The relationship ended."""

    name: ClassVar[str] = "mentoring.closed.v1"
    manner: ClosureManner
    reason: ClosureReason
    entered: State = State.CLOSURE


class AgendaRevised(Event):
    """Nothing happened but that the clock has to ask at other times; ``dues`` says when."""

    name: ClassVar[str] = "mentoring.agenda_revised.v1"


def _all(base: type[Event]) -> list[type[Event]]:
    return [
        found
        for child in base.__subclasses__()
        for found in ([child] if "name" in child.__dict__ else []) + _all(child)
    ]


EVENTS: dict[str, type[Event]] = {event.name: event for event in _all(Event)}
"""Every event by the name under which it is stored."""
