"""The policy that a programme's decisions follow."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.events import PolicyAdopted, ProgrammeOpened
from workflow.aggregates.policy import Policy
from workflow.aggregates.programme import programme_id
from workflow.errors import NotFound
from workflow.web.asking import Serving
from workflow.web.bodies import Out
from workflow.web.problems import PROBLEMS

router = APIRouter(prefix="/v1", tags=["reads"], responses={404: PROBLEMS[404]})


class PolicyOut(Out):
    """The policy in force, and since when."""

    programme: str
    zone: str = Field(description="the programme's time zone, in which calendar months are counted")
    version: int
    adopted_at: AwareDatetime
    policy: Policy


@router.get("/policy", summary="Show the policy in force")
async def policy(
    service: Serving,
    programme: Annotated[
        str | None, Query(max_length=100, description="without it, the programme of this service")
    ] = None,
) -> PolicyOut:
    """Every number that the rules use now, with its version, as the programme adopted it."""
    name = programme or service.settings.programme

    def read() -> PolicyOut:
        events = [one.event for one in service.store.stream(programme_id(name), 0)]
        opened = next((event for event in events if isinstance(event, ProgrammeOpened)), None)
        adopted = next((event for event in reversed(events) if isinstance(event, PolicyAdopted)), None)
        if opened is None or adopted is None:
            raise NotFound("no programme of this name is open", code="programme_unknown")
        return PolicyOut(
            programme=opened.programme,
            zone=opened.zone,
            version=adopted.version,
            adopted_at=adopted.occurred_at,
            policy=adopted.document,
        )

    return await run_in_threadpool(read)
