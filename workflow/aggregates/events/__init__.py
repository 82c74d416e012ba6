"""Everything that can have happened, in past tense; one subject a module.

Each event has a fixed, versioned ``name`` under which it is stored for ever; the class may move, the name
may not. ``occurred_at`` is when it happened, from whoever reports it. An event that was a decision names
the version of the policy in force, and one that moves a relationship says which state was ``entered``, so
that nobody who reads the stream later has to ask today's rules.
"""

from __future__ import annotations

from workflow.aggregates.events.agreement import (
    AgreementAmended,
    AgreementConcluded,
    AgreementDrafted,
    AgreementSigned,
    CommitmentConfirmed,
    IdentityAdded,
    IdentityRemoved,
    OnboardingCompleted,
    OnboardingStepCompleted,
    Party,
    PartyLeft,
    RelationshipOpened,
    Topic,
    TopicReclassified,
    Visibility,
)
from workflow.aggregates.events.care import (
    Destroyed,
    DestructionRequested,
    Paused,
    Resumed,
    ResumptionRevised,
    SupportContactMade,
)
from workflow.aggregates.events.closure import (
    Closed,
    ClosingFeedbackGiven,
    ClosureManner,
    ClosureProposed,
    ClosureReason,
)
from workflow.aggregates.events.concerns import (
    ConcernCleared,
    ConcernCode,
    ConcernRaised,
)
from workflow.aggregates.events.dialogue import (
    CheckInConsentGiven,
    CheckInConsentWithdrawn,
    CheckInGiven,
    HelpAsked,
)
from workflow.aggregates.events.drift import (
    FreshLookHeld,
    Measure,
    MeasureCompleted,
    MeasureDropped,
    MeasuresReviewed,
    MoveRevised,
    Reinvigorated,
    StagnationEntered,
    StagnationSuspected,
    StagnationWithdrawn,
    SuspicionCleared,
)
from workflow.aggregates.events.event import (
    AgendaRevised,
    DueKind,
    Event,
    Provenance,
    Role,
    Value,
)
from workflow.aggregates.events.goals import (
    GoalAchieved,
    GoalDropped,
    GoalReviewed,
    GoalRevised,
    GoalSet,
)
from workflow.aggregates.events.meetings import (
    MeetingCancelled,
    MeetingEvent,
    MeetingHeld,
    MeetingMissed,
    MeetingOutcomeCorrected,
    MeetingOutcomeUnconfirmed,
    MeetingRescheduled,
    MeetingScheduled,
    Outcome,
    PreparationNoted,
)
from workflow.aggregates.events.programme import (
    PolicyAdopted,
    ProgrammeClosed,
    ProgrammeOpened,
)
from workflow.aggregates.events.reminders import (
    EPISODES,
    EXEMPT_REMINDERS,
    REMINDER_DUES,
    ReminderIssued,
    ReminderKind,
    ReminderSuppressed,
    SuppressionReason,
)

__all__ = [
    "EPISODES",
    "EVENTS",
    "EXEMPT_REMINDERS",
    "REMINDER_DUES",
    "AgendaRevised",
    "AgreementAmended",
    "AgreementConcluded",
    "AgreementDrafted",
    "AgreementSigned",
    "CheckInConsentGiven",
    "CheckInConsentWithdrawn",
    "CheckInGiven",
    "Closed",
    "ClosingFeedbackGiven",
    "ClosureManner",
    "ClosureProposed",
    "ClosureReason",
    "CommitmentConfirmed",
    "ConcernCleared",
    "ConcernCode",
    "ConcernRaised",
    "Destroyed",
    "DestructionRequested",
    "DueKind",
    "Event",
    "FreshLookHeld",
    "GoalAchieved",
    "GoalDropped",
    "GoalReviewed",
    "GoalRevised",
    "GoalSet",
    "HelpAsked",
    "IdentityAdded",
    "IdentityRemoved",
    "Measure",
    "MeasureCompleted",
    "MeasureDropped",
    "MeasuresReviewed",
    "MeetingCancelled",
    "MeetingEvent",
    "MeetingHeld",
    "MeetingMissed",
    "MeetingOutcomeCorrected",
    "MeetingOutcomeUnconfirmed",
    "MeetingRescheduled",
    "MeetingScheduled",
    "MoveRevised",
    "OnboardingCompleted",
    "OnboardingStepCompleted",
    "Outcome",
    "Party",
    "PartyLeft",
    "Paused",
    "PolicyAdopted",
    "PreparationNoted",
    "ProgrammeClosed",
    "ProgrammeOpened",
    "Provenance",
    "Reinvigorated",
    "RelationshipOpened",
    "ReminderIssued",
    "ReminderKind",
    "ReminderSuppressed",
    "Resumed",
    "ResumptionRevised",
    "Role",
    "StagnationEntered",
    "StagnationSuspected",
    "StagnationWithdrawn",
    "SupportContactMade",
    "SuppressionReason",
    "SuspicionCleared",
    "Topic",
    "TopicReclassified",
    "Value",
    "Visibility",
]


def _all(base: type[Event]) -> list[type[Event]]:
    return [
        found
        for child in base.__subclasses__()
        for found in ([child] if "name" in child.__dict__ else []) + _all(child)
    ]


_SUBJECTS = (
    "programme",
    "agreement",
    "meetings",
    "goals",
    "dialogue",
    "care",
    "concerns",
    "drift",
    "reminders",
    "closure",
    "event",
)


def _place(event: type[Event]) -> int:
    return _SUBJECTS.index(event.__module__.rpartition(".")[2])


EVENTS: dict[str, type[Event]] = {event.name: event for event in sorted(_all(Event), key=_place)}
"""Every event by the name under which it is stored, in the order of a relationship's life."""
