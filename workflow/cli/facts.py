"""How something that happened is told in one line."""

from __future__ import annotations

from typing import Any

from workflow.cli.tables import words


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
