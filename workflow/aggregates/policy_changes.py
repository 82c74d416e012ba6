"""What one policy says otherwise than another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from workflow.aggregates.policy import Policy


class Change(NamedTuple):
    """A number that differs, such as ``silence.suspected_after``."""

    member: str
    before: Any
    after: Any


def changes(before: Policy, after: Policy) -> list[Change]:
    """Every number that ``after`` says otherwise, in the order of the document."""
    return list(_changes(before, after))


def _changes(before: Policy, after: Policy) -> Iterator[Change]:
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    for section, members in new.items():
        for name, value in members.items():
            if old[section][name] != value:
                yield Change(f"{section}.{name}", old[section][name], value)
