"""docs/states.md: the states and moves, drawn from the machine that runs."""

from __future__ import annotations

from workflow.aggregates.events import EVENTS
from workflow.aggregates.moves import FOLLOWS, MACHINE, MOVES, Move, State
from workflow.cli.docs.markdown import codes, page, table, words


def diagram() -> str:
    """The machine as a Mermaid state diagram."""
    moves = [
        f"    {transition.source} --> {transition.dest}: {words(trigger)}"
        for trigger, event in MACHINE.events.items()
        for transitions in event.transitions.values()
        for transition in transitions
    ]
    lines = ["stateDiagram-v2", f"    [*] --> {MACHINE.initial}", *moves, f"    {State.CLOSURE} --> [*]"]
    return "\n".join(lines) + "\n"


def states() -> str:
    """The page."""
    moves = [[words(move), codes([*sources]), f"`{target}`"] for move, sources, target in MOVES]
    return page(
        "States and moves",
        "When a move is made, and what it means to the people in it, stands in [domain.md](domain.md).",
        f"```mermaid\n{diagram()}```",
        f"There are {len(State)} states and {len(Move)} moves. A command that asks for a move outside this "
        "table is refused, and the refusal lists the moves that are possible from where it stands: "
        "those that people bring about, with their routes, apart from those that follow by themselves "
        f"({', '.join(f'*{words(move)}*' for move in Move if move in FOLLOWS)}).",
        table(["move", "from", "to"], moves),
        "## The facts that say so",
        "A fact that moves a relationship says which state was `entered`. Nobody who reads it later asks "
        "today's table, so the table can change without changing the past.",
        table(["fact", "the state entered"], _entering()),
    )


def _entering() -> list[list[str]]:
    rows = []
    for name, event in EVENTS.items():
        if "entered" in event.model_fields:
            default = event.model_fields["entered"].default
            link = f"[`{name}`](events.md#{name.replace('.', '')})"
            rows.append([link, f"`{default}`" if isinstance(default, State) else "as it says, if any"])
    return rows
