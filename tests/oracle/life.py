"""One relationship, as the printed log tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate

from tests.oracle.concerns import Care, Concerns
from tests.oracle.deeds import Deeds
from tests.oracle.meetings import Facts, Limits, Meeting


@dataclass(slots=True)
class Entry:
    """Entering a state: by which move, and when."""

    move: str | None
    state: str
    at: datetime
    declared: bool | None = None


@dataclass(slots=True)
class Goal:
    """One goal: how often it was reviewed, the latest review's day and how far it had come by then."""

    set_at: datetime
    reviews: int = 0
    revisions: int = 0
    reviewed_at: datetime | None = None
    reached_percent: int | None = None
    status: str = "open"
    ended_at: datetime | None = None


@dataclass(slots=True)
class Life:
    """One relationship. ``entries`` are those that stand: what was withdrawn never was.

    ``trail`` holds the states in the order in which they were entered at the time; ``people`` is how many parties
    it began with, ``left`` who of them is gone, and since when.
    """

    id: str
    opened_at: datetime
    entries: list[Entry]
    roles: dict[str, str]
    people: int
    left: dict[str, datetime] = field(default_factory=dict)
    committed: set[str] = field(default_factory=set)
    steps: set[str] = field(default_factory=set)
    active_since: datetime | None = None
    term_ends_at: datetime | None = None
    closed_at: datetime | None = None
    suspected_since: datetime | None = None
    concerns: Concerns = field(default_factory=dict)
    withdrawn: list[Entry] = field(default_factory=list)
    trail: list[str] = field(default_factory=lambda: ["onboarding"])
    stagnations: int = 0
    reinvigorations: int = 0
    reminders: list[tuple[str, str | None, str, int]] = field(default_factory=list)
    goals: dict[str, Goal] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    care: Care = field(default_factory=Care)
    limits: Limits = field(default_factory=Limits)
    adopted: list[tuple[datetime, Limits]] = field(default_factory=list)
    deeds: Deeds = field(default_factory=Deeds)
    faults: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state that it is in."""
        return self.entries[-1].state

    @property
    def stays(self) -> list[tuple[str, datetime, datetime | None, str | None, bool | None]]:
        """State, entered, left, by which move, declared or inferred."""
        # What a late fact moved past something declared since cannot have ended before it began.
        entered = list(accumulate((entry.at for entry in self.entries), max))
        return [
            (entry.state, at, left, entry.move, entry.declared)
            for entry, at, left in zip(self.entries, entered, [*entered[1:], None], strict=True)
        ]

    def notice(self, at: datetime) -> timedelta:
        """How much the policy in force at an instant asked for; before the first, what that asks for."""
        known = [limits for since, limits in self.adopted if since <= at]
        return (known[-1] if known else self.adopted[0][1] if self.adopted else Limits()).late

    @property
    def meetings(self) -> list[Meeting]:
        """What stands of its meetings."""
        return self.facts.meetings(self.limits.late)
