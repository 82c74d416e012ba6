"""What stands of a meeting, worked out from everything that was ever said about it.

A model of its own, written from the domain's words for the sake of comparison: it keeps all reports and
works out anew what they come to, where the service keeps registers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflow.demo.cast import Pair
from workflow.demo.reports import Report

Entry = tuple[str, datetime | None]
TIMES = ("scheduled", "rescheduled")
OUTCOMES = ("held", "missed")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a meeting came to."""

    name: str
    status: str
    starts_at: datetime | None
    ends_at: datetime | None


class Meetings:
    """All that is known about one pair's meetings."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._reports: list[Report] = []
        self._unconfirmed: set[tuple[str, datetime | None]] = set()
        self._standing: list[Standing] | None = None

    def learn(self, report: Report) -> bool:
        """Take a report in. False where it is *stale*: it changes nothing that could stand."""
        entry = (report.uid, report.recurrence_id)
        rank = _by_sequence if report.kind in (*TIMES, "cancelled") else _by_time
        rivals = [
            known
            for known in self._reports
            if (known.uid, known.recurrence_id) == entry and _register(known) == _register(report)
        ]
        news = all(rank(report) > rank(known) for known in rivals)
        joins = report.previous_uid is not None and entry not in self._joined(report.previous_uid)
        if report.kind in (*TIMES, "cancelled") and entry in self._replaced():
            news = False
        self._reports.append(report)
        self._standing = None
        return news or joins

    def knows(self, uid: str, recurrence: datetime | None) -> bool:
        """Whether anything was ever said of a calendar entry."""
        return any((known.uid, known.recurrence_id) == (uid, recurrence) for known in self._reports)

    def call_unconfirmed(self, meeting: Standing) -> None:
        """Nobody reported on it in time."""
        self._unconfirmed.add((meeting.name, meeting.ends_at))
        self._standing = None

    def standing(self) -> list[Standing]:
        """What stands of every meeting whose start is known, by start."""
        if self._standing is None:
            replaced = self._replaced()
            found = (self._stands(entries, replaced) for entries in self._groups())
            known = [meeting for meeting in found if meeting.starts_at is not None]
            self._standing = sorted(known, key=lambda meeting: (meeting.starts_at, meeting.name))
        return self._standing

    def _joined(self, previous: str) -> set[Entry]:
        return {(known.uid, known.recurrence_id) for known in self._reports if known.previous_uid == previous}

    def _replaced(self) -> set[Entry]:
        """The entries that another came in place of (no story has a cycle)."""
        return {
            (known.previous_uid, known.recurrence_id)
            for known in self._reports
            if known.previous_uid is not None
        }

    def _groups(self) -> Iterable[list[Entry]]:
        """Calendar entries that are one meeting: those joined by a new UID, else each alone."""
        first: dict[Entry, Entry] = {}
        for known in sorted(self._reports, key=lambda known: known.time):
            entry = (known.uid, known.recurrence_id)
            if known.previous_uid is not None:
                previous = (known.previous_uid, known.recurrence_id)
                first[entry] = first.get(previous, previous)
        groups: dict[Entry, set[Entry]] = defaultdict(set)
        for known in self._reports:
            entry = (known.uid, known.recurrence_id)
            groups[first.get(entry, entry)] |= {entry, first.get(entry, entry)}
        return [sorted(entries, key=lambda entry: entry[0]) for entries in groups.values()]

    def _stands(self, entries: list[Entry], replaced: set[Entry]) -> Standing:
        uid, recurrence = entries[0]
        name = uid if recurrence is None else f"{uid}#{recurrence.isoformat()}"
        about = [known for known in self._reports if (known.uid, known.recurrence_id) in entries]
        schedule = [known for known in about if (known.uid, known.recurrence_id) not in replaced]
        time = max((known for known in schedule if known.kind in TIMES), key=_by_sequence, default=None)
        off = max((known for known in schedule if known.kind == "cancelled"), key=_by_sequence, default=None)
        if off is not None and time is not None and _by_sequence(time) > _by_sequence(off):
            off = None
        starts, ends = (time.starts_at, time.ends_at) if time is not None else (None, None)
        outcome = self._outcome(about)
        if outcome is not None:
            status, told = outcome
            if told.starts_at is not None:
                starts, ends = told.starts_at, told.ends_at
        elif off is not None:
            status = "cancelled"
        else:
            status = "unconfirmed" if (name, ends) in self._unconfirmed else "scheduled"
        return Standing(name, status, starts, ends)

    def _outcome(self, about: list[Report]) -> tuple[str, Report] | None:
        """The latest correction; where that withdraws, the latest report after it."""
        correction = max((known for known in about if known.kind == "corrected"), key=_by_time, default=None)
        told = max((known for known in about if known.kind in OUTCOMES), key=_by_time, default=None)
        if correction is not None and correction.outcome != "none":
            return self._came(correction, correction.outcome or ""), correction
        if told is None or (correction is not None and _by_time(told) <= _by_time(correction)):
            return None
        return self._came(told, told.kind), told

    def _came(self, told: Report, status: str) -> str:
        """Held only where a mentor and a mentee came."""
        if status != "held" or told.attended is None:
            return status
        came = {self._pair.people[index].role for index in told.attended}
        return "held" if came == {"mentor", "mentee"} else "missed"


def _register(report: Report) -> str:
    return "time" if report.kind in TIMES else "outcome" if report.kind in OUTCOMES else report.kind


def _by_sequence(report: Report) -> Any:
    return report.sequence, report.time, report.source, report.id


def _by_time(report: Report) -> Any:
    return report.time, report.source, report.id
