"""What became of what was reported: of each message, and of each meeting."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.evolve import replay
from workflow.aggregates.meetings import Status
from workflow.errors import NotFound
from workflow.store.receipts import Disposition
from workflow.web.asking import FARTHEST, Serving
from workflow.web.bodies import Out
from workflow.web.commands import Relationship
from workflow.web.problems import PROBLEMS

router = APIRouter(
    prefix="/v1", tags=["reads"], responses={status: PROBLEMS[status] for status in (401, 404, 422)}
)


class ReceiptOut(Out):
    """What became of one message."""

    sequence: int = Field(description="the message's sequence in the broker's stream")
    disposition: Disposition


class ReceiptsOut(Out):
    """A page of receipts of one of the broker's streams, in order."""

    upstream: str | None = Field(description="the stream; null where nothing was ever received")
    receipts: list[ReceiptOut]


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


@router.get("/intake/receipts", summary="Tell what became of each message")
async def receipts(
    service: Serving,
    beyond: Annotated[int, Query(ge=0, le=FARTHEST, description="only messages beyond this sequence")] = 0,
    upstream: Annotated[
        str | None, Query(max_length=200, description="without it, the stream met last")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=5000, description="at most so many")] = 1000,
) -> ReceiptsOut:
    """One receipt a message, for ever. A message is named by its sequence: nobody's words stand in a receipt."""

    def read() -> ReceiptsOut:
        with service.store.ledger() as ledger:
            name = upstream or next(reversed(ledger.receipts.upstreams()), None)
            found = [] if name is None else ledger.receipts.page(name, beyond, limit)
        return ReceiptsOut(
            upstream=name,
            receipts=[ReceiptOut(sequence=one.seq, disposition=one.disposition) for one in found],
        )

    return await run_in_threadpool(read)


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
