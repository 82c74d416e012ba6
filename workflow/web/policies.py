"""The policy that a programme's decisions follow, and the adoption of another one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.events import PolicyAdopted, ProgrammeOpened
from workflow.aggregates.policy import Policy
from workflow.aggregates.policy_changes import changes
from workflow.aggregates.programme import programme_id
from workflow.consumers.requests.once import Answer
from workflow.errors import NotFound
from workflow.store.transaction import Transaction
from workflow.web.asking import By, Serving
from workflow.web.bodies import Operated, Out, example
from workflow.web.problems import PROBLEMS

router = APIRouter(prefix="/v1", responses={404: PROBLEMS[404]})

Programme = Annotated[
    str | None, Query(max_length=100, description="without it, the programme of this service")
]


class PolicyIn(Policy):
    """A policy. What is left out takes its default, whatever the one in force says."""

    model_config = example(silence={"suspected_after": 1.2}, support={"then_every_days": 14})


class ChangeOut(Out):
    """A number that the adopted policy says otherwise than the one before."""

    member: str = Field(description="such as `silence.suspected_after`")
    before: Any
    after: Any


class Adopted(Operated):
    """The policy in force since."""

    model_config = example(
        position=41,
        by="coordinator 0f3c9f0e-6a34-4c55-a6bb-5d6d4bcb6b4e",
        programme="default",
        version=2,
        changes=[{"member": "silence.suspected_after", "before": 1.5, "after": 1.2}],
    )

    programme: str
    version: int
    changes: tuple[ChangeOut, ...] = Field(description="none where this policy was in force already")


class PolicyOut(Out):
    """The policy in force, and since when."""

    programme: str
    zone: str = Field(description="the programme's time zone, in which calendar months are counted")
    version: int
    adopted_at: AwareDatetime
    policy: Policy


@router.get("/policy", tags=["reads"], summary="Show the policy in force")
async def policy(
    service: Serving,
    programme: Programme = None,
) -> PolicyOut:
    """Every number that the rules use now, with its version, as the programme adopted it."""
    name = programme or service.settings.programme

    def read() -> PolicyOut:
        events = [one.event for one in service.store.stream(programme_id(name), 0)]
        opened = next((event for event in events if isinstance(event, ProgrammeOpened)), None)
        adopted = next((event for event in reversed(events) if isinstance(event, PolicyAdopted)), None)
        if opened is None or adopted is None:
            raise NotFound("there is no programme of this name", code="programme_unknown")
        return PolicyOut(
            programme=opened.programme,
            zone=opened.zone,
            version=adopted.version,
            adopted_at=adopted.occurred_at,
            policy=adopted.document,
        )

    return await run_in_threadpool(read)


@router.post(
    "/policy",
    tags=["operations"],
    status_code=201,
    response_model=Adopted,
    responses={409: PROBLEMS[409]},
    summary="Adopt a policy",
)
async def adopt(body: PolicyIn, by: By, programme: Programme = None) -> Answer:
    """From now on decisions follow it. What is due in the programme's relationships is dated anew, page by page.

    `GET /v1/programme` tells whether that is still under way. A coordinator adopts, or whoever operates the service.
    """
    name = programme or by.service.settings.programme
    adopted = Policy.model_validate(body.model_dump())

    def work(tx: Transaction) -> Answer:
        before = tx.policy(name).policy
        in_force = tx.adopt_policy(name, adopted, by.asked.origin, actor=by.actor).in_force
        assert in_force is not None
        return {
            "programme": name,
            "version": in_force.version,
            "changes": [change._asdict() for change in changes(before, adopted)],
        }

    return await by.operate("policy adopted", by.once(work))
