"""Beginnings: opening, commitment, and the agreement."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from workflow.aggregates.commands.command import Command
from workflow.aggregates.events import Party, Topic, Visibility
from workflow.aggregates.sealed import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRelationship(Command):
    """Bring parties together; ``continues`` names the relationship before this one, if there was one."""

    programme: str
    zone: str
    parties: tuple[Party, ...]
    continues: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteOnboardingStep(Command):
    """A step that the programme asks for was taken."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCommitment(Command):
    """The acting party commits itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddIdentity(Command):
    """Other services know a party by one more identity; ``known`` where the directory has it as theirs already."""

    person: UUID
    identity: Sealed
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveIdentity(Command):
    """An identity no longer means this party; ``known`` tells whether it has meant them until now."""

    person: UUID
    identity: Sealed
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRelationship(Command):
    """One of several mentors or mentees leaves."""

    party: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAgreement(Command):
    """Write down a new version; what is None follows the policy."""

    cadence_days: float | None = None
    duration_months: int | None = None
    topics: tuple[Topic, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAgreement(Command):
    """The acting party signs, or confirms, the version named."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclassifyTopic(Command):
    """An agreed topic is shared with fewer."""

    topic: UUID
    visibility: Visibility
