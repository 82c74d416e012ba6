"""``mentoring events``: the log itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from workflow.cli.desk import Desk, desk
from workflow.cli.facts import tell
from workflow.cli.grep import grep
from workflow.cli.log_file import export, import_
from workflow.cli.relationships import meant, resolve
from workflow.cli.verb import AsJson, Data, out, settings_of, verb
from workflow.web.asking import LONGEST_PAGE

app = typer.Typer(no_args_is_help=True, help="The log of everything that happened.")
app.command()(grep)
app.command("export")(export)
app.command("import")(import_)

_AGAIN = 0.5
_LAST = 20


@app.command()
@verb
async def tail(
    data: Data = None,
    last: Annotated[
        int | None,
        typer.Option(
            "--last",
            "-n",
            min=0,
            help=f"At most so many, the last ones; {_LAST} where nothing is said.",
            show_default=False,
        ),
    ] = None,
    beyond: Annotated[
        int | None, typer.Option(min=0, help="All beyond this position, instead of the last ones.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All from the first one on.")] = False,
    relationship: Annotated[
        str | None,
        typer.Option(
            help="Only those of this relationship: its id, or at least 4 digits of how that begins."
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as events come, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the last events of the log in order, one a line.

    A line tells the event's position in the log, when it happened (in UTC), the id of the relationship or programme
    that it is about, and what happened. A terminal shows headings above. What is sealed reads `sealed`.
    """
    of = None if relationship is None else meant(relationship)
    if last is None and beyond is None and not everything:
        last = _LAST
    async with desk(settings_of(data)) as at:
        stream = None if of is None else await resolve(at, of)
        if out.is_terminal and not as_json:
            out.print(f"[bold]{'position':>8}  {'when (UTC)':20}  {'whose':36}  what[/]", soft_wrap=True)
        position = beyond or 0
        if stream is not None:
            page = await at.get(f"/v1/relationships/{stream}/timeline")
            found = [event for event in page["events"] if event["position"] > position]
            for event in found if last is None else found[max(0, len(found) - last) :]:
                tell(event, as_json=as_json)
            position = page["position"]
        elif last is not None:
            head = (await at.get("/v1/events", beyond=position, limit=1))["head"]
            position = max(position, head - last)
        if stream is None or follow:
            async for event in _beyond(at, position, follow=follow):
                if stream in {None, event["stream"]}:
                    tell(event, as_json=as_json)


async def _beyond(at: Desk, position: int, *, follow: bool) -> AsyncIterator[dict[str, Any]]:
    """The events of the log beyond a position, and those that come, where a service runs."""
    while True:
        page = await at.get("/v1/events", beyond=position, limit=LONGEST_PAGE)
        for event in page["events"]:
            yield event
        position = page["position"]
        if page["events"]:
            continue
        if not (follow and at.running):
            return
        await asyncio.sleep(_AGAIN)
