"""What comes in by HTTP and what is answered, typed. Unknown members are refused, so that typos are seen."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from workflow.aggregates.events import ClosureManner, ClosureReason, Role, Visibility
from workflow.aggregates.moves import State
from workflow.consumers.meetings.members import Instant

ADA = "0f3c9f0e-6a34-4c55-a6bb-5d6d4bcb6b4e"
GRACE = "7f0b1d6c-2a51-4c0e-9a57-3f2f0a4be1a9"
ANOTHER = "2d4f6a1e-9c3b-4a76-8f52-b0c1d2e3f405"
MEASURE = "c1b7a9de-58f4-4d5b-8a39-0f6a1f0f2d11"
DONE: dict[str, Any] = {
    "position": 41,
    "relationship_id": "8b0f2c0e-6a34-4c55-a6bb-5d6d4bcb6b4e",
    "state": "active",
    "version": 7,
}
"""People, and what was done, in the examples of the OpenAPI document."""


def example(**members: Any) -> ConfigDict:
    """An example of a body, for the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": [members]})


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Identity = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=320)]


class In(BaseModel):
    """A request's body."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class PartyIn(In):
    """Somebody to be brought into a relationship."""

    role: Role = Field(description="`mentor` or `mentee`")
    identities: tuple[Identity, ...] = Field(
        (),
        max_length=10,
        description="how other services know the person, such as `email:ada@example.org`; kept encrypted. "
        "One that is already known means that same person",
        examples=[["email:ada@example.org", "ext:portal:4711"]],
    )
    person_id: UUID | None = Field(None, description="the person's opaque id, where the client chooses it")


class OpenIn(In):
    """A relationship to open."""

    model_config = example(
        parties=[
            {"role": "mentor", "identities": ["email:ada@example.org"]},
            {"role": "mentee", "identities": ["email:grace@example.org", "ext:portal:4711"]},
        ]
    )

    relationship_id: UUID | None = Field(
        None, description="the relationship's id, where the client chooses it"
    )
    programme: str | None = Field(
        None, max_length=100, description="without it, the programme of this service"
    )
    parties: tuple[PartyIn, ...] = Field(min_length=2, max_length=20)
    continues: UUID | None = Field(
        None,
        description="the relationship before this one, where a mentor was replaced or a closing was mistaken",
    )


class TopicIn(In):
    """Something to talk about, and whom it may be shared with. The title is kept encrypted."""

    topic_id: UUID | None = Field(
        None, description="the topic's id: of one agreed on before, or where the client chooses it"
    )
    title: Text
    visibility: Visibility


class VisibilityIn(In):
    """Whom a topic may be shared with from now on."""

    model_config = example(visibility="pair_only")

    visibility: Visibility


class AgreementIn(In):
    """A version of the agreement; what is left out follows the policy."""

    model_config = example(
        cadence_days=14,
        duration_months=6,
        topics=[{"title": "finding a first post", "visibility": "pair_only"}],
    )

    cadence_days: float | None = Field(
        None, ge=1, le=3660, allow_inf_nan=False, description="days between meetings"
    )
    duration_months: int | None = Field(None, ge=1, le=120, description="calendar months")
    topics: tuple[TopicIn, ...] = Field((), max_length=50)


class MeasureIn(In):
    """Something concrete that somebody will do. ``what`` is kept encrypted."""

    measure_id: UUID | None = Field(None, description="the measure's id, where the client chooses it")
    what: Text
    who: UUID = Field(description="the party that will do it")
    by_when: Instant


class FreshLookIn(In):
    """What the pair saw from its new perspective, kept encrypted, and the measures that it wrote down."""

    model_config = example(
        perspective="we only ever talked about papers",
        measures=[
            {"what": "visit the laboratory", "who": GRACE, "by_when": "2026-03-01T12:00:00Z"},
            {"what": "ask around for a summer post", "who": ADA, "by_when": "2026-03-15T12:00:00Z"},
        ],
    )

    perspective: Text | None = None
    measures: tuple[MeasureIn, ...] = Field(min_length=1, max_length=20)


class ClosureIn(In):
    """How and why a relationship ends."""

    model_config = example(manner="planned_held", reason="goals_met")

    manner: ClosureManner
    reason: ClosureReason


class ClockIn(In):
    """Where a simulated clock is to be moved."""

    model_config = example(to="2026-03-01T00:00:00Z")

    to: Instant


class Out(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Placed(Out):
    """An answer to a write."""

    position: int = Field(description="the position in the log; `?after=` of a read waits until it is folded")


class Operated(Placed):
    """An answer to what an operator had done."""

    by: str = Field(description="who had it done: the role and the person")


class Done(Placed):
    """A command was carried out."""

    model_config = example(**DONE)

    relationship_id: UUID
    state: State = Field(description="the state after the command")
    version: int = Field(description="the version of the relationship's stream after the command")


class PartyOut(Out):
    """Somebody of a relationship."""

    role: Role
    person_id: UUID


class Opened(Done):
    """A relationship was opened."""

    model_config = example(
        **DONE | {"state": "onboarding", "version": 1},
        parties=[{"role": "mentor", "person_id": ADA}, {"role": "mentee", "person_id": GRACE}],
    )

    parties: tuple[PartyOut, ...]


class Drafted(Done):
    """A version of the agreement was drafted."""

    model_config = example(
        **DONE | {"state": "agreement", "version": 4}, agreement_version=1, topics=[ANOTHER]
    )

    agreement_version: int
    topics: tuple[UUID, ...] = Field(description="the topics' ids, in the order given")


class LookHeld(Done):
    """A fresh look was held."""

    model_config = example(**DONE, measures=[MEASURE, ANOTHER])

    measures: tuple[UUID, ...] = Field(description="the measures' ids, in the order given")


class ClockOut(Operated):
    """What the simulated clock shows; everything due until then was asked."""

    now: AwareDatetime


class EventOut(Out):
    """Something that happened. What is sealed reads `sealed`, what nobody is shown `confidential`."""

    position: int
    stream: UUID
    version: int
    name: str
    recorded_at: AwareDatetime
    event: dict[str, Any]
    metadata: dict[str, Any]


class EventsOut(Out):
    """A page of events."""

    events: list[EventOut]
    position: int = Field(description="the position read up to; the next page comes after it")
    head: int = Field(description="the last position in the log")


class Published(Out):
    """The broker has stored the events."""

    model_config = example(stored=2, sequences=[41, 42])

    stored: int
    sequences: list[int] = Field(
        description="the events' sequences in the broker's stream, in the order given"
    )
