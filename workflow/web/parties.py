"""Who the parties are: by what others know them, and that one of two leaves."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field

from workflow.aggregates import commands as ask
from workflow.consumers.requests.commands import at_now
from workflow.consumers.requests.once import Answer
from workflow.web.asking import By
from workflow.web.bodies import Done, Identity, In, example
from workflow.web.commands import Relationship
from workflow.web.problems import PROBLEMS

router = APIRouter(
    prefix="/v1/relationships/{relationship_id}/parties/{person_id}",
    tags=["commands"],
    responses={status: PROBLEMS[status] for status in (404, 409)},
)

Person = Annotated[UUID, Path(alias="person_id", description="the party's id")]


class IdentityIn(In):
    """How other services know a party. It is kept encrypted, and found by a keyed hash."""

    model_config = example(identity="email:grace@example.org")

    identity: Identity


@router.post("/identities", status_code=201, response_model=Done, summary="Add an identity")
async def add_identity(relationship: Relationship, person: Person, body: IdentityIn, by: By) -> Answer:
    """Other services know this party by one more identity; messages that wait for it are worked off.

    The party itself says so, or a coordinator. One that is known to mean somebody else is refused.
    """
    return await by.run(by.service.naming.adding(relationship, person, body.identity, by.asked))


@router.post("/identities/removal", status_code=201, response_model=Done, summary="Remove an identity")
async def remove_identity(relationship: Relationship, person: Person, body: IdentityIn, by: By) -> Answer:
    """An identity no longer means this person, in any relationship. It is answered alike where it never did."""
    return await by.run(by.service.naming.removing(relationship, person, body.identity, by.asked))


class DestructionIn(In):
    """What is to be destroyed beside all that the person wrote in this relationship."""

    model_config = example(identities=True)

    identities: bool = Field(
        False,
        description="also by what others know the person, in every relationship: no message finds them any more",
    )


@router.post("/departure", status_code=201, response_model=Done, summary="Leave a relationship")
async def leave(relationship: Relationship, person: Person, by: By) -> Answer:
    """One of several mentors or mentees leaves, as it says itself or a coordinator does; not the last of a role.

    Meetings from then on are the others'.
    """
    return await by.of(
        relationship, at_now(lambda now: ask.LeaveRelationship(at=now, actor=by.actor, party=person))
    )


@router.post(
    "/destruction", status_code=201, response_model=Done, summary="Have destroyed what a party wrote"
)
async def destroy(relationship: Relationship, person: Person, body: DestructionIn, by: By) -> Answer:
    """For good, within seconds: `destroyed` in the timeline says when. What it writes here later is not kept either.

    The party itself asks, also after it has left or after the closing, or a coordinator.
    """
    return await by.of(
        relationship,
        at_now(
            lambda now: ask.RequestDestruction(
                at=now, actor=by.actor, person=person, identities=body.identities
            )
        ),
    )
