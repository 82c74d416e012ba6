"""``mentoring relationship``: who is where, and whom to contact, why."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Column, Table

from workflow.aggregates.events import ConcernCode
from workflow.aggregates.moves import State
from workflow.cli.verb import AsJson, Data, desk, emit, out, settings_of, verb

app = typer.Typer(no_args_is_help=True, help="Relationships, as they are folded from their events.")

_PAGE = 1000


@app.command("list")
@verb
async def list_(
    data: Data = None,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    concern: Annotated[ConcernCode | None, typer.Option(help="Only those with this concern.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = _PAGE,
    as_json: AsJson = False,
) -> None:
    """List relationships with their states and concerns."""
    found: list[dict[str, Any]] = []
    beyond = None
    async with desk(settings_of(data)) as at:
        while len(found) < limit:
            page = await at.get(
                "/v1/relationships",
                state=state.value if state else None,
                concern=concern.value if concern else None,
                beyond=beyond,
                limit=min(_PAGE, limit - len(found)),
            )
            found += page["relationships"]
            beyond = page["next"]
            if beyond is None:
                break
    if as_json:
        emit(found)
        return
    table = Table(
        Column("id", no_wrap=True, min_width=36), "state", "opened", "concerns", box=None, header_style="bold"
    )
    for row in found:
        table.add_row(
            row["id"],
            row["state"],
            row["opened_at"][:10],
            ", ".join(one["code"] for one in row["concerns"]) or "–",
        )
    out.print(table)
    out.print(f"{len(found)} relationships{'' if beyond is None else ', and more (see --limit)'}")


@app.command()
@verb
async def show(
    relationship: Annotated[UUID, typer.Argument(help="The relationship's id.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show one relationship: its state, why it needs a look, its journey, what is due and what happened."""
    async with desk(settings_of(data)) as at:
        row = await at.get(f"/v1/relationships/{relationship}")
        timeline = (await at.get(f"/v1/relationships/{relationship}/timeline"))["events"]
    if as_json:
        emit({**row, "timeline": timeline})
        return
    out.print(f"[bold]{row['id']}[/] · {row['state']} · opened {row['opened_at'][:16]}")
    out.print(
        f"possible from here: {', '.join(move.replace('_', ' ') for move in row['possible']) or 'nothing'}"
    )
    for concern in row["concerns"]:
        out.print(
            f"  concern {concern['code']} since {concern['since'][:16]}: clears when {concern['clears']}"
        )
    journey = Table(
        "state", "entered", "left", box=None, header_style="bold", title="journey", title_justify="left"
    )
    for stay in row["journey"]:
        withdrawn = " (withdrawn)" if stay["withdrawn"] else ""
        journey.add_row(stay["state"] + withdrawn, stay["entered_at"][:16], (stay["left_at"] or "–")[:16])
    out.print(journey)
    agenda = Table("due", "what", box=None, header_style="bold", title="agenda", title_justify="left")
    for due in row["agenda"]:
        agenda.add_row(due["due"][:16], due["kind"].replace("_", " "))
    out.print(agenda)
    events = Table(
        "version", "when", "what", box=None, header_style="bold", title="timeline", title_justify="left"
    )
    for event in timeline:
        words = event["name"].split(".")[1].replace("_", " ")
        events.add_row(str(event["version"]), event["event"]["occurred_at"][:16], words)
    out.print(events)
