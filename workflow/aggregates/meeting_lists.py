"""The lists of meetings that rules ask for, kept sorted while one meeting after another changes.

Whoever has lists must not change them: the states before and after a decision share those in which nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any

from workflow.aggregates.growing import SameInstant, with_item, without_item
from workflow.aggregates.meetings import Meeting, Status, key_order

# Named once: an enumeration's member is looked up several times as slowly as a module's.
_HELD, _UNCONFIRMED, _CANCELLED = Status.HELD, Status.UNCONFIRMED, Status.CANCELLED
_PENDING = (Status.SCHEDULED, Status.UNCONFIRMED)
_FAILED = (Status.MISSED, Status.CANCELLED, Status.UNKNOWN)

Ended = tuple[datetime, Meeting]
"""A meeting that was held, and its end."""

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
        meetings: Sequence[Meeting],
        held: Sequence[Ended],
        pending: Sequence[Meeting],
        failed: Sequence[Meeting],
        contradicted: Sequence[Meeting],
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
            meetings = without_item(meetings, before, _start)
            if before.status in _PENDING:
                pending = without_item(pending, before, _start)
            elif before.status is not _HELD:
                failed = without_item(failed, before, _start)
            elif before.ends_at is not None:
                held = without_item(held, (before.ends_at, before), _end)
            if before.contradicted_at is not None:
                contradicted = without_item(contradicted, before, _start)
        kept = failed
        if after.starts_at is not None:
            try:
                meetings = with_item(meetings, after, _start)
                if after.status in _PENDING:
                    pending = with_item(pending, after, _start)
                elif after.status is not _HELD:
                    failed = with_item(failed, after, _start)
                elif after.ends_at is not None:
                    held = with_item(held, (after.ends_at, after), _end)
                if after.contradicted_at is not None:
                    contradicted = with_item(contradicted, after, _start)
            except SameInstant:
                return None
        lists = MeetingLists(meetings, held, pending, failed, contradicted)
        if kept is self.failed and (self._fails_until is not None or not kept):
            known = (self._fails_until, None if failed is kept else _fails_at(after))
            lists._fails_until = max((at for at in known if at is not None), default=None)
        return lists

    def fails_until(self) -> datetime | None:
        """By when all that failed so far have: what is told ahead fails only then."""
        if self._fails_until is None and self.failed:
            found = map(_fails_at, self.failed)
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


def _fails_at(meeting: Meeting) -> datetime | None:
    return meeting.cancelled_at or meeting.ends_at or meeting.starts_at


def _ended(meeting: Meeting | None) -> Ended | None:
    if meeting is None or meeting.status is not _HELD or meeting.ends_at is None:
        return None
    return meeting.ends_at, meeting


def _since_held(meetings: Sequence[Meeting]) -> Sequence[Meeting]:
    """Those missed or called off after the last one held."""
    found = []
    for meeting in reversed(meetings):
        if meeting.status is _HELD:
            break
        if meeting.status in _FAILED:
            found.append(meeting)
    found.reverse()
    return found


def _unreported(meetings: Sequence[Meeting]) -> Sequence[Meeting]:
    """The unconfirmed ones after the last one of which somebody told the outcome."""
    found = []
    for meeting in reversed(meetings):
        if meeting.status is _UNCONFIRMED:
            found.append(meeting)
        elif meeting.reported_at is not None and meeting.status is not _CANCELLED:
            break
    found.reverse()
    return found


def _any_stands(meetings: Sequence[Meeting]) -> bool:
    for meeting in meetings:  # noqa: SIM110 asked with every decision, and half as fast by any()
        if meeting.status is not _CANCELLED:
            return True
    return False
