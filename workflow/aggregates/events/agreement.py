"""Beginnings: opening, commitment, and the agreement."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from workflow.aggregates.events.event import INSIDE, Event, Role, Value
from workflow.aggregates.moves import State
from workflow.aggregates.policy import AgreementForm
from workflow.aggregates.sealed import Sealed
from workflow.aggregates.words import Word


class Party(Value):
    """A mentor or mentee of this relationship. The identities are sealed under the person's own key."""

    public: ClassVar[frozenset[str] | None] = frozenset({"person", "role"})
    inside: ClassVar[frozenset[str]] = frozenset({"identities"})
    person: UUID
    role: Role
    identities: tuple[Sealed, ...] = ()


class RelationshipOpened(Event):
    """A mentor and a mentee were brought together. ``continues`` names the relationship before this one."""

    name: ClassVar[str] = "mentoring.relationship_opened.v1"
    public: ClassVar[frozenset[str] | None] = frozenset(
        {"programme", "zone", "parties", "continues", "entered"}
    )
    programme: str
    zone: str
    parties: tuple[Party, ...]
    continues: UUID | None = None
    entered: State = State.ONBOARDING


class IdentityAdded(Event):
    """Other services know a party by one more identity, sealed under the person's own key."""

    name: ClassVar[str] = "mentoring.identity_added.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    person: UUID
    identity: Sealed


class IdentityRemoved(Event):
    """An identity no longer means this party."""

    name: ClassVar[str] = "mentoring.identity_removed.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    person: UUID
    identity: Sealed


class PartyLeft(Event):
    """One of two mentors or mentees left; the others go on. ``role`` is None in facts from before it was told."""

    name: ClassVar[str] = "mentoring.party_left.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"party", "role", "entered"})
    party: UUID
    role: Role | None = None
    entered: State | None = None


class OnboardingStepCompleted(Event):
    """A step that the programme asks for was taken. The last thing asked for completes the onboarding."""

    name: ClassVar[str] = "mentoring.onboarding_step_completed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"step", "entered"})
    step: str
    entered: State | None = None


class CommitmentConfirmed(Event):
    """A party said that it will invest the time. The last thing asked for completes the onboarding."""

    name: ClassVar[str] = "mentoring.commitment_confirmed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"party", "entered"})
    party: UUID
    entered: State | None = None


class OnboardingCompleted(Event):
    """All that the programme asks for was done before: the policy that it adopted since asks for less."""

    name: ClassVar[str] = "mentoring.onboarding_completed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"entered"})
    entered: State = State.AGREEMENT


class Visibility(Word):
    """Whom an agreed topic may be shared with."""

    PAIR_ONLY = "pair_only"
    PROGRAMME = "programme"
    SHAREABLE = "shareable"


class Topic(Value):
    """What the pair means to talk about, and whom it may be shared with."""

    inside: ClassVar[frozenset[str]] = frozenset({"topic", "title", "visibility"})
    topic: UUID
    title: Sealed
    visibility: Visibility


class TopicReclassified(Event):
    """An agreed topic is from now on shared with fewer than before."""

    name: ClassVar[str] = "mentoring.topic_reclassified.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    topic: UUID
    visibility: Visibility


class AgreementDrafted(Event):
    """A version of the agreement was written down; the one in force stays until all have signed it."""

    name: ClassVar[str] = "mentoring.agreement_drafted.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"version", "cadence_days", "duration_months"})
    inside: ClassVar[frozenset[str]] = frozenset({"topics"})
    version: int
    cadence_days: float
    duration_months: int
    topics: tuple[Topic, ...] = ()


class AgreementSigned(Event):
    """A party signed, or orally confirmed, the current version."""

    name: ClassVar[str] = "mentoring.agreement_signed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"party", "version", "form"})
    party: UUID
    version: int
    form: AgreementForm


class AgreementConcluded(Event):
    """The agreement stands and the relationship is active. The end of its term is computed once, here."""

    name: ClassVar[str] = "mentoring.agreement_concluded.v1"
    public: ClassVar[frozenset[str] | None] = frozenset(
        {"version", "cadence_days", "term_ends_at", "duration_months", "entered"}
    )
    version: int | None
    cadence_days: float
    term_ends_at: AwareDatetime
    duration_months: int | None = None
    entered: State = State.ACTIVE


class AgreementAmended(Event):
    """A later version was signed by all and is now in force."""

    name: ClassVar[str] = "mentoring.agreement_amended.v1"
    public: ClassVar[frozenset[str] | None] = frozenset(
        {"version", "cadence_days", "term_ends_at", "duration_months"}
    )
    version: int
    cadence_days: float
    term_ends_at: AwareDatetime
    duration_months: int | None = None
