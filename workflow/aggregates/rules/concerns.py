"""Concerns that follow from meetings and from fresh looks: raised, revised, cleared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from workflow.aggregates.events import ConcernCleared, ConcernCode, ConcernRaised, Event, Provenance
from workflow.aggregates.meetings import Meeting, Status
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, concerns_begin, days, hours

Standing = tuple[datetime, tuple[int, ...]]
"""Since when a concern stands, and the versions of the events that it rests on."""

CLEARS = {
    ConcernCode.COMMITMENT: "a meeting held",
    ConcernCode.CONTRADICTORY: "a correction of the meeting's outcome",
    ConcernCode.NO_FRESH_LOOK: "a fresh look with measures",
}


def commitment(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Several meetings not held, by their start: two in a row, or three of the last six."""
    yield from _settle(state, moment, ConcernCode.COMMITMENT, None, failing(state, moment))


def contradictory(state: Relationship, moment: Moment) -> Iterator[Event]:
    """A meeting that was called off and yet has an outcome."""
    standing = contradictions(state)
    if not standing and not state.concerns:
        return
    recorded = [subject for code, subject in state.concerns if code is ConcernCode.CONTRADICTORY]
    for subject in sorted({*standing, *(subject for subject in recorded if subject is not None)}):
        yield from _settle(state, moment, ConcernCode.CONTRADICTORY, subject, standing.get(subject))


def no_fresh_look(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Long in stagnation, or back from it, without having written measures down."""
    standing: Standing | None = None
    missing_from = fresh_look_missing_from(state, moment)
    if missing_from is not None and state.state is State.STAGNATION:
        recorded = (ConcernCode.NO_FRESH_LOOK, None) in state.concerns
        if missing_from <= moment.at and (recorded or moment.passing):
            standing = (missing_from, ())
    elif missing_from is not None:
        standing = (missing_from, ())
    yield from _settle(state, moment, ConcernCode.NO_FRESH_LOOK, None, standing)


def fresh_look_missing_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the coordinator is told that a pair has no measures; None where none are wanted.

    That is some time into stagnation, or at once when the pair came back without them.
    """
    wanted, spell = state.look_wanted_since, state.spell
    if wanted is None or spell is None or spell.withdrawn:
        return None
    missing_from = wanted + days(moment.policy.policy.fresh_look.missing_after_days)
    if state.state is State.ACTIVE and spell.ended_at is not None:
        missing_from = min(spell.ended_at, missing_from)
    return max(missing_from, concerns_begin(state, moment))


def contradictions(state: Relationship) -> dict[str, Standing]:
    """The meetings whose outcome stands beside a cancellation."""
    return {
        meeting.subject: (meeting.contradicted_at, meeting.versions)
        for meeting in state.calendar.contradicted()
        if meeting.contradicted_at is not None
    }


def failing(state: Relationship, moment: Moment) -> Standing | None:
    """Since when, by the meetings in order of their start, a commitment concern stands.

    One held meeting clears it; it comes back only with a new failure. What is reported of a meeting whose
    time is still to come has not failed yet.
    """
    if all(_failed_at(meeting, moment) is None for meeting in state.calendar.unkept()):
        return None
    limits = moment.policy.policy.concerns
    counted: list[tuple[datetime, Meeting] | None] = []
    standing: Standing | None = None
    for meeting in state.calendar.meetings():
        status = meeting.status
        if status is Status.HELD:
            counted.append(None)
            standing = None
        elif (failed_at := _failed_at(meeting, moment)) is not None and failed_at <= moment.at:
            counted.append((failed_at, meeting))
            if standing is not None:
                continue
            failures = [failure for failure in counted[-limits.of_last :] if failure is not None]
            row = counted[-limits.in_a_row :]
            in_a_row = len(row) == limits.in_a_row and None not in row
            if in_a_row or len(failures) >= limits.failures_of_last:
                evidence = tuple(version for _, failed in failures for version in failed.versions)
                standing = (max(failed_at, concerns_begin(state, moment)), evidence)
    return standing


def failing_from(state: Relationship, moment: Moment) -> datetime | None:
    """The next instant at which, by what is reported already, such a concern stands otherwise than now."""
    failures = (_failed_at(meeting, moment) for meeting in state.calendar.unkept())
    ahead = sorted(instant for instant in failures if instant is not None and instant > moment.at)
    known = failing(state, moment) if ahead else None
    return next((at for at in ahead if failing(state, replace(moment, at=at)) != known), None)


def _failed_at(meeting: Meeting, moment: Moment) -> datetime | None:
    """When a meeting failed: its end if missed, its cancellation if that was late; else None."""
    if meeting.status is Status.MISSED:
        return meeting.ends_at or meeting.starts_at
    cancelled_at, starts_at = meeting.cancelled_at, meeting.starts_at
    if meeting.status is not Status.CANCELLED or cancelled_at is None or starts_at is None:
        return None
    limit = hours(moment.policy.policy.meetings.late_cancellation_hours)
    return cancelled_at if starts_at - cancelled_at < limit else None


def _settle(
    state: Relationship, moment: Moment, code: ConcernCode, subject: str | None, standing: Standing | None
) -> Iterator[Event]:
    """The event between what is recorded of a concern and what should stand, if any."""
    recorded = state.concerns.get((code, subject))
    if standing is None:
        if recorded is not None:
            yield ConcernCleared(
                occurred_at=moment.at,
                provenance=Provenance.INFERRED,
                policy=moment.policy.version,
                code=code,
                subject=subject,
            )
        return
    since, evidence = standing
    if recorded is not None and recorded.since == since:
        return
    if moment.at < concerns_begin(state, moment):
        return
    yield ConcernRaised(
        occurred_at=moment.at,
        provenance=Provenance.INFERRED,
        policy=moment.policy.version,
        code=code,
        subject=subject,
        since=since,
        evidence=evidence,
        clears=CLEARS[code],
    )
