"""Whom to contact now, and why: what a coordinator opens the day with."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from workflow.guidance import Language
from workflow.projections.today import COUNTED, count_to_contact, to_contact
from workflow.web.asking import LONGEST_PAGE, After, Serving
from workflow.web.bodies import Out
from workflow.web.reads import In, RelationshipOut, row_out

router = APIRouter(prefix="/v1", tags=["reads"])


class TodayOut(Out):
    """Open relationships that somebody should look at, the most urgent first."""

    now: AwareDatetime = Field(description="what the service's clock shows")
    total: int = Field(
        description=f"how many need a look, also beyond the limit; where they are more than {COUNTED}, that"
    )
    relationships: list[RelationshipOut]


@router.get("/today", response_model=TodayOut, summary="Tell whom to contact now, and why")
async def today(
    service: Serving,
    after: After = None,
    language: In = Language.EN,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="at most so many")] = 100,
) -> Any:
    """Open relationships with concerns, by their most urgent one, and among equals by how long it stands.

    From the most urgent on: `help_asked`, `silence`, `commitment`, `stuck`, `no_first_meeting`, `low_dialogue`,
    `no_fresh_look`, `measures_overdue`, `no_direction`, `closure_proposed`, `overrun`, `no_support_contact`,
    `basis_withdrawn`, `nobody_reports`, `contradictory`.
    """
    total, rows = await service.read(
        lambda views: (count_to_contact(views), to_contact(views, limit)),
        ("relationships",),
        after,
    )
    return {
        "now": service.clock.now(),
        "total": total,
        "relationships": [row_out(row, language) for row in rows],
    }
