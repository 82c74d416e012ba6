"""``mentoring streams``: what is stored of one relationship or programme, event by event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from workflow.aggregates.programme import programme_id
from workflow.cli.desk import Desk, desk
from workflow.cli.relationships import meant, resolve
from workflow.cli.tables import ZONE, Table, foreign, words
from workflow.cli.verb import AsJson, Data, emit_line, out, settings_of, verb
from workflow.errors import Invalid, NotFound
from workflow.web.asking import LONGEST_PAGE

app = typer.Typer(
    no_args_is_help=True, help="Streams: the events of one relationship or programme, as they are stored."
)


@app.command()
@verb
async def show(
    id: Annotated[
        str,
        typer.Argument(
            help="A relationship's id, or at least 4 digits of how that begins; or a programme's id or name.",
        ),
    ],
    data: Data = None,
    beyond: Annotated[int, typer.Option(min=0, help="Only events beyond this version.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show a stream as it is stored: of each event its place, who said it, how it is known and what caused it.

    With --json an event is a line, with all of its members. What is sealed reads `sealed`.
    """
    async with desk(settings_of(data)) as at:
        stream = await _meant(at, id)
        if out.is_terminal and not as_json:
            out.print(f"[bold]{stream}[/]; {ZONE}", soft_wrap=True)
        position: int | None = beyond
        while position is not None:
            page = await at.get(f"/v1/streams/{stream}", beyond=position, limit=LONGEST_PAGE)
            _tell(page["events"], as_json=as_json)
            position = page["next"]


async def _meant(at: Desk, given: str) -> str:
    """The id that is meant, also by a programme's name."""
    try:
        return await resolve(at, meant(given))
    except (Invalid, NotFound):
        named = str(programme_id(given))
        try:
            await at.get(f"/v1/streams/{named}", limit=1)
        except NotFound:
            raise NotFound(
                "no relationship's id begins so, and no programme has this name; "
                "`mentoring relationship list` lists the ids",
                code="stream_unknown",
            ) from None
        return named


def _tell(events: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for event in events:
            emit_line(event)
        return
    table = Table(
        "version", "position", "recorded", "name", "how and why", prose=["recorded", "name", "how and why"]
    )
    for one in events:
        table.add(
            str(one["version"]),
            str(one["position"]),
            _second(one["recorded_at"]),
            words(one["name"].removeprefix("mentoring.")),
            "; ".join(_ways(one)),
        )
    if events:
        table.put()


def _ways(one: dict[str, Any]) -> Iterator[str]:
    """How it is known, when it happened where that is not when it was recorded, who said it and what caused it."""
    yield words(one["provenance"])
    if one["occurred_at"] != one["recorded_at"]:
        yield f"occurred {_second(one['occurred_at'])}"
    if one["by"] is not None:
        yield f"by {one['by']}"
    if one["source"] is not None:
        yield f"caused by {foreign(one['source'])} {foreign(one['message'])}"
    if one["asked_at"] is not None:
        yield f"the clock asked, as of {_second(one['asked_at'])}"
    if one["policy"] is not None:
        yield f"policy {one['policy']}"


def _second(instant: str) -> str:
    return f"{instant[:10]} {instant[11:19]}"
