"""A reminder as it goes out: why, to whom, by when, and the advice that goes with it."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from workflow.aggregates.events import Provenance, ReminderIssued, ReminderKind, Role
from workflow.aggregates.words import Word
from workflow.guidance import Language, guidance


class Audience(Word):
    """As whom somebody is reminded; any ``party`` where a role would tell who has checked in."""

    MENTOR = Role.MENTOR.value
    MENTEE = Role.MENTEE.value
    COORDINATOR = Role.COORDINATOR.value
    PARTY = "party"


class Advice(BaseModel):
    """A short piece of advice."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="stable; `GET /v1/guidance` lists them all")
    text: dict[Language, str] = Field(description="by language")


class Reminder(BaseModel):
    """Somebody is to be reminded."""

    model_config = ConfigDict(frozen=True)

    reason: ReminderKind
    audience: Audience
    party: UUID | None = Field(
        description="the person's opaque id, as `relationship_opened` told it; null for coordinators, and for `party`"
    )
    about: AwareDatetime = Field(description="the instant that it is about, such as a meeting's start")
    step: int = Field(description="which of several about the same")
    deadline: AwareDatetime | None = Field(
        description="after which it is of no use; null where what it is about is past already"
    )
    guidance: Advice | None = Field(description="null for `party`")
    provenance: Provenance
    policy: int | None = Field(description="the version of the policy that it follows")


def told(event: ReminderIssued) -> Reminder:
    """What of a reminder goes out; whom it is for stays inside where the event hides it."""
    hidden = event.hidden
    return Reminder(
        reason=event.kind,
        audience=Audience.PARTY if "audience" in hidden else Audience(event.audience.value),
        party=None if "party" in hidden else event.party,
        about=event.about,
        step=event.step,
        deadline=event.about if event.about > event.occurred_at else None,
        guidance=None if "guidance" in hidden else _advice(event.guidance),
        provenance=event.provenance,
        policy=event.policy,
    )


def _advice(name: str) -> Advice:
    texts = {language: guidance(name, language) for language in Language}
    return Advice(name=name, text={language: text for language, text in texts.items() if text is not None})
