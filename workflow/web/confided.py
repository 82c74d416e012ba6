"""What was written in confidence, for those who may read it. Nobody else is told that there is anything."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.commands import Actor
from workflow.aggregates.events import CheckInGiven, HelpAsked
from workflow.aggregates.evolve import replay
from workflow.aggregates.reading import check_ins_open_to, help_open_to
from workflow.aggregates.relationship import Relationship as State
from workflow.app import Service
from workflow.errors import NotFound
from workflow.store.recorded import Recorded
from workflow.web.actor import acting
from workflow.web.asking import Serving
from workflow.web.bodies import Out
from workflow.web.commands import Relationship
from workflow.web.problems import PROBLEMS

router = APIRouter(
    prefix="/v1/relationships/{relationship_id}",
    tags=["reads"],
    responses={status: PROBLEMS[status] for status in (400, 404, 409)},
)

Reader = Annotated[Actor, Depends(acting)]
_GONE = "None where it was not told, or has been destroyed"


class CheckInOut(Out):
    """What one party answered, once."""

    party: UUID
    at: AwareDatetime
    new_perspectives: int | None = Field(description=f"from 1 to 5; {_GONE}")
    comfort: int | None = Field(description=f"from 1 to 5; {_GONE}")
    equality: int | None = Field(description=f"from 1 to 5; {_GONE}")
    direction: int | None = Field(description=f"from 1 to 5; {_GONE}")
    note: str | None = Field(description=_GONE)


class CheckInsOut(Out):
    """Check-ins, in the order in which they were recorded."""

    check_ins: tuple[CheckInOut, ...]


class HelpAskedOut(Out):
    """One request for help."""

    party: UUID
    at: AwareDatetime
    message: str | None = Field(description=_GONE)


class HelpOut(Out):
    """Requests for help, in the order in which they were recorded."""

    help: tuple[HelpAskedOut, ...]


@router.get("/check-ins", response_model=CheckInsOut, summary="The check-ins that a party may read")
async def check_ins(relationship: Relationship, service: Serving, reader: Reader) -> dict[str, Any]:
    """The acting party's own, and those of the others where they and it have consented."""
    marks = ("new_perspectives", "comfort", "equality", "direction")

    def told(recorded: Recorded) -> dict[str, Any]:
        given = {mark: _clear(service, recorded, mark) for mark in marks}
        return {mark: None if text is None else int(text) for mark, text in given.items()} | {
            "note": _clear(service, recorded, "note")
        }

    return {
        "check_ins": await _confided(service, relationship, reader, CheckInGiven, check_ins_open_to, told)
    }


@router.get("/help", response_model=HelpOut, summary="What help was asked for, and by whom")
async def help_asked(relationship: Relationship, service: Serving, reader: Reader) -> dict[str, Any]:
    """A coordinator reads all of it, a party its own."""

    def told(recorded: Recorded) -> dict[str, Any]:
        return {"message": _clear(service, recorded, "message")}

    return {"help": await _confided(service, relationship, reader, HelpAsked, help_open_to, told)}


async def _confided(
    service: Service,
    relationship: UUID,
    reader: Actor,
    kind: type[CheckInGiven | HelpAsked],
    open_to: Callable[[State, Actor], Collection[UUID]],
    told: Callable[[Recorded], dict[str, Any]],
) -> list[dict[str, Any]]:
    """What the log holds of it, as far as the log says that it is for this reader."""

    def read() -> list[dict[str, Any]]:
        facts = service.store.stream(relationship)
        state = replay(relationship, [recorded.event for recorded in facts])
        if state is None:
            raise NotFound(f"there is no relationship {relationship}", code="relationship_unknown")
        whose = open_to(state, reader)
        return [
            {"party": event.party, "at": event.occurred_at} | told(recorded)
            for recorded in facts
            if recorded.kind is kind and isinstance(event := recorded.event, kind) and event.party in whose
        ]

    return await run_in_threadpool(read)


def _clear(service: Service, recorded: Recorded, member: str) -> str | None:
    return None if getattr(recorded.event, member) is None else service.store.unsealed(recorded, member)
