"""What can be asked of a relationship. Each is plain data, validated at the edge that it came in by."""

from __future__ import annotations

from workflow.aggregates.commands.agreement import (
    AddIdentity,
    CompleteOnboardingStep,
    ConfirmCommitment,
    DraftAgreement,
    LeaveRelationship,
    OpenRelationship,
    ReclassifyTopic,
    RemoveIdentity,
    SignAgreement,
)
from workflow.aggregates.commands.care import (
    ConfirmDestruction,
    MakeSupportContact,
    Pause,
    RequestDestruction,
    Resume,
)
from workflow.aggregates.commands.closure import (
    Close,
    GiveClosingFeedback,
)
from workflow.aggregates.commands.command import (
    Actor,
    Command,
    FollowPolicy,
    PassTime,
)
from workflow.aggregates.commands.dialogue import (
    Answers,
    AskForHelp,
    GiveCheckIn,
    GiveCheckInConsent,
    WithdrawCheckInConsent,
)
from workflow.aggregates.commands.drift import (
    CompleteMeasure,
    DeclareStagnation,
    DropMeasure,
    HoldFreshLook,
    ReviewMeasures,
)
from workflow.aggregates.commands.goals import (
    AchieveGoal,
    DropGoal,
    ReviewGoal,
    ReviseGoal,
    SetGoal,
)
from workflow.aggregates.commands.meetings import (
    CorrectOutcome,
    MeetingReport,
    NotePreparation,
    ReportCancelled,
    ReportHeld,
    ReportMissed,
    ReportRescheduled,
    ReportScheduled,
)

__all__ = [
    "AchieveGoal",
    "Actor",
    "AddIdentity",
    "Answers",
    "AskForHelp",
    "Close",
    "Command",
    "CompleteMeasure",
    "CompleteOnboardingStep",
    "ConfirmCommitment",
    "ConfirmDestruction",
    "CorrectOutcome",
    "DeclareStagnation",
    "DraftAgreement",
    "DropGoal",
    "DropMeasure",
    "FollowPolicy",
    "GiveCheckIn",
    "GiveCheckInConsent",
    "GiveClosingFeedback",
    "HoldFreshLook",
    "LeaveRelationship",
    "MakeSupportContact",
    "MeetingReport",
    "NotePreparation",
    "OpenRelationship",
    "PassTime",
    "Pause",
    "ReclassifyTopic",
    "RemoveIdentity",
    "ReportCancelled",
    "ReportHeld",
    "ReportMissed",
    "ReportRescheduled",
    "ReportScheduled",
    "RequestDestruction",
    "Resume",
    "ReviewGoal",
    "ReviewMeasures",
    "ReviseGoal",
    "SetGoal",
    "SignAgreement",
    "WithdrawCheckInConsent",
]
