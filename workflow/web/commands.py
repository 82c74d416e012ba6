"""Writes to relationships. Each is a resource of its own, made by a POST; nothing is changed in place."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from workflow.aggregates import commands as ask
from workflow.aggregates.decide import Decision
from workflow.aggregates.events import AgreementDrafted, FreshLookHeld, Measure, Topic
from workflow.aggregates.sealed import Sealed
from workflow.consumers.requests.commands import NewParty, at_now
from workflow.consumers.requests.once import Answer
from workflow.store.transaction import Transaction
from workflow.web.asking import By
from workflow.web.bodies import (
    AgreementIn,
    ClosureIn,
    Done,
    Drafted,
    FreshLookIn,
    LookHeld,
    Opened,
    OpenIn,
    VisibilityIn,
)
from workflow.web.problems import PROBLEMS

router = APIRouter(
    prefix="/v1/relationships",
    tags=["commands"],
    responses={status: PROBLEMS[status] for status in (404, 409)},
)

Relationship = Annotated[UUID, Path(alias="relationship_id", description="the relationship's id")]
MeasureId = Annotated[UUID, Path(alias="measure_id", description="the measure's id")]


@router.post("", status_code=201, response_model=Opened, summary="Open a relationship")
async def open_(body: OpenIn, by: By, response: Response) -> Answer:
    """Bring a mentor and a mentee (or more of either) together, and work off what waited for them."""
    parties = tuple(NewParty(party.role, party.identities, party.person_id) for party in body.parties)
    programme = body.programme or by.service.settings.programme
    opening = by.service.commands.opening(
        body.relationship_id, programme, parties, by.asked, continues=body.continues
    )
    answer = await by.run(opening)
    response.headers["Location"] = f"/v1/relationships/{answer['relationship_id']}"
    return answer


@router.post(
    "/{relationship_id}/commitments", status_code=201, response_model=Done, summary="Confirm commitment"
)
async def commit(relationship: Relationship, by: By) -> Answer:
    """The acting party says that it will invest the time."""
    return await by.of(relationship, at_now(lambda now: ask.ConfirmCommitment(at=now, actor=by.actor)))


@router.post(
    "/{relationship_id}/agreements", status_code=201, response_model=Drafted, summary="Draft an agreement"
)
async def draft(relationship: Relationship, body: AgreementIn, by: By) -> Answer:
    """Write down a new version; the one in force stays until this one is signed by all.

    It says all that is agreed on: a topic that it leaves out is none any more.
    """

    def make(tx: Transaction) -> ask.Command:
        return ask.DraftAgreement(
            at=tx.now,
            actor=by.actor,
            cadence_days=body.cadence_days,
            duration_months=body.duration_months,
            topics=tuple(
                Topic(
                    topic=topic.topic_id or tx.new_id(),
                    title=Sealed(topic.title, author=by.actor.person),
                    visibility=topic.visibility,
                )
                for topic in body.topics
            ),
        )

    def tell(decision: Decision) -> Answer:
        (drafted,) = (event for event in decision.events if isinstance(event, AgreementDrafted))
        topics = [str(topic.topic) for topic in drafted.topics]
        return {"agreement_version": drafted.version, "topics": topics}

    return await by.of(relationship, make, tell)


@router.post(
    "/{relationship_id}/agreements/{version}/signatures",
    status_code=201,
    response_model=Done,
    summary="Sign an agreement",
)
async def sign(relationship: Relationship, version: Annotated[int, Path(ge=1, le=10_000)], by: By) -> Answer:
    """The acting party signs, or orally confirms, this version."""
    return await by.of(
        relationship, at_now(lambda now: ask.SignAgreement(at=now, actor=by.actor, version=version))
    )


@router.post(
    "/{relationship_id}/topics/{topic_id}/reclassifications",
    status_code=201,
    response_model=Done,
    summary="Reclassify a topic",
)
async def reclassify(
    relationship: Relationship,
    topic: Annotated[UUID, Path(alias="topic_id", description="the topic's id")],
    body: VisibilityIn,
    by: By,
) -> Answer:
    """A party shares a topic with fewer at once. It is shared with more by an amendment that all sign."""
    return await by.of(
        relationship,
        at_now(
            lambda now: ask.ReclassifyTopic(at=now, actor=by.actor, topic=topic, visibility=body.visibility)
        ),
    )


@router.post(
    "/{relationship_id}/stagnation", status_code=201, response_model=Done, summary="Declare stagnation"
)
async def stagnate(relationship: Relationship, by: By) -> Answer:
    """A party or the coordinator says that the relationship stagnates. A clock never undoes it."""
    return await by.of(relationship, at_now(lambda now: ask.DeclareStagnation(at=now, actor=by.actor)))


@router.post(
    "/{relationship_id}/fresh-looks", status_code=201, response_model=LookHeld, summary="Take a fresh look"
)
async def look(relationship: Relationship, body: FreshLookIn, by: By) -> Answer:
    """The pair took a new perspective together and wrote down a few concrete measures."""
    author = by.actor.person

    def make(tx: Transaction) -> ask.Command:
        return ask.HoldFreshLook(
            at=tx.now,
            actor=by.actor,
            perspective=Sealed(body.perspective, author=author) if body.perspective is not None else None,
            measures=tuple(
                Measure(
                    measure=measure.measure_id or tx.new_id(),
                    what=Sealed(measure.what, author=author),
                    who=measure.who,
                    by_when=measure.by_when,
                )
                for measure in body.measures
            ),
        )

    def tell(decision: Decision) -> Answer:
        (held,) = (event for event in decision.events if isinstance(event, FreshLookHeld))
        return {"measures": [str(measure.measure) for measure in held.measures]}

    return await by.of(relationship, make, tell)


@router.post(
    "/{relationship_id}/measures/{measure_id}/completion",
    status_code=201,
    response_model=Done,
    summary="Complete a measure",
)
async def complete(relationship: Relationship, measure: MeasureId, by: By) -> Answer:
    """A measure was done."""
    return await by.of(
        relationship, at_now(lambda now: ask.CompleteMeasure(at=now, actor=by.actor, measure=measure))
    )


@router.post(
    "/{relationship_id}/measures/{measure_id}/drops",
    status_code=201,
    response_model=Done,
    summary="Drop a measure",
)
async def drop(relationship: Relationship, measure: MeasureId, by: By) -> Answer:
    """The acting party gives a measure up; it is dropped once every party has."""
    return await by.of(
        relationship, at_now(lambda now: ask.DropMeasure(at=now, actor=by.actor, measure=measure))
    )


@router.post(
    "/{relationship_id}/closure", status_code=201, response_model=Done, summary="Close a relationship"
)
async def close(relationship: Relationship, body: ClosureIn, by: By) -> Answer:
    """End the relationship. A mistaken closure is mended by a new relationship, not undone."""
    return await by.of(
        relationship,
        at_now(lambda now: ask.Close(at=now, actor=by.actor, manner=body.manner, reason=body.reason)),
    )
