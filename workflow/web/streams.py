"""One stream as it is stored: a relationship's or a programme's events, with where each came from."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.events import Provenance
from workflow.errors import NotFound
from workflow.store.recorded import Recorded
from workflow.web.asking import FARTHEST, Serving
from workflow.web.bodies import Out
from workflow.web.reads import Limit, event_out

router = APIRouter(prefix="/v1/streams", tags=["operations"])


class StoredOut(Out):
    """An event as it is stored. What is sealed reads `sealed`, what nobody is shown `confidential`."""

    version: int
    position: int
    recorded_at: AwareDatetime
    occurred_at: AwareDatetime
    name: str = Field(description="the name under which it is stored, which may be an older one")
    by: UUID | None = Field(description="the person who said it; null where nobody did")
    provenance: Provenance = Field(description="how it is known")
    source: str | None = Field(description="the source of the message that caused it; null where none did")
    message: str | None = Field(description="that message's id")
    asked_at: AwareDatetime | None = Field(description="as of when the clock asked, where it did")
    policy: int | None = Field(description="the version of the policy that it was decided by")
    event: dict[str, Any] = Field(description="all of its members")
    metadata: dict[str, Any] = Field(description="all that is known about its recording")


class StreamOut(Out):
    """A page of one stream, in order."""

    stream: UUID
    events: list[StoredOut]
    next: int | None = Field(description="give it as `beyond` for the next page; null on the last one")


@router.get("/{stream_id}", summary="Show a stream as it is stored")
async def show(
    stream: Annotated[UUID, Path(alias="stream_id", description="the id of a relationship or a programme")],
    service: Serving,
    beyond: Annotated[int, Query(ge=0, le=FARTHEST, description="only events beyond this version")] = 0,
    limit: Limit = 500,
) -> StreamOut:
    """Each event with its place, who said it, how it is known and what caused it."""

    def read() -> StreamOut:
        found = service.store.stream(stream, beyond, limit + 1)
        if not found and not service.store.stream(stream, 0, 1):
            raise NotFound(f"nothing is kept under {stream}")
        return StreamOut(
            stream=stream,
            events=[_out(one) for one in found[:limit]],
            next=found[limit - 1].version if len(found) > limit else None,
        )

    return await run_in_threadpool(read)


def _out(recorded: Recorded) -> StoredOut:
    shown = event_out(recorded)
    event, metadata = recorded.event, recorded.metadata
    return StoredOut(
        version=recorded.version,
        position=recorded.position,
        recorded_at=metadata.recorded_at,
        occurred_at=event.occurred_at,
        name=recorded.stored_as or event.name,
        by=None if "by" in event.hidden else event.by,
        provenance=event.provenance,
        source=metadata.source,
        message=metadata.causation_id,
        asked_at=metadata.asked_at,
        policy=event.policy,
        event=shown.event,
        metadata=shown.metadata,
    )
