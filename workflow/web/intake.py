"""What became of the messages: counted, and one by one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from workflow.app import others
from workflow.consumers.meetings.envelope import whole
from workflow.store.receipts import Disposition
from workflow.web.asking import FARTHEST, Serving
from workflow.web.bodies import Out

router = APIRouter(prefix="/v1/intake", tags=["operations"])


class UpstreamOut(Out):
    """How far one upstream was taken in."""

    name: str
    sequence: int


class IntakeOut(Out):
    """What became of every message received."""

    received: int = Field(description="always the sum of what follows")
    applied: int
    duplicate: int
    stale: int
    waiting: int
    parked: int
    dropped: int = Field(description="given up by an operator")
    members_dropped: int = Field(description="members of messages that are not kept, such as titles")
    position: int = Field(description="a position in the log by which all this is recorded")
    upstreams: list[UpstreamOut] = Field(description="how far each of the broker's streams was taken in")
    state: str | None = Field(description="whether messages are taken in; null while nothing is, offline")
    behind: int | None = Field(
        description="messages that the broker was last seen to hold and that are not taken in; null where it was "
        "not reached yet, and offline"
    )


class ReceiptOut(Out):
    """What became of one message."""

    sequence: int = Field(description="the message's sequence in the broker's stream")
    disposition: Disposition
    reason: str | None = Field(description="why it waits or is parked; null where neither")
    type: str | None = Field(
        description="the message's type; null where it is none of ours, could not be read, or came before this was kept"
    )
    relationship: UUID | None = Field(
        description="whose it is, or which it names; null where neither is known, or it came before this was kept"
    )


class ReceiptsOut(Out):
    """A page of receipts of one of the broker's streams, in order."""

    upstream: str | None = Field(description="the stream; null where nothing was ever received")
    sequence: int = Field(
        description="how far the stream was taken in: what lies beyond it has no receipt yet"
    )
    receipts: list[ReceiptOut]


@router.get("", summary="Count what became of the messages")
async def intake(service: Serving) -> IntakeOut:
    """Received is always the sum of applied, duplicate, stale, waiting, parked and dropped."""

    def read() -> IntakeOut:
        with service.store.ledger() as ledger:
            counts = {disposition.value: number for disposition, number in ledger.receipts.counts().items()}
            upstreams = ledger.receipts.upstreams()
            members_dropped = ledger.receipts.counted("members_dropped")
        status = service.taking_in.status or others(service).intake
        return IntakeOut(
            received=sum(counts.values()),
            **counts,
            members_dropped=members_dropped,
            # Read after the counts, so that whoever waits for it has waited for all that was counted.
            position=service.store.head(),
            upstreams=[UpstreamOut(name=name, sequence=sequence) for name, sequence in upstreams.items()],
            state=None if status is None else status.state,
            behind=None if status is None else status.behind,
        )

    return await run_in_threadpool(read)


@router.get("/receipts", summary="Tell what became of each message")
async def receipts(
    service: Serving,
    beyond: Annotated[int, Query(ge=0, le=FARTHEST, description="only messages beyond this sequence")] = 0,
    upstream: Annotated[
        str | None, Query(max_length=200, description="without it, the stream met last")
    ] = None,
    only: Annotated[
        list[Disposition] | None,
        Query(description="only messages that came to this; may be given more than once"),
    ] = None,
    last: Annotated[
        int | None, Query(ge=0, le=5000, description="the last so many, instead of those beyond a sequence")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=5000, description="at most so many")] = 1000,
) -> ReceiptsOut:
    """One receipt a message, for ever. A message is named by its sequence: nobody's words stand in a receipt."""

    def read() -> ReceiptsOut:
        with service.store.ledger() as ledger:
            name = upstream or next(reversed(ledger.receipts.upstreams()), None)
            wanted = only or list(Disposition)
            if name is None:
                found = []
            elif last is None:
                found = ledger.receipts.page(name, beyond, limit, wanted)
            else:
                found = ledger.receipts.last(name, last, wanted)
            reached = 0 if name is None else ledger.receipts.position(name)
        return ReceiptsOut(
            upstream=name,
            sequence=reached,
            receipts=[
                ReceiptOut(
                    sequence=one.seq,
                    disposition=one.disposition,
                    reason=one.reason,
                    type=None if one.kind is None else whole(one.kind),
                    relationship=one.relationship,
                )
                for one in found
            ],
        )

    return await run_in_threadpool(read)
