"""What gives a relationship time and support, what it is prepared by, and what follows its end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from workflow.aggregates import commands as ask
from workflow.aggregates.sealed import Sealed
from workflow.consumers.meetings.members import Instant, Uid
from workflow.consumers.requests.commands import at_now
from workflow.consumers.requests.once import Answer
from workflow.web.asking import By
from workflow.web.bodies import Done, In, Text, example
from workflow.web.commands import Relationship
from workflow.web.problems import PROBLEMS

router = APIRouter(
    prefix="/v1/relationships/{relationship_id}",
    tags=["commands"],
    responses={status: PROBLEMS[status] for status in (404, 409)},
)


class PauseIn(In):
    """How long a relationship rests."""

    model_config = example(ends_at="2026-03-01T12:00:00Z")

    ends_at: Instant | None = Field(None, description="without it, for as long as the policy allows")


class ContactIn(In):
    """A contact of the coordinator's. The note is kept encrypted."""

    model_config = example(note="called both; they meet next week")

    note: Text | None = None


class PreparationIn(In):
    """A party's preparation for a meeting. The note is kept encrypted."""

    model_config = example(uid="weekly@campus", note="ask about the laboratory")

    uid: Uid = Field(description="the meeting's calendar UID")
    recurrence_id: Instant | None = Field(None, description="of an occurrence: its original start")
    note: Text | None = None


class FeedbackIn(In):
    """What a party says when it looks back. It is kept encrypted."""

    model_config = example(text="it helped more than I had thought")

    text: Text


@router.post(
    "/onboarding-steps/{step}",
    status_code=201,
    response_model=Done,
    summary="Complete a step of the onboarding",
)
async def complete_step(
    relationship: Relationship, step: Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,63}$")], by: By
) -> Answer:
    """A step that the programme's policy asks for was taken."""
    return await by.of(
        relationship, at_now(lambda now: ask.CompleteOnboardingStep(at=now, actor=by.actor, step=step))
    )


@router.post("/preparations", status_code=201, response_model=Done, summary="Note a preparation")
async def prepare(relationship: Relationship, body: PreparationIn, by: By) -> Answer:
    """The acting party has prepared for a meeting, and is not asked to any more."""
    note = None if body.note is None else Sealed(body.note, author=by.actor.person)
    return await by.of(
        relationship,
        at_now(
            lambda now: ask.NotePreparation(
                at=now, actor=by.actor, uid=body.uid, recurrence_id=body.recurrence_id, note=note
            )
        ),
    )


@router.post("/pauses", status_code=201, response_model=Done, summary="Pause a relationship")
async def pause(relationship: Relationship, body: PauseIn, by: By) -> Answer:
    """The relationship rests. What would fall due meanwhile waits; a held meeting ends the pause."""
    return await by.of(
        relationship, at_now(lambda now: ask.Pause(at=now, actor=by.actor, ends_at=body.ends_at))
    )


@router.post("/resumption", status_code=201, response_model=Done, summary="Resume a relationship")
async def resume(relationship: Relationship, by: By) -> Answer:
    """The relationship goes on before its pause is over."""
    return await by.of(relationship, at_now(lambda now: ask.Resume(at=now, actor=by.actor)))


@router.post("/support-contacts", status_code=201, response_model=Done, summary="Note a support contact")
async def contact(relationship: Relationship, body: ContactIn, by: By) -> Answer:
    """A coordinator spoke with the pair, or with one of them."""
    note = None if body.note is None else Sealed(body.note, author=by.actor.person)
    return await by.of(
        relationship, at_now(lambda now: ask.MakeSupportContact(at=now, actor=by.actor, note=note))
    )


@router.post("/measures/reviews", status_code=201, response_model=Done, summary="Review the measures")
async def review_measures(relationship: Relationship, by: By) -> Answer:
    """The pair looked at what became of its measures."""
    return await by.of(relationship, at_now(lambda now: ask.ReviewMeasures(at=now, actor=by.actor)))


@router.post("/closing-feedback", status_code=201, response_model=Done, summary="Give closing feedback")
async def look_back(relationship: Relationship, body: FeedbackIn, by: By) -> Answer:
    """After the closing: the acting party looks back."""
    text = Sealed(body.text, author=by.actor.person)
    return await by.of(
        relationship, at_now(lambda now: ask.GiveClosingFeedback(at=now, actor=by.actor, text=text))
    )
