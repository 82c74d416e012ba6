"""``mentoring parked``: messages that could not be applied, and what to do with them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from workflow.cli.verb import AsJson, By, Data, desk, emit, out, settings_of, verb

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that could not be applied. What they say is kept encrypted and is not shown.",
)

Number = Annotated[int, typer.Argument(min=1, help="The parked message's number, from `parked list`.")]


@app.command("list")
@verb
async def list_(
    data: Data = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    beyond: Annotated[int, typer.Option(min=0, help="Only those beyond this number.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List parked messages in order of arrival."""
    async with desk(settings_of(data)) as at:
        page = await at.get("/v1/parked", limit=limit, beyond=beyond)
    found = page["parked"]
    if as_json:
        emit(found)
        return
    table = Table("number", "arrived", "reason", "sequence", "bytes", box=None, header_style="bold")
    for one in found:
        table.add_row(
            str(one["number"]), one["arrived_at"][:19], one["reason"], str(one["sequence"]), str(one["bytes"])
        )
    out.print(table)
    out.print(f"{len(found)} of {page['total']} parked{'' if page['next'] is None else ' (see --beyond)'}")


@app.command()
@verb
async def show(number: Number, data: Data = None, as_json: AsJson = False) -> None:
    """Show one parked message: where it came from and why it was parked, never what it says."""
    async with desk(settings_of(data)) as at:
        one = await at.get(f"/v1/parked/{number}")
    if as_json:
        emit(one)
        return
    for name, value in one.items():
        out.print(f"{name.replace('_', ' ')}: {value}", markup=False)


@app.command()
@verb
async def retry(number: Number, data: Data = None, actor: By = None, as_json: AsJson = False) -> None:
    """Take a parked message in again, after what was missing has been put right."""
    async with desk(settings_of(data)) as at:
        told = await at.post(f"/v1/parked/{number}/retry", actor)
    _tell(told, as_json=as_json)


@app.command()
@verb
async def drop(number: Number, data: Data = None, actor: By = None, as_json: AsJson = False) -> None:
    """Give a parked message up for good. Its receipt stays and says *dropped*; its body is removed."""
    async with desk(settings_of(data)) as at:
        told = await at.post(f"/v1/parked/{number}/drop", actor)
    _tell(told, as_json=as_json)


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(told)
    else:
        why = f" ({told['reason']})" if told["reason"] else ""
        out.print(f"{told['number']}: {told['disposition']}{why}")
