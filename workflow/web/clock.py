"""The simulated clock, moved by hand."""

from __future__ import annotations

from fastapi import APIRouter

from workflow.consumers.requests.once import Answer
from workflow.web.asking import By
from workflow.web.bodies import ClockIn, ClockOut
from workflow.web.problems import PROBLEMS

router = APIRouter(prefix="/v1", tags=["operations"], responses={409: PROBLEMS[409]})


@router.post("/clock", response_model=ClockOut, summary="Move the simulated clock")
async def move_clock(body: ClockIn, by: By) -> Answer:
    """Forward only. Every due on the way is asked at its own instant, and folded, before this is answered."""
    service = by.service

    async def work() -> Answer:
        await service.upkeep.move_clock(body.to)
        return {"now": service.clock.now().isoformat()}

    return await by.operate(f"clock moved to {body.to.isoformat()}", by.lasting(work))
