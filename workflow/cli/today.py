"""``mentoring today``: whom to contact now, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from workflow.cli.desk import NOT_NAMED, desk
from workflow.cli.tables import ZONE, Table, days_since, minute
from workflow.cli.verb import AsJson, Data, Spoken, emit, out, settings_of, verb
from workflow.guidance import Language
from workflow.settings import Settings


@verb
async def today(
    data: Data = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many relationships.")] = 20,
    language: Spoken = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Tell whom to contact now, and why: since when each concern stands, and what would clear it.

    The most urgent concern comes first, and among equals the one that stands longest; how urgent each is tells
    docs/domain.md. Closed relationships are not among them.
    """
    settings = settings_of(data)
    async with desk(settings) as at:
        found = await at.get("/v1/today", limit=limit, language=language)
        running = at.running
    if as_json:
        emit(found)
        return
    rows = found["relationships"]
    if not rows:
        out.print(
            f"Nobody: no open relationship has a concern, as of {minute(found['now'])}; {ZONE}.",
            soft_wrap=True,
        )
        _say_if_none_runs(settings, running=running)
        return
    table = Table("relationship", "state", "why", "since", "cleared by", prose=["why", "since", "cleared by"])
    for row in rows:
        named = (row["id"][:8], row["state"])
        for one in row["concerns"]:
            since = f"{one['since'][:10]} ({days_since(one['since'], found['now'])})"
            table.add(*named, one["why"], since, one["clears"])
            named = ("", "")
    table.put()
    shown = "" if len(rows) == found["total"] else f"{len(rows)} of "
    first = rows[0]["concerns"][0]
    if first["guidance"]:
        out.print(f"What may help with the first: {first['guidance']}", markup=False, soft_wrap=True)
    out.print(
        f"{shown}{found['total']} to contact, as of {minute(found['now'])}; {ZONE}. "
        f"`mentoring relationship show {rows[0]['id'][:8]}` tells more of the first.",
        soft_wrap=True,
    )
    _say_if_none_runs(settings, running=running)


def _say_if_none_runs(settings: Settings, *, running: bool) -> None:
    if not running and settings.database is not None:
        out.print(f"Whether a service runs is not known here: {NOT_NAMED}.", soft_wrap=True)
    elif not running:
        out.print(
            "No service runs on this folder, so that no time passes and nothing new is known.", soft_wrap=True
        )
