"""What a demonstration shows at its end, in the terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.table import Table

from workflow.demo.cast import DAY
from workflow.demo.findings import STATES, Findings, Trail

SHOWN = 12
WHY = {
    "commitment": "meetings called off late or missed",
    "silence": "nothing heard for long, nothing booked",
    "contradictory": "a meeting was called off, and yet reported on",
    "no_fresh_look": "stagnation without a fresh look and measures",
}
"""A concern in a coordinator's words."""


def show(console: Console, found: Findings, start: datetime, end: datetime) -> None:
    """States over time, whom to contact and why, and what became of the messages."""
    console.print(Group(states_over_time(found, start, end), whom_to_contact(found, end), figures(found)))


def states_over_time(found: Findings, start: datetime, end: datetime) -> Table:
    """How many relationships stood where, by the month, as it was known then."""
    table = Table(title="Relationships in each state, every four weeks", title_justify="left")
    table.add_column("on")
    for state in STATES:
        table.add_column(state, justify="right")
    instants = [start + 28 * DAY * number for number in range(1, 1 + (end - start) // (28 * DAY))]
    for instant in [*instants, end]:
        at = str(instant)
        states = [_state_at(trail, at) for trail in found.trails.values()]
        table.add_row(f"{instant:%d %b %Y}", *(str(states.count(state) or "·") for state in STATES))
    return table


def _state_at(trail: Trail, at: str) -> str | None:
    return next((state for state, entered in reversed(trail) if entered <= at), None)


def whom_to_contact(found: Findings, now: datetime) -> Table:
    """Open relationships with concerns: the most concerns first, then the oldest."""
    rows = [row for row in found.rows if row["concerns"] and row["state"] != "closure"]
    rows.sort(
        key=lambda row: (-len(row["concerns"]), min(one["since"] for one in row["concerns"]), row["id"])
    )
    table = Table(title=f"Whom to contact now, and why ({len(rows)} relationships)", title_justify="left")
    for heading in ("relationship", "state", "why", "for", "what would clear it"):
        table.add_column(heading, justify="right" if heading == "for" else "left")
    for row in rows[:SHOWN]:
        table.add_row(
            row["id"][:8],
            row["state"],
            *_columns(sorted(row["concerns"], key=lambda one: str(one["since"])), now),
        )
    if len(rows) > SHOWN:
        table.add_row("…", "", f"{len(rows) - SHOWN} more: `mentoring relationship list`", "", "")
    return table


def _columns(concerns: list[dict[str, Any]], now: datetime) -> tuple[str, str, str]:
    days = [(now - datetime.fromisoformat(one["since"])).days for one in concerns]
    return (
        "\n".join(WHY.get(one["code"], one["code"]) for one in concerns),
        "\n".join(f"{count} days" for count in days),
        "\n".join(one["clears"] for one in concerns),
    )


def figures(found: Findings) -> Table:
    """The messages by what became of them, and what the relationships went through."""
    summary = found.summary()
    table = Table(title="What came of it", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column()
    messages = ("applied", "duplicate", "stale", "waiting", "parked", "dropped")
    table.add_row(
        f"{summary['received']} messages", " · ".join(f"{summary[name]} {name}" for name in messages)
    )
    table.add_row(f"{summary['events']} events", f"{summary['verify']['rows']} rows folded from them")
    courses = ("ever_stagnated", "reinvigorated", "withdrawn", "closed")
    table.add_row(
        f"{len(found.rows)} relationships",
        " · ".join(f"{summary[name]} {name.replace('_', ' ')}" for name in courses),
    )
    for what in ("reminders", "concerns"):
        kinds = " · ".join(f"{number} {kind}" for kind, number in summary[what].items())
        table.add_row(f"{sum(summary[what].values())} {what}", kinds)
    equal = "equal, row by row" if summary["verify"]["equal"] else "[red]different[/red]"
    table.add_row("folded anew", f"{equal}: {summary['verify']['hash']}")
    return table
