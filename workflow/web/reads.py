"""What is folded, and a relationship's facts as they were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.events import ConcernCode, DueKind
from workflow.aggregates.moves import Move, State, possible
from workflow.consumers.meetings.members import Instant
from workflow.errors import NotFound
from workflow.guidance import Language, concern_guidance
from workflow.projections import agenda, journey, relationships
from workflow.projections.concerns import why
from workflow.projections.tables import Row
from workflow.store.recorded import Recorded
from workflow.web.asking import FARTHEST, LONGEST_PAGE, After, Serving
from workflow.web.bodies import EventOut, EventsOut, Out
from workflow.web.commands import Relationship
from workflow.web.moves import MovesOut, moves_out

router = APIRouter(prefix="/v1", tags=["reads"])

Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="at most so many")]
In = Annotated[Language, Query(alias="language", description="the language of the guidance")]


class ConcernOut(Out):
    """A reason to look, explained."""

    code: ConcernCode
    why: str = Field(description="the same in words")
    subject: str | None = Field(description="the meeting that it is about, where it is about one")
    since: AwareDatetime
    evidence: tuple[int, ...] = Field(description="versions of the events that it rests on")
    clears: str = Field(description="what would clear it")
    guidance: str | None = Field(description="what may help, in the language asked for")


class RelationshipOut(Out):
    """A relationship as a coordinator needs to see it."""

    id: UUID
    programme: str
    state: State
    mentors: int
    mentees: int
    opened_at: AwareDatetime
    active_since: AwareDatetime | None
    term_ends_at: AwareDatetime | None
    closed_at: AwareDatetime | None
    manner: str | None
    reason: str | None
    suspected_since: AwareDatetime | None
    concerns: tuple[ConcernOut, ...]
    stagnations: int
    stagnations_withdrawn: int
    reinvigorations: int
    reminders_issued: int
    last_reminder_at: AwareDatetime | None


class StayOut(Out):
    """A time spent in one state."""

    state: State
    entered_at: AwareDatetime
    left_at: AwareDatetime | None
    move: Move | None = Field(description="the move that began it")
    declared: bool | None = Field(
        description="of stagnation: whether people declared it or silence showed it"
    )
    withdrawn: bool = Field(description="whether it turned out later that it never was")


class DueOut(Out):
    """Something that the clock will ask."""

    relationship: UUID
    kind: DueKind
    due: AwareDatetime
    effective: AwareDatetime = Field(
        description="when the clock asks: never before the fact behind it was recorded"
    )


class RelationshipWhole(RelationshipOut, MovesOut):
    """A relationship with its journey, its agenda, and what can be done with it."""

    journey: tuple[StayOut, ...]
    agenda: tuple[DueOut, ...]


class RelationshipsOut(Out):
    """A page of relationships, by id."""

    relationships: list[RelationshipOut]
    next: UUID | None = Field(description="give it as `beyond` for the next page; null on the last one")
    states: dict[State, int] = Field(
        description="how many relationships are in each state, all pages together"
    )


class AgendaOut(Out):
    """What is due, soonest first."""

    agenda: list[DueOut]


@router.get("/relationships", response_model=RelationshipsOut, summary="List relationships")
async def listing(
    service: Serving,
    after: After = None,
    state: State | None = None,
    programme: Annotated[str | None, Query(max_length=100)] = None,
    concern: ConcernCode | None = None,
    id_prefix: Annotated[
        str | None,
        Query(
            pattern="^[0-9a-fA-F]{4}[0-9a-fA-F-]{0,32}$",
            description="only those whose id begins so: at least 4 hex digits",
        ),
    ] = None,
    beyond: Annotated[UUID | None, Query(description="the `next` of the page before")] = None,
    language: In = Language.EN,
    limit: Limit = 100,
) -> Any:
    """Relationships with their concerns, in the order of their ids."""

    def query(connection: Connection) -> dict[str, Any]:
        rows = relationships.listing(
            connection,
            state=state,
            programme=programme,
            concern=concern,
            prefix=_as_written(id_prefix or ""),
            after=beyond,
            limit=limit + 1,
        )
        return {
            "relationships": [row_out(row, language) for row in rows[:limit]],
            "next": rows[limit - 1]["id"] if len(rows) > limit else None,
            "states": relationships.count_by_state(connection),
        }

    return await service.read(query, ("relationships",), after)


@router.get(
    "/relationships/{relationship_id}", response_model=RelationshipWhole, summary="Show a relationship"
)
async def show(
    relationship: Relationship, service: Serving, after: After = None, language: In = Language.EN
) -> Any:
    """A relationship's row, the times it spent in each state, and what is due."""

    def query(connection: Connection) -> dict[str, Any]:
        row = relationships.one(connection, relationship)
        if row is None:
            raise NotFound(f"no relationship {relationship} is known")
        return {
            **row_out(row, language),
            "journey": journey.stays(connection, relationship),
            "agenda": [due._asdict() for due in agenda.listing(connection, relationship=relationship)],
            **moves_out(possible(State(row["state"]))),
        }

    return await service.read(query, ("relationships", "journey", "agenda"), after)


