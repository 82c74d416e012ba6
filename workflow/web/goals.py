"""What the pair says of its goals."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field

from workflow.aggregates import commands as ask
from workflow.aggregates.decide import Decision
from workflow.aggregates.events import GoalSet
from workflow.aggregates.sealed import Sealed
from workflow.consumers.requests.commands import at_now
from workflow.consumers.requests.once import Answer
from workflow.store.transaction import Transaction
from workflow.web.asking import By
from workflow.web.bodies import DONE, MEASURE, Done, In, Text, example
from workflow.web.commands import Relationship
from workflow.web.problems import PROBLEMS

router = APIRouter(
    prefix="/v1/relationships/{relationship_id}/goals",
    tags=["commands"],
    responses={status: PROBLEMS[status] for status in (404, 409)},
)

GoalId = Annotated[UUID, Path(alias="goal_id", description="the goal's id")]


class GoalIn(In):
    """A goal. Its text is kept encrypted."""

    model_config = example(text="a first post by the end of the year")

    goal_id: UUID | None = Field(None, description="the goal's id, where the client chooses it")
    text: Text


class ReviewIn(In):
    """How far a goal has come, and what comes next; the latter is kept encrypted."""

    model_config = example(reached_percent=40, next="write to two alumni")

    reached_percent: int = Field(ge=0, le=100)
    next: Text | None = None


class RevisionIn(In):
    """How a goal reads from now on, kept encrypted."""

    model_config = example(text="a first post, in Finland or abroad")

    text: Text


class GoalDone(Done):
    """A goal was set."""

    model_config = example(**DONE, goal_id=MEASURE)

    goal_id: UUID


@router.post("", status_code=201, response_model=GoalDone, summary="Set a goal")
async def set_(relationship: Relationship, body: GoalIn, by: By) -> Answer:
    """The pair has a goal. Without one by its second meeting it is taken to lack direction."""

    def make(tx: Transaction) -> ask.Command:
        text = Sealed(body.text, author=by.actor.person)
        return ask.SetGoal(at=tx.now, actor=by.actor, goal=body.goal_id or tx.new_id(), text=text)

    def tell(decision: Decision) -> Answer:
        (goal,) = (event.goal for event in decision.events if isinstance(event, GoalSet))
        return {"goal_id": str(goal)}

    return await by.of(relationship, make, tell)


@router.post("/{goal_id}/reviews", status_code=201, response_model=Done, summary="Review a goal")
async def review(relationship: Relationship, goal: GoalId, body: ReviewIn, by: By) -> Answer:
    """The pair looked at a goal: how far it has come, and what comes next."""
    following = None if body.next is None else Sealed(body.next, author=by.actor.person)
    return await by.of(
        relationship,
        at_now(
            lambda now: ask.ReviewGoal(
                at=now, actor=by.actor, goal=goal, reached_percent=body.reached_percent, next=following
            )
        ),
    )


@router.post("/{goal_id}/revisions", status_code=201, response_model=Done, summary="Revise a goal")
async def revise(relationship: Relationship, goal: GoalId, body: RevisionIn, by: By) -> Answer:
    """A goal reads differently from now on."""
    text = Sealed(body.text, author=by.actor.person)
    return await by.of(
        relationship, at_now(lambda now: ask.ReviseGoal(at=now, actor=by.actor, goal=goal, text=text))
    )


@router.post("/{goal_id}/achievement", status_code=201, response_model=Done, summary="Achieve a goal")
async def achieve(relationship: Relationship, goal: GoalId, by: By) -> Answer:
    """A goal was reached."""
    return await by.of(relationship, at_now(lambda now: ask.AchieveGoal(at=now, actor=by.actor, goal=goal)))


@router.post("/{goal_id}/drop", status_code=201, response_model=Done, summary="Drop a goal")
async def drop(relationship: Relationship, goal: GoalId, by: By) -> Answer:
    """A goal is given up."""
    return await by.of(relationship, at_now(lambda now: ask.DropGoal(at=now, actor=by.actor, goal=goal)))
