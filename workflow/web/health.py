"""Whether everything is at work: what has stopped, and what stands still although there is more to do."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.app import Service, others
from workflow.app import troubles as local_troubles
from workflow.consumers.delivery.status import DeliveryStatus
from workflow.consumers.meetings.status import IntakeStatus
from workflow.projections.rows.generations import RunState
from workflow.projections.running.status import Status
from workflow.settings import ClockKind
from workflow.store.faults import of_the_storage
from workflow.web.asking import Serving
from workflow.web.bodies import Out

router = APIRouter(prefix="/v1", tags=["operations"])

STANDS_STILL = 30.0
"""Seconds without a step, with steps to take, after which a mark counts as stuck."""

_ID = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", re.IGNORECASE)


class Watch:
    """Notices a high-water mark that is stuck: growing lag alone does not tell it from a busy day."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._marks: dict[str, tuple[int, float]] = {}

    def stuck(self, name: str, mark: int, lag: int) -> bool:
        """Whether ``mark`` has stayed where it is for long, with ``lag`` before it; asked at every look."""
        now = self._monotonic()
        known, since = self._marks.get(name, (None, now))
        if known != mark or lag == 0:
            self._marks[name] = mark, now
            return False
        return now - since >= STANDS_STILL


class ProjectionHealth(Out):
    """How far one projection is."""

    name: str
    status: RunState
    position: int
    lag: int = Field(description="events recorded and not yet folded")


class IntakeHealth(Out):
    """Whether messages are taken in."""

    state: str
    sequence: int = Field(description="taken in so far, of the broker's stream")
    behind: int | None = Field(
        description="messages that the broker was last seen to hold and that are not taken in; null where it was "
        "not reached yet"
    )


class DeliveryHealth(Out):
    """Whether what is public goes out."""

    state: str
    position: int = Field(
        description="all that is public up to this position of the log is stored by the broker"
    )
    lag: int = Field(description="events recorded behind it, public or not")


class HooksHealth(Out):
    """Whether what providers send is translated."""

    ran_over: int = Field(
        description="translations that took longer than `MENTORING_HOOK_SECONDS`, since the start: of hooks, each of "
        "which is parked, and of parked ones that were tried anew, which stay so"
    )


class Health(Out):
    """Whether everything is at work. It is answered without a token, and holds nothing personal."""

    status: Literal["ok", "degraded"]
    troubles: list[str] = Field(description="what is wrong, in words")
    version: str
    instance: UUID = Field(
        description="which run of the service answers; service.json in its folder tells it too"
    )
    clock: ClockKind
    now: AwareDatetime
    head: int = Field(description="the last position in the log")
    intake: IntakeHealth | None = Field(description="null while the folder is worked on offline")
    delivery: DeliveryHealth | None = Field(description="null while the folder is worked on offline")
    hooks: HooksHealth
    projections: list[ProjectionHealth]


@router.get("/health", summary="Tell whether all is well", responses={503: {"model": Health}})
async def health(request: Request, service: Serving, response: Response) -> Health:
    """Answered with 503 where something has stopped, so that what watches over processes need not read it."""
    found = await look(service, request.app.state.watch, alone=request.app.state.alone)
    if found.troubles:
        response.status_code = 503
    return found


async def look(service: Service, watch: Watch, *, alone: bool = False) -> Health:
    """Whether everything is at work now; what this process does ``alone``, for whoever would start it anew."""
    away: list[str] = []
    try:
        projections = await run_in_threadpool(service.projections.status)
        head = await run_in_threadpool(service.store.head)
    except Exception as error:
        if not service.store.recorder.shared or not of_the_storage(error):
            raise
        away.append("PostgreSQL does not answer; everything goes on by itself once it does")
        projections, head = [], service.writer.head
    elsewhere = others(service)
    intake = service.taking_in.status or elsewhere.intake
    delivery = service.delivering.status or elsewhere.delivery
    lag = 0 if delivery is None else max(0, head - delivery.position)
    troubles = [*away, *(told for _, told in local_troubles(service))]
    if not alone:
        troubles += [_paused(one) for one in projections if one.state is RunState.PAUSED]
        troubles += _stuck(intake, watch, projections)
        troubles += _undelivered(delivery, watch, lag)
        troubles += elsewhere.troubles
    troubles = [_without_ids(one) for one in troubles]
    return Health(
        status="degraded" if troubles else "ok",
        troubles=troubles,
        version=service.version,
        instance=service.instance,
        clock=service.clock_kind,
        now=service.clock.now(),
        head=head,
        intake=IntakeHealth(state=intake.state, sequence=intake.position, behind=intake.behind)
        if intake
        else None,
        delivery=DeliveryHealth(state=delivery.state, position=delivery.position, lag=lag)
        if delivery
        else None,
        hooks=HooksHealth(ran_over=service.translators.ran_over),
        projections=[
            ProjectionHealth(name=one.name, status=one.state, position=one.position, lag=one.lag)
            for one in projections
        ],
    )


def _paused(one: Status) -> str:
    if one.paused_by is not None:  # health is answered without a token: who it was is told to whoever has one
        return (
            f"projection {one.name} was paused by hand (`mentoring projections status` says by whom); "
            f"`mentoring projections resume {one.name}`"
        )
    on = "" if one.failed_at is None else f" on event {one.failed_at}"
    return f"projection {one.name} is paused{on}; `mentoring projections status` says why"


def _stuck(intake: IntakeStatus | None, watch: Watch, projections: Sequence[Status]) -> list[str]:
    troubles = [
        f"projection {one.name} stands still at {one.position}, {one.lag} behind"
        for one in projections
        if one.state is RunState.RUNNING and watch.stuck(one.name, one.position, one.lag)
    ]
    if intake is not None:
        stuck = watch.stuck("intake", intake.position, intake.behind or 0)
        if intake.cause is None and stuck:
            troubles.append(f"intake stands still at {intake.position}, {intake.behind} behind")
    return troubles


def _undelivered(status: DeliveryStatus | None, watch: Watch, lag: int) -> list[str]:
    if status is None:
        return []
    if status.cause is not None:
        return [f"delivery has stopped at {status.position}: {status.cause}"]
    stuck = watch.stuck("delivery", status.position, lag)
    if status.trouble is not None:
        begun = "has not begun" if status.state == "off" else "is in trouble and tries again"
        return [f"delivery {begun}, {lag} behind: {status.trouble}"]
    return [f"delivery stands still at {status.position}, {lag} behind"] if stuck else []


def _without_ids(trouble: str) -> str:
    """Health is answered without a token: whose it was, and of which stream, stands in the log."""
    return _ID.sub("(the log names it)", trouble)
