"""Pauses: when each began and, by all that is known, when it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Rest:
    """One pause. ``lapsed``: its last day has been seen to pass."""

    since: datetime
    until: datetime
    said: datetime | None = None
    lapsed: bool = False

    def ended(self, held: Iterable[datetime]) -> datetime | None:
        """By a word or by its last day, or before that by the first meeting held after it began."""
        last = self.said if self.said is not None else self.until if self.lapsed else None
        met = min((end for end in held if end > self.since), default=None)
        return met if met is not None and met < (last or self.until) else last


class Rests:
    """All pauses of one pair, each begun after the one before it ended."""

    def __init__(self) -> None:
        self._rests: list[Rest] = []

    def begin(self, now: datetime, until: datetime, held: list[datetime]) -> bool:
        """False where it is refused: nobody rests twice at once."""
        if self.resting(held):
            return False
        self._rests.append(Rest(now, until))
        return True

    def end(self, now: datetime, held: list[datetime]) -> None:
        """Somebody says that it goes on."""
        if self.resting(held):
            self._rests[-1].said = now

    def pass_time(self, now: datetime, held: list[datetime]) -> None:
        """A pause that goes on until its last day is over then."""
        if self.resting(held) and self._rests[-1].until <= now:
            self._rests[-1].lapsed = True

    def resting(self, held: list[datetime]) -> bool:
        """Whether the latest pause goes on."""
        return bool(self._rests) and self._rests[-1].ended(held) is None

    def ended(self, held: list[datetime]) -> list[datetime]:
        """When those ended that did."""
        ends = (rest.ended(held) for rest in self._rests)
        return [end for end in ends if end is not None]

    def lapses(self, held: list[datetime]) -> datetime | None:
        """When the present pause is over by itself."""
        return self._rests[-1].until if self.resting(held) else None
