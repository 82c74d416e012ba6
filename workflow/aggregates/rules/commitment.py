"""Meetings that are not held, that nobody reports on, or that are told of in two ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.meetings import Meeting, Status
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import Standing, settle
from workflow.aggregates.rules.moment import Moment, concerns_begin, hours

Failure = tuple[datetime, Meeting]
"""A meeting that was not held, and when it failed."""

# Named once: a member of an enumeration is looked up several times as slowly.
_CONTRADICTORY = ConcernCode.CONTRADICTORY
_COMMITMENT, _NOBODY_REPORTS = (ConcernCode.COMMITMENT, None), (ConcernCode.NOBODY_REPORTS, None)


def commitment(state: Relationship, moment: Moment) -> Sequence[Event]:
    """Several meetings not held, by their start: two in a row, or three of the last six."""
    standing = failing(state, moment)
    if standing is None and _COMMITMENT not in state.concerns:
        return ()
    return settle(state, moment, ConcernCode.COMMITMENT, standing)


def contradictory(state: Relationship, moment: Moment) -> Iterable[Event]:
    """A meeting that was called off and yet has an outcome."""
    recorded = [subject for code, subject in state.concerns if code is _CONTRADICTORY]
    return _contradictory(state, moment, recorded) if recorded or state.calendar.contradicted() else ()


def _contradictory(state: Relationship, moment: Moment, recorded: list[str | None]) -> Iterator[Event]:
    standing = contradictions(state)
    for subject in sorted({*standing, *(subject for subject in recorded if subject is not None)}):
        yield from settle(state, moment, ConcernCode.CONTRADICTORY, standing.get(subject), subject)


def nobody_reports(state: Relationship, moment: Moment) -> Sequence[Event]:
    """Meetings in a row that nobody said anything of: a question, never an accusation."""
    standing = unreported(state, moment)
    if standing is None and _NOBODY_REPORTS not in state.concerns:
        return ()
    return settle(state, moment, ConcernCode.NOBODY_REPORTS, standing)


def contradictions(state: Relationship) -> dict[str, Standing]:
    """The meetings whose outcome stands beside a cancellation."""
    return {
        meeting.subject: (meeting.contradicted_at, meeting.versions)
        for meeting in state.calendar.contradicted()
        if meeting.contradicted_at is not None
    }


def unreported(state: Relationship, moment: Moment) -> Standing | None:
    """Since when so many meetings in a row are unconfirmed, with no report of any since then."""
    meetings = state.calendar.unreported()
    limits = moment.policy.meetings
    if len(meetings) < limits.unconfirmed_in_a_row:
        return None
    after, reported_at = hours(limits.unconfirmed_after_hours), state.calendar.reported_at()
    silent = [
        (meeting.ends_at + after, meeting)
        for meeting in meetings
        if meeting.ends_at is not None and (reported_at is None or meeting.ends_at + after > reported_at)
    ]
    if len(silent) < limits.unconfirmed_in_a_row:
        return None
    row = silent[: limits.unconfirmed_in_a_row]
    evidence = tuple(version for _, meeting in row for version in meeting.versions)
    return max(instant for instant, _ in row), evidence


def failing(state: Relationship, moment: Moment) -> Standing | None:
    """Since when, by the meetings in order of their start, a commitment concern stands.

    One held meeting clears it; it comes back only with a new failure. What is reported of a meeting whose
    time is still to come has not failed yet. It is asked of relationships that have not ended.
    """
    found = _found(state, moment) if state.calendar.unkept() else None
    return None if found is None else found[0]


def _found(state: Relationship, moment: Moment) -> tuple[Standing, Meeting] | None:
    """The same, with the meeting by which it stands: none that starts later makes any difference."""
    unkept = [
        counts for meeting in state.calendar.unkept() if (counts := _counts(meeting, moment)) is not None
    ]
    if not unkept:
        return None
    limits = moment.policy.concerns
    counted = [*_counted_before(state, moment), *unkept]
    for known in range(len(counted) - len(unkept) + 1, len(counted) + 1):
        failures = [one for one in counted[max(0, known - limits.of_last) : known] if one is not None]
        row = counted[max(0, known - limits.in_a_row) : known]
        if len(failures) >= limits.failures_of_last or (len(row) == limits.in_a_row and None not in row):
            failed_at, last = failures[-1]
            evidence = tuple(version for _, failed in failures for version in failed.versions)
            return (max(failed_at, concerns_begin(state, moment)), evidence), last
    return None


def _counted_before(state: Relationship, moment: Moment) -> list[Failure | None]:
    """Up to the last meeting held, as many of those that count as are looked at; None for one that was held."""
    counted: list[Failure | None] = []
    for meeting in reversed(state.calendar.meetings()):
        if meeting.status is Status.HELD:
            counted.append(None)
        elif counted and (failure := _counts(meeting, moment)) is not None:
            counted.append(failure)
        if len(counted) == moment.policy.concerns.of_last:
            break
    counted.reverse()
    return counted


def _counts(meeting: Meeting, moment: Moment) -> Failure | None:
    failed_at = _failed_at(meeting, moment)
    return None if failed_at is None or failed_at > moment.at else (failed_at, meeting)


def failing_from(state: Relationship, moment: Moment) -> datetime | None:
    """The next instant at which, by what is reported already, such a concern stands otherwise than now."""
    fails_until = state.calendar.fails_until()
    if fails_until is None or fails_until <= moment.at:
        return None
    known = _found(state, moment)
    # One that starts before a meeting that was held may fail after it, and counts.
    coming = state.calendar.meetings() if known is None else _weighed_with(state, moment, known[1])
    failures = (_failed_at(meeting, moment) for meeting in coming)
    for instant in sorted(one for one in failures if one is not None and one > moment.at):
        if _found(state, moment._replace(at=instant)) != known:
            return instant
    return None


def _weighed_with(state: Relationship, moment: Moment, last: Meeting) -> Sequence[Meeting]:
    """The meetings before ``last`` that count with those not kept, or will once they have failed.

    The next of them to fail changes what stands, or one soon after it, so that few questions tell. ``last`` has
    failed. Those that start after it make no difference, and may be very many.
    """
    meetings = state.calendar.meetings()
    end, begin = meetings.index(last), meetings.index(state.calendar.unkept()[0])
    counted = 0
    while begin and counted < moment.policy.concerns.of_last:
        begin -= 1
        failed_at = _failed_at(meetings[begin], moment)
        counted += meetings[begin].status is Status.HELD or (failed_at is not None and failed_at <= moment.at)
    return meetings[begin:end]


def _failed_at(meeting: Meeting, moment: Moment) -> datetime | None:
    """When a meeting failed: its end if missed, its cancellation if that was late; else None."""
    if meeting.status is Status.MISSED:
        return meeting.ends_at or meeting.starts_at
    cancelled_at, starts_at = meeting.cancelled_at, meeting.starts_at
    if meeting.status is not Status.CANCELLED or cancelled_at is None or starts_at is None:
        return None
    limit = hours(moment.policy.meetings.late_cancellation_hours)
    return cancelled_at if starts_at - cancelled_at < limit else None
