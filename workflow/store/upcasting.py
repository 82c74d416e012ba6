"""How older stored events are read: each step turns one stored name into the next.

What is stored is never changed. When an event gets a new shape, it gets a new name (``….v2``), its old name
gets a step here, and its golden files stay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """From one stored name to the event ``to``; ``change`` gets the members as JSON had them.

    ``renamed`` maps a new member to its old name where sealed text stands in it: a box is bound to its place.
    """

    to: str
    change: Callable[[dict[str, Any]], dict[str, Any]]
    renamed: tuple[tuple[str, str], ...] = ()


STEPS: dict[str, Step] = {}
"""By the stored name that the step starts from."""


def upcast(
    name: str, members: dict[str, Any], steps: Mapping[str, Step]
) -> tuple[str, dict[str, Any], tuple[tuple[str, str], ...]]:
    """The newest name and members of a stored event, and what its members were called when it was stored."""
    renamed: dict[str, str] = {}
    while (step := steps.get(name)) is not None:
        name, members = step.to, step.change(members)
        renamed |= {new: renamed.pop(old, old) for new, old in step.renamed}
    return name, members, tuple(renamed.items())


def stored_names(names: Collection[str], steps: Mapping[str, Step] = STEPS) -> list[str]:
    """The names under which events may be stored that are read under these: their own and older ones."""
    found = set(names)
    while older := {name for name, step in steps.items() if step.to in found} - found:
        found |= older
    return sorted(found)
