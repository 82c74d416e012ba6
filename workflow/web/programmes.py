"""A programme: how it stands, and its end."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.programme import programme_id, replay_programme
from workflow.consumers.requests.once import Answer
from workflow.errors import NotFound
from workflow.store.rounds import Purpose
from workflow.store.transaction import Transaction
from workflow.web.asking import By, Serving
from workflow.web.bodies import Operated, Out, example
from workflow.web.policies import Programme
from workflow.web.problems import PROBLEMS

router = APIRouter(prefix="/v1", responses={404: PROBLEMS[404]})


class ProgrammeOut(Out):
    """How a programme stands."""

    programme: str
    zone: str = Field(description="the time zone in which calendar months are counted")
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    policy: int = Field(description="the version of the policy in force")
    under_way: tuple[Purpose, ...] = Field(
        description="what its relationships are being asked, page by page: to `close` with it, or to `redate` "
        "what is due by another policy"
    )


class ProgrammeEnded(Operated):
    """A programme has ended."""

    model_config = example(
        position=41,
        by="coordinator 0f3c9f0e-6a34-4c55-a6bb-5d6d4bcb6b4e",
        programme="default",
        closed_at="2026-06-30T12:00:00Z",
    )

    programme: str
    closed_at: AwareDatetime


@router.get("/programme", tags=["reads"], summary="Show a programme")
async def show(service: Serving, programme: Programme = None) -> ProgrammeOut:
    """Since when it is open or closed, and whether all of its relationships have followed."""
    name = programme or service.settings.programme

    def read() -> ProgrammeOut:
        state = replay_programme([one.event for one in service.store.stream(programme_id(name), 0)])
        if state is None or state.in_force is None or state.opened_at is None:
            raise NotFound("there is no programme of this name", code="programme_unknown")
        with service.store.ledger() as ledger:
            under_way = tuple(round.purpose for round in ledger.rounds.under_way(name))
        return ProgrammeOut(
            programme=state.name,
            zone=state.zone,
            opened_at=state.opened_at,
            closed_at=state.closed_at,
            policy=state.in_force.version,
            under_way=under_way,
        )

    return await run_in_threadpool(read)


@router.post(
    "/programme/closure",
    tags=["operations"],
    status_code=201,
    response_model=ProgrammeEnded,
    responses={409: PROBLEMS[409]},
    summary="Close a programme",
)
async def close(by: By, programme: Programme = None) -> Answer:
    """For good. Nothing is opened in it any more, and its relationships are closed, page by page.

    `GET /v1/programme` tells whether that is still under way. A coordinator closes it, or whoever operates the service.
    """
    name = programme or by.service.settings.programme

    def work(tx: Transaction) -> Answer:
        closed_at = tx.close_programme(name, by.asked.origin, actor=by.actor).closed_at
        assert closed_at is not None
        return {"programme": name, "closed_at": closed_at.isoformat()}

    return await by.operate("programme closed", by.once(work))
