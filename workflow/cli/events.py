"""``mentoring events``: the log itself."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from workflow.cli.verb import AsJson, Data, desk, emit_line, out, settings_of, verb

app = typer.Typer(no_args_is_help=True, help="The log of everything that happened.")

_PAGE = 1000
_AGAIN = 0.5


@app.command()
@verb
async def tail(
    data: Data = None,
    beyond: Annotated[int, typer.Option(min=0, help="Begin beyond this position.")] = 0,
    last: Annotated[int | None, typer.Option(min=1, help="Begin so many events before the end.")] = None,
    relationship: Annotated[UUID | None, typer.Option(help="Only the events of this stream.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as events come, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print events in the order of the log, one a line. What is sealed reads `sealed`."""
    async with desk(settings_of(data)) as at:
        position = beyond
        if last is not None:
            head = (await at.get("/v1/events", beyond=beyond, limit=1))["head"]
            position = max(beyond, head - last)
        while True:
            page = await at.get("/v1/events", beyond=position, limit=_PAGE)
            for event in page["events"]:
                if relationship is not None and event["stream"] != str(relationship):
                    continue
                if as_json:
                    emit_line(event)
                else:
                    when, words = event["event"]["occurred_at"][:19], event["name"].split(".")[1]
                    out.print(f"{event['position']:>8}  {when}  {event['stream']}  {words}", soft_wrap=True)
            position = page["position"]
            if page["events"]:
                continue
            if not (follow and at.running):
                return
            await asyncio.sleep(_AGAIN)
