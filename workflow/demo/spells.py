"""The steps of a course, and its times of stagnation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Step:
    """A state entered, when, and why."""

    state: str
    at: datetime
    why: str


def shift(trail: list[Step], why: str, at: datetime) -> None:
    """The latest step for this reason was taken at another instant. Where the pair stands now stays as it is."""
    index = max(number for number, step in enumerate(trail) if step.why == why)
    trail[index] = replace(trail[index], at=at)


@dataclass(slots=True)
class Spell:
    """A time of stagnation."""

    since: datetime
    declared: bool
    until: datetime | None = None
    withdrawn: bool = False
