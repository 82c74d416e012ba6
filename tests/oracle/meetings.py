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
_OTHERS = ("meeting_outcome_corrected", "meeting_outcome_unconfirmed")
_OUTCOMES = {"meeting_held": "held", "meeting_missed": "missed"}


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the policy that concerns depend on, its defaults first."""

    in_a_row: int = 2
    of_last: int = 6
    failures_of_last: int = 3
    too_early: timedelta = timedelta(days=14)
    late: timedelta = timedelta(hours=24)
    unconfirmed: timedelta = timedelta(hours=72)
    unconfirmed_in_a_row: int = 2
    no_first_meeting: timedelta = timedelta(days=14)
    stuck: timedelta = timedelta(days=21)
    first_month: timedelta = timedelta(days=30)
    contact_often: timedelta = timedelta(days=15)
    contact_seldom: timedelta = timedelta(days=30)
    contact_late: timedelta = timedelta(days=7)
    goal_by_held: int = 2
    review_within_held: int = 2
    review_within: timedelta = timedelta(days=60)
    review_measures: timedelta = timedelta(days=30)
    low_mean: float = 3.0
    drop: float = 1.0
    onboarding_steps: frozenset[str] = frozenset()

    @classmethod
    def of(cls, document: dict[str, Any]) -> Limits:
        """Those of a policy document."""
        concerns, meetings, support = document["concerns"], document["meetings"], document["support"]
        onboarding, goals = document["onboarding"], document["goals"]
        return cls(
            in_a_row=concerns["in_a_row"],
            of_last=concerns["of_last"],
            failures_of_last=concerns["failures_of_last"],
            too_early=timedelta(days=concerns["too_early_days"]),
            late=timedelta(hours=meetings["late_cancellation_hours"]),
            unconfirmed=timedelta(hours=meetings["unconfirmed_after_hours"]),
            unconfirmed_in_a_row=meetings["unconfirmed_in_a_row"],
            no_first_meeting=timedelta(days=onboarding["no_first_meeting_days"]),
            stuck=timedelta(days=onboarding["stuck_after_days"]),
            first_month=timedelta(days=support["first_month_days"]),
            contact_often=timedelta(days=support["first_month_every_days"]),
            contact_seldom=timedelta(days=support["then_every_days"]),
            contact_late=timedelta(days=support["late_after_days"]),
            goal_by_held=goals["first_by_held"],
            review_within_held=goals["review_within_held"],
            review_within=timedelta(days=goals["review_within_days"]),
            review_measures=timedelta(days=document["fresh_look"]["review_after_days"]),
            low_mean=document["dialogue"]["low_mean"],
            drop=document["dialogue"]["drop"],
            onboarding_steps=frozenset(onboarding["steps"]),
        )


@dataclass(frozen=True, slots=True)
class Meeting:
    """What stands of one meeting: ``failed_at`` where it was missed or called off late.

    ``booked_at`` is the earliest time at which anybody is told to have booked it.
    """

    key: Key
    status: str
    starts_at: datetime | None
    ends_at: datetime | None
    booked_at: datetime | None
    cancelled_at: datetime | None
    reported_at: datetime | None
    failed_at: datetime | None
    contradicted_at: datetime | None

    @property
    def held(self) -> bool:
        """Whether it took place."""
        return self.status == "held"

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
        if name in _SCHEDULES or name in _OUTCOMES or name in _OTHERS:
            self.reports.append((name, event))

    def meetings(self, late: timedelta) -> list[Meeting]:
        """All meetings, by their start; those without one last."""
        found = [_merge(group, replaced, late) for group, replaced in self._groups()]
        return sorted(found, key=lambda one: (one.starts_at is None, one.starts_at, _order(one.key)))

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

    unconfirmed = {event["ends_at"] for name, event in _latest_unconfirmed(entries)}
    timed = outcome if outcome is not None and outcome["starts_at"] is not None else booking
    starts_at = datetime.fromisoformat(timed["starts_at"]) if timed is not None else None
    ends_at = datetime.fromisoformat(timed["ends_at"]) if timed is not None else None
    called_off = _stamp(cancellation)[0] if cancellation is not None else None
    failed_at = contradicted_at = None
    if kind == "missed":
        failed_at = ends_at
    elif kind is None and called_off is not None and starts_at is not None and starts_at - called_off < late:
        failed_at = called_off
    if kind is None and booking is not None and called_off is None:
        kind = "unconfirmed" if booking["ends_at"] in unconfirmed else "scheduled"
    if outcome is not None and called_off is not None and not corrected:
        contradicted_at = max(called_off, _stamp(outcome)[0])
    if kind is None:
        kind = "unknown" if called_off is None else "cancelled"
    return Meeting(
        key=min(entries, key=_order),
        status=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        booked_at=min((_stamp(event)[0] for name, event in reports if name in _SCHEDULES[:2]), default=None),
        cancelled_at=called_off if outcome is None else None,
        reported_at=_stamp(outcome)[0] if outcome is not None else None,
        failed_at=failed_at,
        contradicted_at=contradicted_at,
    )


def _latest_unconfirmed(entries: dict[Key, list[tuple[str, Event]]]) -> list[tuple[str, Event]]:
    """Of each calendar entry, what was said last of nobody having told of it."""
    found = [[pair for pair in told if pair[0] == _OTHERS[1]] for told in entries.values()]
    return [told[-1] for told in found if told]


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


def failing(meetings: list[Meeting], limits: Limits, until: datetime) -> datetime | None:
    """Since when too many meetings did not come about; one held makes good for all before.

    What is told ahead of a meeting that is still to fail has not failed ``until`` then.
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
