"""Messages that came before what they are about. What they say, and whom they name, is never shown here."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.consumers.meetings.reasons import WAITING
from workflow.consumers.meetings.waiting import LONGEST_WAIT
from workflow.errors import NotFound
from workflow.store.held import Outline
from workflow.web.asking import FARTHEST, LONGEST_PAGE, Serving
from workflow.web.bodies import Out
from workflow.web.parked import HeldOut

router = APIRouter(prefix="/v1/waiting", tags=["operations"])


class Awaited(StrEnum):
    """What kind of thing a message waits for; any of them ends the wait."""

    UID = "uid"
    """That a relationship comes to hold its calendar entry."""
    IDENTITY = "identity"
    """That a relationship is opened with somebody whom it names."""
    RELATIONSHIP = "relationship"
    """That the relationship which it names is opened."""


class WaitingOut(HeldOut):
    """A waiting message, without what it says."""

    waits_for: list[Awaited] = Field(description="kinds of things, any of which ends the wait")
    until: AwareDatetime = Field(description="when it is parked, if nothing of that has come about")


class WaitingList(Out):
    """A page of waiting messages, in order of arrival."""

    waiting: list[WaitingOut]
    next: int | None = Field(description="give it as `beyond` for the next page; null on the last one")
    total: int = Field(description="how many wait, all pages together")


@router.get("", summary="List waiting messages")
async def listing(
    service: Serving,
    beyond: Annotated[int, Query(ge=0, le=FARTHEST, description="the `next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 100,
) -> WaitingList:
    """For what kind of thing each waits (`uid`, `identity`, `relationship`), since when, and until when at most."""

    def read() -> WaitingList:
        with service.store.ledger() as ledger:
            found = ledger.waiting.outlines(beyond, limit + 1)
            awaited = ledger.waiting.awaited(kept.id for kept in found[:limit])
            total = len(ledger.waiting)
        return WaitingList(
            waiting=[_out(kept, awaited[kept.id]) for kept in found[:limit]],
            next=found[limit - 1].id if len(found) > limit else None,
            total=total,
        )

    return await run_in_threadpool(read)


@router.get("/{number}", summary="Show a waiting message")
async def show(
    number: Annotated[int, Path(ge=1, le=FARTHEST, description="the number that it waits under")],
    service: Serving,
) -> WaitingOut:
    """Where it came from, for what kind of thing it waits, and until when at most."""

    def read() -> WaitingOut:
        with service.store.ledger() as ledger:
            kept = ledger.waiting.outline(number)
            awaited = ledger.waiting.awaited([number])
        if kept is None:
            raise NotFound(f"nothing waits under number {number}")
        return _out(kept, awaited[number])

    return await run_in_threadpool(read)


def _out(kept: Outline, awaited: Iterable[str]) -> WaitingOut:
    return WaitingOut(
        number=kept.id,
        source=kept.source,
        type=kept.type,
        reason=kept.reason,
        why=WAITING.get(kept.reason, kept.reason),
        arrived_at=kept.arrived_at,
        upstream=kept.upstream,
        sequence=kept.seq,
        bytes=kept.bytes,
        # The first word tells the kind; what follows it may be a person, and stays here.
        waits_for=sorted({Awaited(key.split(" ", 1)[0]) for key in awaited}),
        until=kept.arrived_at + LONGEST_WAIT,
    )
