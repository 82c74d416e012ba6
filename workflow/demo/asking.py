"""What a pair does in the portal beside its meetings, written down subject by subject.

Each subject has a Random of its own, so that what is added to one leaves the others as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from workflow.demo.cast import DAY, START, Cast, Pair, Person, name
from workflow.demo.reports import Call, Report


@dataclass(frozen=True, slots=True)
class Lived:
    """A life as far as it is written: since when the pair is active, until when, and what its calendar says."""

    pair: Pair
    active: datetime | None
    until: datetime
    closed: datetime | None
    reports: tuple[Report, ...]
    calls: tuple[Call, ...]

    def met(self) -> list[datetime]:
        """The ends of the meetings told as held by everybody, in order."""
        ends = (
            report.ends_at
            for report in self.reports
            if report.kind == "held"
            and (report.attended is None or len(report.attended) == len(self.pair.people))
        )
        return sorted(end for end in ends if end is not None and end < self.until)


class Asking:
    """The calls of one subject. What would lie outside of the relationship's time is left out."""

    def __init__(self, cast: Cast, lived: Lived, subject: str) -> None:
        self.random = Random(f"{subject}/{cast.seed}/{lived.pair.relationship}")
        self.calls: list[Call] = []
        self.lived = lived
        self._cast = cast
        self._subject = subject

    def by(self, kind: str, day: datetime, person: Person, **members: Any) -> None:
        """A party does it."""
        self._add(kind, day, role=person.role, person=person.id, **members)

    def by_coordinator(self, kind: str, day: datetime, **members: Any) -> None:
        """The coordinator does it."""
        self._add(kind, day, role="coordinator", person=self.lived.pair.coordinator, **members)

    def _add(self, kind: str, day: datetime, **members: Any) -> None:
        pair = self.lived.pair
        number = -(-(max(day, pair.opens) - START) // DAY)
        repeated = self.random.random() < 0.02
        if START + number * DAY >= self._cast.end:
            return
        self.calls.append(
            Call(
                kind=kind,
                relationship=pair.relationship,
                key=name(self._cast.seed, pair.relationship, self._subject, len(self.calls)),
                day=number,
                repeated=repeated,
                **members,
            )
        )
