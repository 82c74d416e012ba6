"""The meetings of one relationship, merged anew from everything that was reported of them.

Kept as a plain list of reports and looked at as a whole, where the service keeps registers up to date.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Event = dict[str, Any]
Key = tuple[str, str | None]

_SCHEDULES = ("meeting_scheduled", "meeting_rescheduled", "meeting_cancelled")
_OUTCOMES = {"meeting_held": "held", "meeting_missed": "missed"}


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the policy that concerns about meetings depend on."""

    in_a_row: int = 2
    of_last: int = 6
    failures_of_last: int = 3
    too_early: timedelta = timedelta(days=14)
    late: timedelta = timedelta(hours=24)

    @classmethod
    def of(cls, document: dict[str, Any]) -> Limits:
        """Those of a policy document."""
        concerns = document["concerns"]
        return cls(
            in_a_row=concerns["in_a_row"],
            of_last=concerns["of_last"],
            failures_of_last=concerns["failures_of_last"],
            too_early=timedelta(days=concerns["too_early_days"]),
            late=timedelta(hours=document["meetings"]["late_cancellation_hours"]),
        )


@dataclass(frozen=True, slots=True)
class Meeting:
    """What stands of one meeting: ``failed_at`` where it was missed or called off late."""

    key: Key
    starts_at: datetime | None
    held: bool
    failed_at: datetime | None
    contradicted_at: datetime | None

    @property
    def subject(self) -> str:
        """How concerns name it."""
        uid, recurrence = self.key
        return uid if recurrence is None else f"{uid}#{datetime.fromisoformat(recurrence).isoformat()}"


@dataclass(slots=True)
class Facts:
    """Everything reported of the meetings of one relationship."""

    reports: list[tuple[str, Event]] = field(default_factory=list)

    def add(self, name: str, event: Event) -> None:
        """Take note of an event, if it is a report of a meeting."""
        if name in _SCHEDULES or name in _OUTCOMES or name == "meeting_outcome_corrected":
            self.reports.append((name, event))

    def meetings(self, late: timedelta) -> list[Meeting]:
        """All meetings, by their start; those without one last."""
        found = [_merge(group, replaced, late) for group, replaced in self._groups()]
        return sorted(found, key=lambda one: (one.starts_at is None, one.starts_at, _order(one.key)))

    def concerns(
        self, opened_at: datetime, limits: Limits, until: datetime
    ) -> dict[tuple[str, str | None], datetime]:
        """The concerns about meetings that stand, if the clock was last asked at ``until`` or later."""
        begin = opened_at + limits.too_early
        if until < begin:
            return {}
        found: dict[tuple[str, str | None], datetime] = {}
        known = [one for one in self.meetings(limits.late) if one.starts_at is not None]
        failing = _failing(known, limits, until)
        if failing is not None:
            found["commitment", None] = max(failing, begin)
        for one in known:
            if one.contradicted_at is not None:
                found["contradictory", one.subject] = one.contradicted_at
        return found

    def _groups(self) -> list[tuple[dict[Key, list[tuple[str, Event]]], set[Key]]]:
        """The reports of each meeting by calendar entry, and which of the entries another came in place of."""
        entries: dict[Key, list[tuple[str, Event]]] = {}
        links: dict[Key, set[Key]] = {}
        for name, event in self.reports:
            key = (event["uid"], event["recurrence_id"])
            entries.setdefault(key, []).append((name, event))
            previous = event.get("previous_uid")
            if previous is not None and previous != event["uid"]:
                links.setdefault(key, set()).add((previous, event["recurrence_id"]))
                links.setdefault((previous, event["recurrence_id"]), set())
        groups = []
        left = {*entries, *links}
        while left:
            group = {left.pop()}
            grown = True
            while grown:
                near = {key for key in left if any(_linked(links, key, other) for other in group)}
                grown = bool(near)
                group |= near
                left -= near
            replaced = {
                previous
                for key in group
                for previous in links.get(key, ())
                if key not in _reached(links, previous)
            }
            groups.append(({key: entries.get(key, []) for key in group}, replaced))
        return groups


