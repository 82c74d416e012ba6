"""The steps of a course, and its times of stagnation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Step:
    """A state entered, when, and why."""

    state: str
    at: datetime
    why: str


@dataclass(slots=True)
class Spell:
    """A time of stagnation."""

    since: datetime
    declared: bool
    until: datetime | None = None
    withdrawn: bool = False
