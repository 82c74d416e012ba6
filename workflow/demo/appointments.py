"""How appointments go: booked, moved, kept, called off, forgotten, and sometimes set right weeks later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from workflow.demo.cast import DAY, Pair, name
from workflow.demo.reports import Report, Sent

HOUR = timedelta(hours=1)


class Diary:
    """The reports about one pair's meetings, in the order in which they come about.

    A second diary of the same pair is of another ``chapter``, by which its entries have names of their own.
    """

    def __init__(self, seed: int, pair: Pair, random: Random, chapter: str = "") -> None:
        self.sent: list[Sent] = []
        self._chapter = chapter
        self._seed = seed
        self._pair = pair
        self._random = random
        self._meetings = 0
        self._last: dict[str, Any] = {}

    def meeting(self, day: datetime, *, known: datetime, fate: str | None = None) -> tuple[datetime, bool]:
        """An appointment on ``day`` that is made about ``known``. Returns its end and whether it was held.

        Some 31 in a hundred are called off or missed, unless ``fate`` says what becomes of this one.
        """
        random = self._random
        starts = _hour_of(day, random)
        ends = starts + timedelta(minutes=random.choice((45, 60, 60, 90)))
        booked = self._booked_at(known, starts)
        entry = self._entry(starts)
        first = self._say("scheduled", booked, entry, starts_at=starts, ends_at=ends)
        if random.random() < 0.03:  # announced anew under another id, by what was known a little earlier
            earlier = booked - timedelta(minutes=10)
            self._say("scheduled", earlier, entry, starts_at=starts, ends_at=ends, held_up=timedelta(hours=3))
        if random.random() < 0.12 and starts - booked > 3 * DAY:
            first, starts, ends = self._moved(first, starts, ends)
        entry = {"uid": first.uid, "recurrence_id": first.recurrence_id, "sequence": first.sequence}
        self._last = entry
        fate = fate or random.choices(("held", "early", "late", "missed", "silent"), (61, 11, 11, 15, 2))[0]
        if fate in ("early", "late"):
            self._cancelled(entry, booked, starts, fate)
            return ends, False
        if fate == "missed":
            self._missed(entry, starts, ends)
            return ends, False
        if fate == "held":
            self._held(entry, starts, ends, ends + HOUR * random.choice((1, 2, 20)))
        return ends, fate == "held"

    def met_unreported(self, day: datetime, *, told: datetime) -> datetime:
        """A meeting that nobody booked and that is told of only weeks later. Returns its end."""
        starts = _hour_of(day, self._random)
        ends = starts + HOUR
        self._last = self._entry(starts)
        self._say("held", told, self._last, starts_at=starts, ends_at=ends)
        return ends

    def latest(self) -> dict[str, Any]:
        """The calendar entry of the meeting told of last, by which a correction names it."""
        return self._last

    def correct(
        self, entry: dict[str, Any], told: datetime, outcome: str, ends: datetime | None = None
    ) -> None:
        """Set right what a meeting came to; where it was held, perhaps that it ended at another time."""
        begin = None if ends is None else ends - HOUR
        self._say("corrected", told, entry, outcome=outcome, starts_at=begin, ends_at=ends)

    def _entry(self, starts: datetime) -> dict[str, Any]:
        """A calendar entry of its own, or an occurrence of the pair's series named by its original start."""
        self._meetings += 1
        if self._pair.series:
            return {"uid": f"{name(self._seed, self._pair.relationship, 'series')}", "recurrence_id": starts}
        return {"uid": f"{self._name('uid', self._meetings)}"}

    def _name(self, what: str, number: int) -> UUID:
        return name(self._seed, self._pair.relationship, f"{self._chapter}{what}", number)

    def _booked_at(self, known: datetime, starts: datetime) -> datetime:
        latest = starts - 26 * HOUR
        return min(known + HOUR * self._random.choice((1, 3, 22)), latest)

    def _moved(self, first: Report, starts: datetime, ends: datetime) -> tuple[Report, datetime, datetime]:
        """Moved once, and by some services to a new UID."""
        shift = DAY * self._random.choice((1, 2, 3))
        told = first.time + (starts - first.time) * 0.5
        entry: dict[str, Any] = {"uid": first.uid, "recurrence_id": first.recurrence_id, "sequence": 1}
        if self._pair.new_uids and first.recurrence_id is None:
            entry = {"uid": f"{first.uid}-moved", "previous_uid": first.uid}
        starts, ends = starts + shift, ends + shift
        return self._say("rescheduled", told, entry, starts_at=starts, ends_at=ends), starts, ends

    def _cancelled(self, entry: dict[str, Any], booked: datetime, starts: datetime, fate: str) -> None:
        random = self._random
        span = starts - booked
        early = min(starts - min(span * 0.4, 4 * DAY), starts - 25 * HOUR)
        told = early if fate == "early" else starts - HOUR * random.choice((2, 5, 20))
        by = random.randrange(len(self._pair.people)) if random.random() < 0.8 else None
        self._say("cancelled", told, entry | {"sequence": entry["sequence"] + 1}, cancelled_by=by)
        if random.random() < 0.04:  # called off and yet held: contradictory until somebody sets it right
            ends = starts + HOUR
            self._held(entry, starts, ends, ends + HOUR)
            if random.random() < 0.5:
                told = ends + DAY * random.choice((4, 9))
                self._say("corrected", told, entry, outcome="cancelled", cancelled_by=by)

    def _missed(self, entry: dict[str, Any], starts: datetime, ends: datetime) -> None:
        random = self._random
        if random.random() < 0.25:  # told as held, by a service that lists who came: one side alone
            alone = tuple(index for index, person in enumerate(self._pair.people) if person.role == "mentee")
            self._say("held", ends + HOUR, entry, starts_at=starts, ends_at=ends, attended=alone)
        else:
            absent = (random.randrange(len(self._pair.people)),)
            self._say("missed", ends + HOUR, entry, missed_by=absent)
        if random.random() < 0.3:  # a no-show that was none
            told = ends + DAY * random.choice((3, 11, 24))
            outcome = random.choice(("held", "held", "cancelled", "none"))
            self._say("corrected", told, entry, **self._members_of(outcome, starts, ends))

    def _members_of(self, outcome: str, starts: datetime, ends: datetime) -> dict[str, Any]:
        members: dict[str, Any] = {"outcome": outcome}
        if outcome == "held":
            members |= {"starts_at": starts, "ends_at": ends}
        return members

    def _held(self, entry: dict[str, Any], starts: datetime, ends: datetime, told: datetime) -> None:
        everybody = tuple(range(len(self._pair.people)))
        attended = everybody if self._random.random() < 0.5 else None
        self._say("held", told, entry, starts_at=starts, ends_at=ends, attended=attended)

    def _say(
        self,
        kind: str,
        time: datetime,
        entry: dict[str, Any],
        *,
        held_up: timedelta = timedelta(),
        **members: Any,
    ) -> Report:
        number = len(self.sent)
        time = time.replace(microsecond=0) + timedelta(milliseconds=number % 1000)
        report = Report(
            kind=kind,
            relationship=self._pair.relationship,
            source=self._pair.source,
            id=str(self._name("message", number)),
            time=time,
            **(entry | members),
        )
        if kind in ("held", "missed", "corrected"):
            report = replace(report, sequence=0)
        if self._pair.departure is not None:
            report = self._without_who_left(report)
        self.sent.append(Sent(at=time + held_up, report=report))
        return report

    def _without_who_left(self, report: Report) -> Report:
        """A calendar does not name who has left by then; the other of the two missed it, or called it off."""
        there = self._pair.there(report.time)
        people = self._pair.people

        def other(index: int) -> int:
            return next(one for one in there if people[one].role == people[index].role)

        def still(index: int) -> int:
            return index if index in there else other(index)

        return replace(
            report,
            attended=None if report.attended is None else tuple(i for i in report.attended if i in there),
            missed_by=tuple(still(index) for index in report.missed_by),
            cancelled_by=None if report.cancelled_by is None else still(report.cancelled_by),
        )


def _hour_of(day: datetime, random: Random) -> datetime:
    return day.replace(
        hour=random.choice((9, 10, 12, 13, 14, 16)),
        minute=random.choice((0, 15, 30)),
        second=0,
        microsecond=0,
    )