def _linked(links: dict[Key, set[Key]], one: Key, other: Key) -> bool:
    return other in links.get(one, ()) or one in links.get(other, ())


def _reached(links: dict[Key, set[Key]], start: Key) -> set[Key]:
    reached, edge = {start}, [start]
    while edge:
        for key in links.get(edge.pop(), set()) - reached:
            reached.add(key)
            edge.append(key)
    return reached


def _order(key: Key) -> tuple[str, str]:
    return key[0], key[1] or ""


def _stamp(event: Event) -> tuple[datetime, str, str]:
    return datetime.fromisoformat(event["occurred_at"]), event["source"], event["message"]


def _schedule_stamp(event: Event) -> tuple[int, datetime, str, str]:
    return event["sequence"], *_stamp(event)


def _merge(entries: dict[Key, list[tuple[str, Event]]], replaced: set[Key], late: timedelta) -> Meeting:
    booking, cancellation = _schedule(entries, replaced)
    reports = [pair for told in entries.values() for pair in told]
    outcomes = [(name, event) for name, event in reports if name in _OUTCOMES]
    corrections = [event for name, event in reports if name == "meeting_outcome_corrected"]
    name, outcome = max(outcomes, key=lambda pair: _stamp(pair[1]), default=(None, None))
    kind = _OUTCOMES[name] if name is not None else None
    correction = max(corrections, key=_stamp, default=None)
    corrected = False
    if correction is not None and correction["outcome"] != "none":
        outcome, kind, corrected = correction, correction["outcome"], True
    elif correction is not None and outcome is not None and _stamp(outcome) <= _stamp(correction):
        outcome = kind = None

    timed = outcome if outcome is not None and outcome["starts_at"] is not None else booking
    starts_at = datetime.fromisoformat(timed["starts_at"]) if timed is not None else None
    ends_at = datetime.fromisoformat(timed["ends_at"]) if timed is not None else None
    called_off = _stamp(cancellation)[0] if cancellation is not None else None
    failed_at = contradicted_at = None
    if kind == "missed":
        failed_at = ends_at
    elif kind is None and called_off is not None and starts_at is not None and starts_at - called_off < late:
        failed_at = called_off
    if outcome is not None and called_off is not None and not corrected:
        contradicted_at = max(called_off, _stamp(outcome)[0])
    return Meeting(min(entries, key=_order), starts_at, kind == "held", failed_at, contradicted_at)


def _schedule(
    entries: dict[Key, list[tuple[str, Event]]], replaced: set[Key]
) -> tuple[Event | None, Event | None]:
    """The booking that counts, and the cancellation where that stands."""
    found = []
    for key, told in entries.items():
        if key in replaced:
            continue
        bookings = [event for name, event in told if name in _SCHEDULES[:2]]
        cancellations = [event for name, event in told if name == _SCHEDULES[2]]
        booking = max(bookings, key=_schedule_stamp, default=None)
        cancellation = max(cancellations, key=_schedule_stamp, default=None)
        if booking and cancellation and _schedule_stamp(booking) > _schedule_stamp(cancellation):
            cancellation = None
        standing = cancellation or booking
        if standing is not None:
            found.append((_stamp(standing), booking, cancellation))
    if not found:
        return None, None
    _, booking, cancellation = max(found, key=lambda one: one[0])
    if booking is None:
        others = [other for _, other, _ in found if other is not None]
        booking = max(others, key=_stamp, default=None)
    return booking, cancellation


def _failing(meetings: list[Meeting], limits: Limits, until: datetime) -> datetime | None:
    """Since when too many meetings did not come about; one held makes good for all before.

    What is told of ahead has not come about otherwise before its time.
    """
    counted = [one for one in meetings if one.held or (one.failed_at is not None and one.failed_at <= until)]
    since: datetime | None = None
    for index, one in enumerate(counted):
        if one.held:
            since = None
            continue
        upto = counted[: index + 1]
        row = upto[-limits.in_a_row :]
        in_a_row = len(row) == limits.in_a_row and not any(other.held for other in row)
        failures = sum(not other.held for other in upto[-limits.of_last :])
        if since is None and (in_a_row or failures >= limits.failures_of_last):
            since = one.failed_at
    return since
