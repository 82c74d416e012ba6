"""How the projections stand; folding them anew, and proving that they are what the events say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from workflow.app import Service
from workflow.consumers.requests.once import Answer
from workflow.errors import Conflict
from workflow.projections.running.verify import Verified as Compared
from workflow.threads import Waited, while_wanted
from workflow.web.actor import named, operating
from workflow.web.asking import After, Asking, By, Serving
from workflow.web.bodies import Operated, Out
from workflow.web.problems import PROBLEMS

router = APIRouter(prefix="/v1", tags=["operations"])

_OPERATED = [Depends(operating)]
"""For the role `service` alone: others act in relationships, and not upon the service."""

Name = Annotated[str, Path(description="the projection's name", max_length=100)]


class ProjectionOut(Out):
    """How one projection stands."""

    name: str
    status: Literal["running", "paused"]
    position: int
    lag: int = Field(description="events recorded and not yet folded")
    generation: int
    cause: str | None = Field(description="why it is paused")
    failed_at: int | None = Field(description="the position of the event that it stopped on")
    paused_by: str | None = Field(
        description="who had it paused; null where it runs, and where a failure did"
    )
    rebuilding: int | None = Field(description="how far a rebuild has come, where one is under way")
    row: str = Field(description="what a row of it is")
    answers: str = Field(description="what it is asked")


class ProjectionsOut(Out):
    """How all projections stand."""

    head: int = Field(description="the last position in the log")
    verifying: int | None = Field(description="how far a comparison has come, where one is under way")
    projections: list[ProjectionOut]


class Rebuilt(ProjectionsOut, Operated):
    """How all projections stand after some were folded anew."""


class Halted(ProjectionsOut, Operated):
    """How all projections stand after one was paused or resumed."""


class Verified(Operated):
    """What folding everything anew came to."""

    equal: bool
    rows: int
    hash: str = Field(description="of the canonical rows: what happened, not when we learned of it")
    folded_hash: str
    positions: dict[str, int]
    differing: dict[str, int] = Field(description="rows that differ, by projection")
    differences: list[str] = Field(description="the first of them")


@router.get("/projections", summary="Tell how the projections stand")
async def projections(service: Serving) -> ProjectionsOut:
    """A paused projection says on which event, and why."""
    return await run_in_threadpool(_projections, service)


@router.post(
    "/projections/rebuild",
    status_code=200,
    response_model=Rebuilt,
    responses={status: PROBLEMS[status] for status in (404, 409)},
    summary="Fold projections anew",
    dependencies=_OPERATED,
)
async def rebuild(
    by: By,
    name: Annotated[str | None, Query(description="without it, every one", max_length=100)] = None,
) -> Answer:
    """Into the next generation, while the present one serves; then the new one takes its place."""
    service = by.service

    async def work() -> Answer:
        rebuilt = await asyncio.wrap_future(service.projections.rebuild(None if name is None else (name,)))
        for one in rebuilt:
            if one.failure is not None:
                raise Conflict(f"{one.name} cannot be folded: {one.failure}", code="fold_failed")
        return (await run_in_threadpool(_projections, service)).model_dump(mode="json")

    return await by.operate(f"projections folded anew: {name or 'all'}", by.lasting(work))


@router.post(
    "/projections/{name}/pause",
    response_model=Halted,
    responses={409: PROBLEMS[409]},
    summary="Pause a projection",
    dependencies=_OPERATED,
)
async def pause(name: Name, by: By) -> Answer:
    """It folds nothing more, also after a restart, until it is resumed or rebuilt; what it has is still read."""
    return await _halt(
        by, f"projection {name} paused", lambda: by.service.projections.pause(name, named(by.actor))
    )


@router.post(
    "/projections/{name}/resume",
    response_model=Halted,
    responses={409: PROBLEMS[409]},
    summary="Resume a projection",
    dependencies=_OPERATED,
)
async def resume(name: Name, by: By) -> Answer:
    """It goes on behind what it has. One that a failure paused is to be rebuilt instead, and refused here."""
    return await _halt(by, f"projection {name} resumed", lambda: by.service.projections.resume(name))


async def _halt(by: Asking, what: str, ask: Callable[[], Future[None]]) -> Answer:
    async def work() -> Answer:
        await asyncio.wrap_future(ask())
        return (await run_in_threadpool(_projections, by.service)).model_dump(mode="json")

    return await by.operate(what, by.lasting(work))


@router.post(
    "/verify",
    response_model=Verified,
    responses={409: PROBLEMS[409]},
    summary="Prove that the projections are what the events say",
    dependencies=_OPERATED,
)
async def verify(by: By, after: After = None) -> Answer:
    """Folds all anew beside the rows that serve, up to the same position, and compares."""
    service = by.service

    async def work() -> Answer:
        await service.folded((), after)
        found = await _compared(service)
        return {
            "equal": found.equal,
            "rows": found.rows,
            "hash": found.hash,
            "folded_hash": found.folded_hash,
            "positions": dict(found.positions),
            "differing": dict(found.differing),
            "differences": [
                f"{one.projection} {one.key}: {'missing' if one.live is None else 'kept'} "
                f"where the events say {'nothing' if one.folded is None else 'otherwise'}"
                for one in found.differences
            ],
        }

    return await by.operate("everything folded anew and compared", by.lasting(work))


async def _compared(service: Service) -> Compared:
    """The comparison; it ends when nobody waits for it any more."""

    def compare(waited: Waited) -> Compared:
        def heed(position: int) -> None:
            service.verifying = position
            waited.go_on()

        return service.verify(heed)

    try:
        return await while_wanted(compare)
    finally:
        service.verifying = None


def _projections(service: Service) -> ProjectionsOut:
    said = {projection.name: projection for projection in service.views.projections}
    found = [
        ProjectionOut(
            name=one.name,
            status=one.state.value,
            position=one.position,
            lag=one.lag,
            generation=one.generation,
            cause=one.cause,
            failed_at=one.failed_at,
            paused_by=one.paused_by,
            rebuilding=one.rebuilding,
            row=said[one.name].row,
            answers=said[one.name].answers,
        )
        for one in service.projections.status()
    ]
    return ProjectionsOut(head=service.store.head(), verifying=service.verifying, projections=found)