@router.get("/relationships/{relationship_id}/timeline", summary="Show what happened")
async def timeline(
    relationship: Relationship,
    service: Serving,
    beyond: Annotated[int, Query(ge=0, le=FARTHEST, description="only events beyond this version")] = 0,
) -> EventsOut:
    """Everything recorded of a relationship, in order; read from the log itself, so always current."""

    def read() -> EventsOut:
        found = service.store.stream(relationship, beyond)
        if not found and not service.store.stream(relationship, 0):
            raise NotFound(f"no relationship {relationship} is known")
        head = service.store.head()
        return EventsOut(
            events=[event_out(one) for one in found],
            position=found[-1].position if found else head,
            head=head,
        )

    return await run_in_threadpool(read)


@router.get("/events", summary="Read the log")
async def log(
    service: Serving,
    beyond: Annotated[int, Query(ge=0, le=FARTHEST, description="only events beyond this position")] = 0,
    limit: Limit = 500,
) -> EventsOut:
    """The whole log in order, page by page. What is sealed reads `sealed`."""

    def read() -> EventsOut:
        found = service.store.read(beyond, limit)
        return EventsOut(
            events=[event_out(one) for one in found],
            position=found[-1].position if found else beyond,
            head=service.store.head(),
        )

    return await run_in_threadpool(read)


@router.get("/agenda", response_model=AgendaOut, summary="Show what is due")
async def due(
    service: Serving,
    after: After = None,
    until: Annotated[Instant | None, Query(description="only what is due at this instant or before")] = None,
    limit: Limit = 100,
) -> Any:
    """What the clock will ask, soonest first."""

    def query(connection: Connection) -> Sequence[agenda.Due]:
        if until is not None:
            return agenda.due_until(connection, until, limit)
        return agenda.listing(connection, limit=limit)

    found = await service.read(query, ("agenda",), after)
    return {"agenda": [due._asdict() for due in found]}


def row_out(row: Row, language: Language) -> Row:
    """A relationship's row with its concerns in words, and what may help with each."""
    concerns = [
        {
            **one,
            "why": why(one["code"]),
            "guidance": concern_guidance(one["code"], row["state"], language),
        }
        for one in row["concerns"]
    ]
    return {**row, "concerns": concerns}


def _as_written(prefix: str) -> str:
    """How an id begins, with its hyphens where ids have them."""
    digits = prefix.replace("-", "").lower()
    parts = (digits[start:end] for start, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, None)))
    return "-".join(part for part in parts if part)


def event_out(recorded: Recorded) -> EventOut:
    """An event as it may be shown: sealed members read `sealed`, and those that it hides `confidential`."""
    members = recorded.event.model_dump(mode="json")
    members |= dict.fromkeys(recorded.event.hidden & members.keys(), "confidential")
    return EventOut(
        position=recorded.position,
        stream=recorded.stream,
        version=recorded.version,
        name=recorded.event.name,
        recorded_at=recorded.metadata.recorded_at,
        event=members,
        metadata=recorded.metadata.model_dump(mode="json"),
    )
