"""``mentoring waiting``: messages that came before what they are about."""

from __future__ import annotations

from typing import Annotated

import typer

from workflow.cli.desk import desk
from workflow.cli.parked import tell_held
from workflow.cli.tables import ZONE, Table, foreign, minute
from workflow.cli.verb import AsJson, Data, emit, out, settings_of, verb

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that came before the relationship that they are about. They are taken in by themselves once it "
    "is open; after 30 days they are parked. What they say is kept encrypted and is not shown.",
)


@app.command("list")
@verb
async def list_(
    data: Data = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    beyond: Annotated[int, typer.Option(min=0, help="Only those beyond this number.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List waiting messages in order of arrival: for what kind of thing each waits, and until when at most.

    `relationship`: the one that it names is not open. `identity`: no open relationship has all whom it names.
    `uid`: its calendar entry belongs to no relationship. Any of them ends the wait.
    """
    async with desk(settings_of(data)) as at:
        page = await at.get("/v1/waiting", limit=limit, beyond=beyond)
    found = page["waiting"]
    if as_json:
        emit(found)
        return
    table = Table("number", "since", "until", "reason", "waits for", "type", "source")
    for one in found:
        table.add(
            str(one["number"]),
            minute(one["arrived_at"]),
            minute(one["until"]),
            one["reason"],
            ", ".join(one["waits_for"]),
            foreign(one["type"]),
            foreign(one["source"]),
        )
    if found:
        table.put()
    more = "" if page["next"] is None else f"; the next page: --beyond {page['next']}"
    out.print(f"{len(found)} of {page['total']} waiting; {ZONE}{more}", soft_wrap=True)


@app.command()
@verb
async def show(
    number: Annotated[
        int, typer.Argument(min=1, help="The waiting message's number, from `mentoring waiting list`.")
    ],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show one waiting message: where it came from and for what it waits, never what it says."""
    async with desk(settings_of(data)) as at:
        one = await at.get(f"/v1/waiting/{number}")
    if as_json:
        emit(one)
        return
    tell_held(one)
