"""The lists of meetings that rules ask for, kept sorted while one meeting after another changes.

Whoever has lists must not change them: the states before and after a decision share those in which nothing changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, TypeVar

from workflow.aggregates.meetings import Meeting, Status, key_order

# Named once: an enumeration's member is looked up several times as slowly as a module's.
_HELD, _UNCONFIRMED, _CANCELLED = Status.HELD, Status.UNCONFIRMED, Status.CANCELLED
_PENDING = (Status.SCHEDULED, Status.UNCONFIRMED)
_FAILED = (Status.MISSED, Status.CANCELLED, Status.UNKNOWN)

Ended = tuple[datetime, Meeting]
"""A meeting that was held, and its end."""

T = TypeVar("T", Meeting, Ended)

_start: Callable[[Any], datetime] = attrgetter("starts_at")
_end: Callable[[Any], datetime] = itemgetter(0)


class MeetingLists:
    """The meetings with a known start, and those among them that rules look at.

    By start: all ``meetings``; the ``pending`` ones, of which nobody has said yet what they came to; the ``failed``
    ones, missed or called off, and those of them ``unkept`` since the last one held; the ``unreported`` ones, that
    are unconfirmed and after the last one of which somebody told the outcome; the ``contradicted`` ones. By end, the
    ``held`` ones. ``stands``: one of them was not called off.
    """

    __slots__ = (
        "_fails_until",
        "contradicted",
        "failed",
        "held",
        "meetings",
        "pending",
        "stands",
        "unkept",
        "unreported",
    )

    def __init__(
        self,
        meetings: list[Meeting],
        held: list[Ended],
        pending: list[Meeting],
        failed: list[Meeting],
        contradicted: list[Meeting],
    ) -> None:
        self.meetings, self.held, self.pending, self.failed = meetings, held, pending, failed
        self.contradicted = contradicted
        self._fails_until: datetime | None = None
        self.unkept = _since_held(meetings) if failed else failed
        self.unreported = _unreported(meetings) if pending else pending
        self.stands = _any_stands(meetings)

    @classmethod
    def of(cls, everything: Iterable[Meeting]) -> MeetingLists:
        """All worked out at once. Of meetings of one instant the key tells which is first."""
        meetings = [meeting for meeting in everything if meeting.starts_at is not None]
        meetings.sort(key=_start)
        if len({meeting.starts_at for meeting in meetings}) < len(meetings):
            meetings.sort(key=lambda meeting: (meeting.starts_at, key_order(meeting.key)))
        held = [ended for meeting in meetings if (ended := _ended(meeting)) is not None]
        held.sort(key=_end)
        return cls(
            meetings,
            held,
            [meeting for meeting in meetings if meeting.status in _PENDING],
            [meeting for meeting in meetings if meeting.status in _FAILED],
            [meeting for meeting in meetings if meeting.contradicted_at is not None],
        )

    def with_change(self, before: Meeting | None, after: Meeting) -> MeetingLists | None:
        """The same once a meeting stands as ``after`` says, and no longer as ``before``, where it was known.

        None where another one is of the same instant: it takes more to tell which of them is first.
        """
        meetings, held, pending, failed = self.meetings, self.held, self.pending, self.failed
        contradicted = self.contradicted
        if before is not None and before.starts_at is not None:
            meetings = _without(meetings, before, _start)
            if before.status in _PENDING:
                pending = _without(pending, before, _start)
            elif before.status is not _HELD:
                failed = _without(failed, before, _start)
            elif before.ends_at is not None:
                held = _without(held, (before.ends_at, before), _end)
        if after.starts_at is not None:
            try:
                meetings = _with(meetings, after, _start)
                if after.status in _PENDING:
                    pending = _with(pending, after, _start)
                elif after.status is not _HELD:
                    failed = _with(failed, after, _start)
                elif after.ends_at is not None:
                    held = _with(held, (after.ends_at, after), _end)
            except _SameInstant:
                return None
        if contradicted or after.contradicted_at is not None:
            contradicted = [meeting for meeting in meetings if meeting.contradicted_at is not None]
        lists = MeetingLists(meetings, held, pending, failed, contradicted)
        if failed is self.failed:
            lists._fails_until = self._fails_until
        return lists

    def fails_until(self) -> datetime | None:
        """By when all that failed so far have: what is told ahead fails only then."""
        if self._fails_until is None and self.failed:
            found = (meeting.cancelled_at or meeting.ends_at or meeting.starts_at for meeting in self.failed)
            self._fails_until = max((at for at in found if at is not None), default=None)
        return self._fails_until

    def differs_in_bookings_alone(self, other: MeetingLists) -> bool:
        """Whether, but for which meetings are pending, these are the lists that others were changed into or from.

        A contradicted meeting is in one of those compared, too. Of unreported ones bookings make and end some.
        """
        return (
            self.held is other.held
            and self.failed is other.failed
            and self.stands is other.stands
            and not self.unreported
            and not other.unreported
        )


def _ended(meeting: Meeting | None) -> Ended | None:
    if meeting is None or meeting.status is not _HELD or meeting.ends_at is None:
        return None
    return meeting.ends_at, meeting


class _SameInstant(Exception):
    pass


def _with(items: list[T], item: T, instant: Callable[[T], datetime]) -> list[T]:
    """With an item in its place by instants. Raises where another one is of that instant."""
    items, at = items.copy(), instant(item)
    if not items or instant(items[-1]) < at:
        items.append(item)  # as do most, which become known in their order
        return items
    place = bisect_right(items, at, key=instant)
    if place and instant(items[place - 1]) == at:
        raise _SameInstant
    items.insert(place, item)
    return items


def _without(items: list[T], item: T, instant: Callable[[T], datetime]) -> list[T]:
    items = items.copy()
    place = bisect_left(items, instant(item), key=instant)
    while items[place] != item:
        place += 1
    del items[place]
    return items


def _since_held(meetings: list[Meeting]) -> list[Meeting]:
    """Those missed or called off after the last one held."""
    found = []
    for meeting in reversed(meetings):
        if meeting.status is _HELD:
            break
        if meeting.status in _FAILED:
            found.append(meeting)
    found.reverse()
    return found


def _unreported(meetings: list[Meeting]) -> list[Meeting]:
    """The unconfirmed ones after the last one of which somebody told the outcome."""
    found = []
    for meeting in reversed(meetings):
        if meeting.status is _UNCONFIRMED:
            found.append(meeting)
        elif meeting.reported_at is not None and meeting.status is not _CANCELLED:
            break
    found.reverse()
    return found


def _any_stands(meetings: list[Meeting]) -> bool:
    for meeting in meetings:  # noqa: SIM110 asked with every decision, and half as fast by any()
        if meeting.status is not _CANCELLED:
            return True
    return False
