"""``mentoring projections`` and ``mentoring verify``: what is folded, folded anew, and proved equal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from workflow.cli.desk import desk, watched
from workflow.cli.tables import Table, foreign
from workflow.cli.verb import AsJson, By, Data, Exit, emit, out, settings_of, verb

app = typer.Typer(
    no_args_is_help=True,
    help="The tables that reads come from, folded from the events: how far they are, and folding them anew.",
)


Name = Annotated[str, typer.Argument(help="The projection's name, from `mentoring projections list`.")]


@app.command("list")
@verb
async def list_(data: Data = None, as_json: AsJson = False) -> None:
    """Tell what each projection is, and what it is asked."""
    async with desk(settings_of(data)) as at:
        found = (await at.get("/v1/projections"))["projections"]
    if as_json:
        emit([{name: one[name] for name in ("name", "row", "answers", "status")} for one in found])
        return
    table = Table("projection", "a row is", "it answers", prose=["a row is", "it answers"])
    for one in found:
        table.add(one["name"], one["row"] or "–", one["answers"] or "–")
    table.put()


@app.command()
@verb
async def status(data: Data = None, as_json: AsJson = False) -> Exit:
    """Tell how far each projection is, and why one is paused, by whom or by what failure. Ends with 1 where one is."""
    async with desk(settings_of(data)) as at:
        found = await at.get("/v1/projections")
    if as_json:
        emit(found)
    else:
        table = Table("projection", "status", "position", "behind", "cause", prose=["cause"])
        for one in found["projections"]:
            behind = str(found["head"] - one["position"])
            cause = one["cause"] if one["paused_by"] is None else f"paused by {one['paused_by']}"
            table.add(one["name"], one["status"], str(one["position"]), behind, foreign(cause))
        table.put()
    return Exit.NO if any(one["status"] == "paused" for one in found["projections"]) else Exit.DONE


@app.command()
@verb
async def rebuild(
    name: Annotated[str | None, typer.Argument(help="The projection; without it, every one.")] = None,
    data: Data = None,
    actor: By = None,
    as_json: AsJson = False,
) -> None:
    """Fold a projection anew from the first event on; what was folded before serves until that is done.

    Ctrl-C leaves it to the running service to finish; where none runs, the next verb or start goes on with it.
    """
    async with desk(settings_of(data)) as at:
        told = await watched(at, at.post("/v1/projections/rebuild", actor, name=name), _rebuilt_to)
    if as_json:
        emit(told)
    else:
        for one in told["projections"]:
            if name in {None, one["name"]}:
                out.print(f"{one['name']}: folded anew up to event {one['position']}, {one['status']}")


@app.command()
@verb
async def pause(name: Name, data: Data = None, actor: By = None, as_json: AsJson = False) -> None:
    """Have a projection fold nothing more until it is resumed, also after a restart; what it has is still read.

    While the agenda is paused, the clock asks nothing.
    """
    await _halt(name, "pause", data, actor, as_json=as_json)


@app.command()
@verb
async def resume(name: Name, data: Data = None, actor: By = None, as_json: AsJson = False) -> None:
    """Have a projection go on that somebody paused. One that a failure paused is to be rebuilt instead."""
    await _halt(name, "resume", data, actor, as_json=as_json)


async def _halt(name: str, what: str, data: Path | None, actor: str | None, *, as_json: bool) -> None:
    async with desk(settings_of(data)) as at:
        found = await at.post(f"/v1/projections/{quote(name, safe='')}/{what}", actor)
    if as_json:
        emit(found)
        return
    (one,) = [one for one in found["projections"] if one["name"] == name]
    by = "" if one["paused_by"] is None else f" by {one['paused_by']}"
    out.print(f"{name}: {one['status']}{by} at event {one['position']}", markup=False, soft_wrap=True)


@verb
async def verify(data: Data = None, actor: By = None, as_json: AsJson = False) -> Exit:
    """Fold everything anew into a scratch file and compare it with what stands, row by row and by hash.

    Ends with 1 where they differ. Ctrl-C leaves nothing behind.
    """
    async with desk(settings_of(data)) as at:
        told = await watched(at, at.post("/v1/verify", actor), lambda status: status["verifying"])
    if as_json:
        emit(told)
    else:
        out.print(
            f"{'equal' if told['equal'] else 'DIFFERENT'}: {told['rows']} rows, hash {told['hash']}",
            soft_wrap=True,
        )
        for line in told["differences"]:
            out.print(f"  {line}", markup=False)
    return Exit.DONE if told["equal"] else Exit.NO


def _rebuilt_to(status: dict[str, Any]) -> int | None:
    """How far the rebuild is that has come least far."""
    return min(
        (one["rebuilding"] for one in status["projections"] if one["rebuilding"] is not None), default=None
    )
