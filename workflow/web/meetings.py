"""What the meetings of a relationship came to."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.evolve import replay
from workflow.aggregates.meetings import Status
from workflow.errors import NotFound
from workflow.web.asking import Serving
from workflow.web.bodies import Out
from workflow.web.commands import Relationship

router = APIRouter(prefix="/v1", tags=["reads"])


class MeetingOut(Out):
    """What stands of a meeting, by everything that was reported of it."""

    meeting: str = Field(
        description="its calendar UID; for an occurrence of a series with its original start"
    )
    outcome: Status
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None
    evidence: tuple[int, ...] = Field(description="versions of the events that it rests on")


class MeetingsOut(Out):
    """The meetings of a relationship whose start is known, by start."""

    meetings: list[MeetingOut]


@router.get("/relationships/{relationship_id}/meetings", summary="Show what the meetings came to")
async def meetings(relationship: Relationship, service: Serving) -> MeetingsOut:
    """Booked, called off, held, missed or unconfirmed, merged from all reports; read from the log itself."""

    def read() -> MeetingsOut:
        state = replay(relationship, (one.event for one in service.store.stream(relationship, 0)))
        if state is None:
            raise NotFound(f"no relationship {relationship} is known")
        return MeetingsOut(
            meetings=[
                MeetingOut(
                    meeting=one.subject,
                    outcome=one.status,
                    starts_at=one.starts_at,
                    ends_at=one.ends_at,
                    evidence=one.versions,
                )
                for one in state.calendar.meetings()
                if one.starts_at is not None
            ]
        )

    return await run_in_threadpool(read)
