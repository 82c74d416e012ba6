"""``mentoring programme``: how a programme stands, and its end."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from workflow.cli.desk import Desk, desk
from workflow.cli.progress import metered
from workflow.cli.tables import ZONE, minute
from workflow.cli.verb import AsJson, By, Data, emit, out, settings_of, verb

app = typer.Typer(no_args_is_help=True, help="A programme: how it stands, and its end.")

Name = Annotated[
    str | None, typer.Argument(help="The programme's name; without it, the programme of this service.")
]

_AGAIN, _LONGEST = 0.2, 600.0


@app.command("show")
@verb
async def show(name: Name = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show since when a programme is open or closed, and what its relationships are being asked."""
    async with desk(settings_of(data)) as at:
        found = await at.get("/v1/programme", programme=name)
    if as_json:
        emit(found)
        return
    until = "" if found["closed_at"] is None else f" until {minute(found['closed_at'])}"
    out.print(
        f"programme {found['programme']}: open since {minute(found['opened_at'])}{until}; policy version "
        f"{found['policy']}; months are counted in {found['zone']}; {ZONE}",
        markup=False,
        soft_wrap=True,
    )
    for purpose in found["under_way"]:
        out.print(f"its relationships are being asked to {purpose}", markup=False)


@app.command("close")
@verb
async def close(
    name: Annotated[str, typer.Argument(help="The programme's name, for it cannot be undone.")],
    data: Data = None,
    actor: By = None,
    as_json: AsJson = False,
) -> None:
    """Close a programme for good, with all of its relationships, and wait until they are closed.

    Ctrl-C ends the waiting alone: the service goes on closing them, also after a restart.
    """
    async with desk(settings_of(data)) as at:
        closed = await at.post("/v1/programme/closure", actor, programme=name)
        whole = await until_done(at, name)
    if as_json:
        emit(closed)
    else:
        out.print(
            f"programme {name} is closed since {minute(closed['closed_at'])} UTC"
            + (", and so are its relationships" if whole else "; its relationships are still being closed"),
            markup=False,
            soft_wrap=True,
        )


async def until_done(at: Desk, name: str | None) -> bool:
    """Wait until all relationships of a programme were asked what it asks; False where that takes too long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _LONGEST
    with metered("asking all", "relationships") as reach:
        while loop.time() < until:
            found: dict[str, Any] = await at.get("/v1/programme", programme=name)
            if not found["under_way"]:
                return True
            if found["closed_at"] is not None:
                states = (await at.get("/v1/relationships", limit=1))["states"]
                reach(states.get("closure", 0), sum(states.values()), "closing")
            await asyncio.sleep(_AGAIN)
    return False
