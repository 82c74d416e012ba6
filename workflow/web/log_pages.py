"""The log as it is stored, for whoever makes a file of it. What is sealed stays encrypted.

Beside that it holds what no timeline tells: for whom a reminder to check in was. So it is for operators alone, and
they are put on record.
"""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, Field
from starlette.concurrency import run_in_threadpool

from workflow.aggregates.commands import Actor
from workflow.logs import OPERATIONS
from workflow.store.exported import event_line
from workflow.web.actor import named, operating
from workflow.web.asking import FARTHEST, LONGEST_PAGE, Serving
from workflow.web.bodies import Out
from workflow.web.problems import PROBLEMS

router = APIRouter(prefix="/v1", tags=["operations"])

_log = logging.getLogger(OPERATIONS)


class ExportOut(Out):
    """A page of the log, a line an event."""

    lines: list[str] = Field(description="each a CloudEvent, whose data is the event as it is stored")
    position: int = Field(description="the position read up to; the next page comes after it")
    head: int = Field(description="the last position in the log")
    instant: AwareDatetime | None = Field(
        description="where the simulated clock stands, or stood at `until`; null where it is a real one"
    )


@router.get(
    "/events/export",
    responses={status: PROBLEMS[status] for status in (400, 409, 503)},
    summary="Export the log",
)
async def export(
    service: Serving,
    operator: Annotated[Actor, Depends(operating)],
    beyond: Annotated[int, Query(ge=0, le=FARTHEST, description="only events beyond this position")] = 0,
    until: Annotated[
        int | None, Query(ge=0, le=FARTHEST, description="only events up to this position")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="at most so many")] = 500,
) -> ExportOut:
    """Page by page, for `mentoring events export`; only for the role `service`. What is sealed stays encrypted.

    Of a log that is being imported, and not all of which is here, only a part that is named by `until`.
    """

    def read() -> ExportOut:
        found = service.store.rows(beyond, limit)
        head, instant = service.store.stands(until)  # behind them: none of them lies beyond it
        unfinished = service.store.unfinished()
        if unfinished is not None and (until is None or until > head):
            raise unfinished  # the file would look like all of it
        if until is not None:
            found = [row for row in found if row[0] <= until]
        return ExportOut(
            lines=[event_line(row).decode() for row in found],
            position=found[-1][0] if found else beyond,
            head=head,
            instant=instant,
        )

    page = await run_in_threadpool(read)
    if page.lines:
        _log.info(
            "events %d to %d exported, by %s",
            page.position - len(page.lines) + 1,
            page.position,
            named(operator),
        )
    return page
