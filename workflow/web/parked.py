"""Messages that could not be applied. What they say is never shown here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.app import Service
from workflow.consumers.hooks.retrying import retry as retry_hook
from workflow.consumers.hooks.stored import StoredHook, find
from workflow.consumers.meetings import parked
from workflow.consumers.meetings.reasons import WAITING, explain
from workflow.consumers.requests.once import Answer, Work
from workflow.errors import NotFound
from workflow.store.held import Outline
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction
from workflow.web.asking import FARTHEST, LONGEST_PAGE, By, Serving
from workflow.web.bodies import Operated, Out
from workflow.web.problems import PROBLEMS

router = APIRouter(prefix="/v1/parked", tags=["operations"])

Number = Annotated[int, Path(ge=1, le=FARTHEST, description="the number that it is parked under")]


class HeldOut(Out):
    """A message laid aside, without what it says."""

    number: int
    source: str | None = Field(description="the source that it names; null where that cannot be read")
    type: str | None = Field(description="the type that it names; null where that cannot be read")
    reason: str
    why: str = Field(description="the same in words")
    arrived_at: AwareDatetime
    upstream: str = Field(description="the broker's stream that it came by")
    sequence: int = Field(description="its sequence in that stream")
    bytes: int | None = Field(description="its length; null where the key to it was destroyed")


class ParkedOut(HeldOut):
    """A parked message, without what it says."""


class ParkedList(Out):
    """A page of parked messages, in order of arrival."""

    parked: list[ParkedOut]
    next: int | None = Field(description="give it as `beyond` for the next page; null on the last one")
    total: int = Field(description="how many are parked, all pages together")


class Resolved(Operated):
    """What became of a parked message."""

    number: int
    disposition: Disposition
    reason: str | None = Field(description="why it stays parked, or waits")
    why: str | None = Field(description="the same in words")


@router.get("", summary="List parked messages")
async def listing(
    service: Serving,
    beyond: Annotated[int, Query(ge=0, le=FARTHEST, description="the `next` of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 100,
) -> ParkedList:
    """Each with its reason; what it says is kept encrypted."""

    def read() -> ParkedList:
        with service.store.ledger() as ledger:
            found = ledger.parked.outlines(beyond, limit + 1)
            total = len(ledger.parked)
        return ParkedList(
            parked=[_out(kept) for kept in found[:limit]],
            next=found[limit - 1].id if len(found) > limit else None,
            total=total,
        )

    return await run_in_threadpool(read)


@router.get("/{number}", summary="Show a parked message")
async def show(number: Number, service: Serving) -> ParkedOut:
    """Where it came from and why it was parked."""

    def read() -> ParkedOut:
        with service.store.ledger() as ledger:
            kept = ledger.parked.outline(number)
        if kept is None:
            raise NotFound(f"nothing is parked under number {number}")
        return _out(kept)

    return await run_in_threadpool(read)


@router.post(
    "/{number}/retry",
    response_model=Resolved,
    responses={409: PROBLEMS[409]},
    summary="Take a parked message in again",
)
async def retry(number: Number, by: By) -> Answer:
    """As if it had just arrived; it may be applied, wait, or stay parked.

    What came by a hook is translated anew. What it tells then goes by the broker, under sequences of its own.
    """
    what = f"parked message {number} tried again"
    kept = await run_in_threadpool(_from_a_hook, by.service, number)
    if kept is not None:
        return await by.operate(what, by.lasting(lambda: _translate_anew(by.service, number, kept)), _became)
    work = _work(number, lambda tx: parked.retry(tx, by.service.resolver, number))
    return await by.operate(what, by.once(work), _became)


@router.post("/{number}/drop", response_model=Resolved, summary="Give a parked message up")
async def drop(number: Number, by: By) -> Answer:
    """Its receipt stays for ever and says *dropped*; its body is removed."""
    work = _work(number, lambda tx: parked.drop(tx, number))
    return await by.operate(f"parked message {number} dropped", by.once(work))


def _from_a_hook(service: Service, number: int) -> StoredHook | None:
    with service.store.ledger() as ledger:
        return find(ledger, number)


async def _translate_anew(service: Service, number: int, kept: StoredHook) -> Answer:
    submit = partial(service.writer.submit, urgent=True)
    return _resolved(number, await retry_hook(service.hooks, service.publisher, submit, number, kept))


def _work(number: int, resolve: Callable[[Transaction], parked.Retried]) -> Work:
    def work(tx: Transaction) -> Answer:
        return _resolved(number, resolve(tx))

    return work


def _resolved(number: int, became: parked.Retried) -> Answer:
    return {
        "number": number,
        "disposition": became.disposition.value,
        "reason": became.reason,
        "why": _why(became),
    }


def _became(answer: Answer) -> str:
    reason = f" ({answer['reason']})" if answer["reason"] else ""
    return (
        f": {'still ' if answer['disposition'] == Disposition.PARKED else ''}{answer['disposition']}{reason}"
    )


def _why(became: parked.Retried) -> str | None:
    if became.reason is None:
        return None
    return WAITING[became.reason] if became.disposition is Disposition.WAITING else explain(became.reason)


def _out(kept: Outline) -> ParkedOut:
    return ParkedOut(
        number=kept.id,
        source=kept.source,
        type=kept.type,
        reason=kept.reason,
        why=explain(kept.reason),
        arrived_at=kept.arrived_at,
        upstream=kept.upstream,
        sequence=kept.seq,
        bytes=kept.bytes,
    )
