"""Guidance: the advice that reminders and concerns name, in the reader's language."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from workflow.guidance import Language, texts
from workflow.web.bodies import Out
from workflow.web.reads import In

router = APIRouter(prefix="/v1", tags=["reads"])


class GuidanceOut(Out):
    """Every text of one language."""

    language: Language
    texts: dict[str, str] = Field(
        description="each by `<reason>.<for whom>.<state>` or `concern.<code>.<state>`; `any` serves where a state "
        "has no text of its own"
    )


@router.get("/guidance", summary="Read all guidance of a language")
async def guidance(language: In = Language.EN) -> GuidanceOut:
    """Pieces of advice for whoever is reminded, and for coordinators who see a concern.

    A reminder's event carries the name of its own in `guidance`.
    """
    return GuidanceOut(language=language, texts=dict(texts(language)))
