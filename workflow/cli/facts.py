"""How something that happened is told in one line."""

from __future__ import annotations

from typing import Any

from workflow.aggregates.moves import Move
from workflow.cli.tables import foreign, words
from workflow.cli.verb import emit_line, out

DOING: dict[Move, str] = {
    Move.COMPLETE_ONBOARDING: "every party confirms its commitment",
    Move.CONCLUDE_AGREEMENT: "an agreement is drafted, and every party signs it or confirms it orally",
    Move.STAGNATE: "a party or the coordinator declares it",
    Move.REINVIGORATE: "the pair takes a fresh look with measures, meets, and completes one of them or gives it up",
    Move.CLOSE: "a party or the coordinator ends it, saying how and why",
}
"""Whose doing brings a move about, and what it is."""


def told(recorded: dict[str, Any]) -> str:
    """What happened, and what it led to."""
    event = recorded["event"]
    said = words(recorded["name"].split(".")[1])
    about = [words(event[member]) for member in ("code", "kind", "move") if event.get(member)]
    about += [event[member] for member in ("subject", "uid") if event.get(member)]
    if event.get("outcome"):
        about.append(event["outcome"])
    if about:
        said += f": {', '.join(about)}"
    return f"{said} → {event['entered']}" if event.get("entered") else said


def tell(recorded: dict[str, Any], *, as_json: bool) -> None:
    """Print an event of the log on one line."""
    if as_json:
        emit_line(recorded)
        return
    when = f"{recorded['event']['occurred_at'][:19]}Z"
    whose = f"{recorded['position']:>8}  {when}  {recorded['stream']}"
    out.print(f"{whose}  {foreign(told(recorded))}", soft_wrap=True)
