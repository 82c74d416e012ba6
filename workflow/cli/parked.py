"""``mentoring parked``: messages that could not be applied, and what to do with them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from workflow.cli.desk import desk
from workflow.cli.tables import ZONE, Table, foreign, minute, words
from workflow.cli.verb import AsJson, By, Data, Exit, emit, out, settings_of, verb

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that could not be applied, until somebody tries them again or gives them up. What they say is kept "
    "encrypted and is not shown.",
)

Number = Annotated[
    int, typer.Argument(min=1, help="The parked message's number, from `mentoring parked list`.")
]


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
    table = Table("number", "arrived", "reason", "type", "source")
    for one in found:
        table.add(
            str(one["number"]),
            minute(one["arrived_at"]),
            one["reason"],
            foreign(one["type"]),
            foreign(one["source"]),
        )
    if found:
        table.put()
    more = "" if page["next"] is None else f"; the next page: --beyond {page['next']}"
    out.print(f"{len(found)} of {page['total']} parked; {ZONE}{more}", soft_wrap=True)


@app.command()
@verb
async def show(number: Number, data: Data = None, as_json: AsJson = False) -> None:
    """Show one parked message: where it came from and why it was parked, never what it says."""
    async with desk(settings_of(data)) as at:
        one = await at.get(f"/v1/parked/{number}")
    if as_json:
        emit(one)
        return
    tell_held(one)
    out.print(
        f"try it again with `mentoring parked retry {number}`, or give it up with `mentoring parked drop {number}`",
        soft_wrap=True,
    )


@app.command()
@verb
async def retry(number: Number, data: Data = None, actor: By = None, as_json: AsJson = False) -> Exit:
    """Take a parked message in again, after what was missing has been put right.

    Ends with 1 where it stays parked, and says why.
    """
    async with desk(settings_of(data)) as at:
        told = await at.post(f"/v1/parked/{number}/retry", actor)
    _tell(told, as_json=as_json)
    return Exit.NO if told["disposition"] == "parked" else Exit.DONE


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
        became = told["disposition"]
        became = {"parked": "stays parked", "waiting": "waits"}.get(became, f"is {became}")
        why = f": {told['why']}" if told["why"] else ""
        out.print(f"message {told['number']} {became}{why}", markup=False, soft_wrap=True)


def tell_held(one: dict[str, Any]) -> None:
    """Tell of a message that was laid aside, a member a line; never what it says."""
    for name, value in one.items():
        if isinstance(value, list):
            value = ", ".join(value)
        elif name in {"arrived_at", "until"}:
            value = f"{minute(value)} UTC"
        out.print(f"{words(name)}: {foreign(None if value is None else str(value))}", soft_wrap=True)
