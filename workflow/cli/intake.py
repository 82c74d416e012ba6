"""``mentoring intake``: what became of the messages, and how far behind we are."""

from __future__ import annotations

from workflow.cli.desk import NOT_NAMED, desk
from workflow.cli.tables import Table, behind, foreign
from workflow.cli.verb import AsJson, Data, emit, out, settings_of, verb

_MEANING = {
    "applied": "taken into a relationship",
    "duplicate": "known before",
    "stale": "overtaken by what was known already",
    "waiting": "`mentoring waiting list`",
    "parked": "`mentoring parked list`",
    "dropped": "given up by an operator",
}


@verb
async def intake(data: Data = None, as_json: AsJson = False) -> None:
    """Count what became of every message received, and tell how far behind the broker we are."""
    settings = settings_of(data)
    async with desk(settings) as at:
        found, running = await at.get("/v1/intake"), at.running
    if as_json:
        emit(found)
        return
    table = Table("messages", "became", "meaning", prose=["meaning"])
    for name, meaning in _MEANING.items():
        table.add(str(found[name]), name, meaning)
    table.add(str(found["received"]), "received", "all of them")
    table.put()
    for upstream in found["upstreams"]:
        out.print(f"taken in up to {upstream['sequence']} of {foreign(upstream['name'])}", soft_wrap=True)
    if found["state"] is None and running:
        out.print(
            "No process takes messages in now; `mentoring health` tells what is missing.", soft_wrap=True
        )
    elif found["state"] is None and settings.database is not None:
        out.print(f"Whether messages are taken in now is not known here: {NOT_NAMED}.", soft_wrap=True)
    elif found["state"] is None:
        out.print("No service runs on this folder, so that nothing is taken in now.")
    else:
        out.print(
            f"{found['state']}, {behind(found['behind'])}; `mentoring health` tells what may be wrong",
            soft_wrap=True,
        )
