"""When nothing is heard of a pair: the last sign of life, and what holds a suspicion off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from workflow.demo.cast import DAY
from workflow.demo.merging import Standing

UNREPORTED = 3 * DAY
"""So long after its end a meeting that nobody reported on is called unconfirmed."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """What the meetings known, the day since when the pair is active and its pauses say about silence.

    ``resumed`` is when each pause ended; ``resting``: one goes on, and silence means nothing.
    """

    meetings: list[Standing]
    active: datetime | None
    cadence: timedelta
    resumed: tuple[datetime, ...] = ()
    resting: bool = False

    def held(self) -> list[datetime]:
        """The ends of the meetings held, in order."""
        return sorted(m.ends_at for m in self.meetings if m.status == "held" and m.ends_at is not None)

    def anchor(self, until: datetime | None = None) -> datetime | None:
        """The last sign of life, or the last one ``until`` then."""
        signs = [end for end in self.held() if until is None or end <= until]
        if self.active is not None:
            signs.append(self.active)
        if signs:
            signs += [end for end in self.resumed if until is None or end <= until]
        return max(signs, default=None)

    def calm(self) -> list[tuple[datetime, datetime]]:
        """When bookings hold a suspicion off; a first one that nobody reported on does so for longer."""
        anchor, near = self.anchor(), 0.5 * self.cadence
        spans: list[tuple[datetime, datetime]] = []
        for meeting in self.meetings:
            starts, ends = meeting.starts_at, meeting.ends_at
            if starts is None or ends is None or anchor is None or ends <= anchor:
                continue
            if meeting.status == "scheduled":
                spans.append((starts - near, ends + (UNREPORTED if spans else max(UNREPORTED, near))))
            elif meeting.status == "unconfirmed" and not spans:
                spans.append((starts - near, ends + near))
        return spans

    def begins(self) -> datetime | None:
        """One and a half cadences after the last sign of life, whatever is booked."""
        anchor = None if self.resting else self.anchor()
        return None if anchor is None else anchor + 1.5 * self.cadence

    def suspicious(self, at: datetime) -> bool:
        """Whether nothing was heard for long, and nothing is booked that would change it."""
        begins = self.begins()
        return begins is not None and at >= begins and not any(a <= at < b for a, b in self.calm())

    def lasts(self, since: datetime, at: datetime) -> bool:
        """Whether a suspicion of then had its ground, and no booking since has held one off to its end."""
        begins = self.begins()
        return begins is not None and begins <= since and not any(since < end <= at for _, end in self.calm())

    def edges(self) -> list[datetime]:
        """Every instant at which the suspicion may come or go."""
        begins = self.begins()
        return [] if begins is None else [begins, *(edge for span in self.calm() for edge in span)]

    def unreported(self) -> list[tuple[datetime, Standing]]:
        """The meetings that nobody reported on yet, and when each will be called unconfirmed."""
        return [
            (m.ends_at + UNREPORTED, m)
            for m in self.meetings
            if m.status == "scheduled" and m.ends_at is not None
        ]
