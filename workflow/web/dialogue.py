"""How a party finds the dialogue, and what it asks for in private."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from workflow.aggregates import commands as ask
from workflow.aggregates.events import CheckInGiven
from workflow.aggregates.sealed import Sealed
from workflow.consumers.requests.commands import at_now
from workflow.consumers.requests.once import Answer
from workflow.store.transaction import Transaction
from workflow.web.asking import By
from workflow.web.bodies import Done, In, Text, example
from workflow.web.commands import Relationship
from workflow.web.problems import PROBLEMS

router = APIRouter(
    prefix="/v1/relationships/{relationship_id}",
    tags=["commands"],
    responses={status: PROBLEMS[status] for status in (404, 409)},
)

_OF_THE_MEAN = ("new_perspectives", "comfort", "equality")
Mark = Annotated[int, Field(ge=1, le=5, description="from 1 to 5")]


class CheckInIn(In):
    """How the acting party finds the dialogue. All of it is kept encrypted, and is its own to show."""

    model_config = example(new_perspectives=4, comfort=5, equality=4, direction=3, note="more time, please")

    new_perspectives: Mark
    comfort: Mark
    equality: Mark
    direction: Mark | None = None
    note: Text | None = None


class HelpIn(In):
    """What help is asked for, kept encrypted."""

    model_config = example(message="could we speak alone?")

    message: Text | None = None


@router.post("/check-ins", status_code=201, response_model=Done, summary="Check in")
async def check_in(relationship: Relationship, body: CheckInIn, by: By) -> Answer:
    """After a meeting: three answers of 1 to 5, a fourth on direction, and a note.

    A coordinator learns that there is a concern, never whose or of which answer.
    """
    party = by.actor.person
    answers = ask.Answers(body.new_perspectives, body.comfort, body.equality, body.direction)
    note = None if body.note is None else Sealed(body.note, author=party)

    def make(tx: Transaction) -> ask.Command:
        previous = _previous(tx, relationship, party)
        return ask.GiveCheckIn(at=tx.now, actor=by.actor, answers=answers, previous=previous, note=note)

    return await by.of(relationship, make)


def _previous(tx: Transaction, relationship: UUID, party: UUID) -> ask.Answers | None:
    """What the party answered last, for the decision alone; None where that can be read no more."""
    marks = tx.said_last(relationship, CheckInGiven, party, _OF_THE_MEAN) or ()
    return ask.Answers(*(int(mark) for mark in marks if mark is not None)) if marks and all(marks) else None


@router.post(
    "/check-in-consents", status_code=201, response_model=Done, summary="Let the others read the check-ins"
)
async def consent(relationship: Relationship, by: By) -> Answer:
    """The acting party lets the others read its check-ins, once they let it read theirs."""
    return await by.of(relationship, at_now(lambda now: ask.GiveCheckInConsent(at=now, actor=by.actor)))


@router.post(
    "/check-in-consents/withdrawal",
    status_code=201,
    response_model=Done,
    summary="Let nobody read the check-ins any more",
)
async def withdraw(relationship: Relationship, by: By) -> Answer:
    """The acting party lets nobody read its check-ins any more."""
    return await by.of(relationship, at_now(lambda now: ask.WithdrawCheckInConsent(at=now, actor=by.actor)))


@router.post("/help", status_code=201, response_model=Done, summary="Ask for help")
async def ask_for_help(relationship: Relationship, body: HelpIn, by: By) -> Answer:
    """The acting party asks the coordinator for help, in private: the others do not see it."""
    message = None if body.message is None else Sealed(body.message, author=by.actor.person)
    return await by.of(
        relationship, at_now(lambda now: ask.AskForHelp(at=now, actor=by.actor, message=message))
    )
