"""What a demonstration shows at its end, in the terminal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console, Group
from rich.table import Table

from workflow.demo.cast import DAY
from workflow.demo.findings import STATES, Findings, Trail

SHOWN = 12
CHANGES = {
    "identity_added": "new addresses",
    "party_left": "departures",
    "topic_reclassified": "topics for fewer",
    "destroyed": "destroyed",
    "policy_adopted": "policies",
}
"""Events that change who takes part, what may be known, and by which rules; and what they are called when counted."""


def show(console: Console, found: Findings, start: datetime, end: datetime) -> None:
    """States over time, whom to contact and why, and what became of the messages."""
    console.print(Group(states_over_time(found, start, end), whom_to_contact(found.today), figures(found)))


def states_over_time(found: Findings, start: datetime, end: datetime) -> Table:
    """How many relationships stood where, by the month; what was withdrawn since counts as it did then."""
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


def whom_to_contact(today: dict[str, Any]) -> Table:
    """Open relationships with concerns, as the service itself puts them in order."""
    rows, now = today["relationships"], datetime.fromisoformat(today["now"])
    table = Table(
        title=f"Whom to contact now, and why ({today['total']} relationships)", title_justify="left"
    )
    for heading in ("relationship", "state", "why", "for", "cleared by"):
        table.add_column(heading, justify="right" if heading == "for" else "left")
    for row in rows[:SHOWN]:
        named = (row["id"][:8], row["state"])
        for one in row["concerns"]:
            days = (now - datetime.fromisoformat(one["since"])).days
            table.add_row(*named, one["why"], f"{days} days", one["clears"])
            named = ("", "")
    if today["total"] > SHOWN:
        table.add_row("…", "", f"{today['total'] - SHOWN} more: `mentoring today`", "", "")
    return table


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
    goals = summary["goals_by_second_meeting"]
    table.add_row(
        f"{summary['check_ins']} check-ins",
        f"{summary['support_contacts']} support contacts · "
        f"a goal by the second meeting: {goals['set']} of {goals['of']} pairs",
    )
    changed = {what: found.events[f"mentoring.{name}.v1"] for name, what in CHANGES.items()}
    table.add_row(
        f"{sum(changed.values())} changes", " · ".join(f"{number} {what}" for what, number in changed.items())
    )
    for what in ("reminders", "concerns"):
        kinds = " · ".join(f"{number} {kind}" for kind, number in summary[what].items())
        table.add_row(f"{sum(summary[what].values())} {what}", kinds)
    equal = "equal, row by row" if summary["verify"]["equal"] else "[red]different[/red]"
    table.add_row("folded anew", f"{equal}: {summary['verify']['hash']}")
    return table
