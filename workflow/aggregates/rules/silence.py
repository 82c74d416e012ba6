"""Silence: when stagnation is suspected, and what takes the suspicion away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from workflow.aggregates.events import (
    ConcernCleared,
    ConcernCode,
    ConcernRaised,
    Event,
    Provenance,
    StagnationSuspected,
    SuspicionCleared,
)
from workflow.aggregates.meetings import Status
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import CLEARS
from workflow.aggregates.rules.moment import Moment, hours
from workflow.aggregates.rules.since_held import since_held


def asked_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the clock has to ask: where a suspicion stands, whether it still does; else whether one does by then."""
    suspicion = state.suspicion
    if suspicion is not None and not suspicion.cleared:
        return held_off_from(state, moment)
    return suspected_from(state, moment)


def suspected_from(state: Relationship, moment: Moment) -> datetime | None:
    """The earliest instant at which, by what is known, stagnation is suspected; None where it never is.

    Where that went by while something else was known, and a booking holds a suspicion off now, it is when
    that booking no longer does: else the clock would ask again and again.
    """
    known = since_held(state, moment)
    last, instant = known.silence_since, known.silent_from
    if last is None or instant is None:
        return None
    held_off = _held_off(state, moment) if state.calendar.pending() else None
    if not held_off:
        return instant
    if instant < moment.at:
        for begin, end in held_off:
            if begin <= moment.at < end:
                instant = moment.at
    for begin, end in held_off:
        if begin <= instant < end:
            instant = end
    return instant


def held_off_from(state: Relationship, moment: Moment) -> datetime | None:
    """The next instant after ``at`` from which a booked meeting is near enough to clear a suspicion."""
    last = since_held(state, moment).silence_since
    if last is None:
        return None
    return min((begin for begin, _ in _held_off(state, moment) if begin > moment.at), default=None)


def suspect(state: Relationship, moment: Moment) -> Iterable[Event]:
    """Suspicion first, explained; taken back at once where a fact or a booking says otherwise."""
    return () if state.suspicion is None and not moment.passing else _suspect(state, moment)


def _suspect(state: Relationship, moment: Moment) -> Iterator[Event]:
    suspicion = state.suspicion
    suspected = suspicion is not None and not suspicion.cleared
    last = since_held(state, moment).silence_since
    since = _stood_since(state, moment) if _stands(state, moment) else None
    if last is not None and since is not None and not suspected:
        yield StagnationSuspected(
            occurred_at=since, provenance=Provenance.INFERRED, policy=moment.policy_version, anchor=last
        )
        evidence = tuple(
            version
            for end, meeting in state.calendar.held_ends()
            if end == last
            for version in meeting.versions
        )
        yield ConcernRaised(
            occurred_at=moment.at,
            provenance=Provenance.INFERRED,
            policy=moment.policy_version,
            code=ConcernCode.SILENCE,
            since=since,
            evidence=(*evidence, state.version),
            clears=CLEARS[ConcernCode.SILENCE],
        )
    elif suspicion is not None and suspected and since != suspicion.since:
        yield SuspicionCleared(
            occurred_at=moment.at, provenance=Provenance.INFERRED, policy=moment.policy_version
        )
        yield ConcernCleared(
            occurred_at=moment.at,
            provenance=Provenance.INFERRED,
            policy=moment.policy_version,
            code=ConcernCode.SILENCE,
        )


def _stood_since(state: Relationship, moment: Moment) -> datetime | None:
    """Since when: as before, where it rests on no later anchor than then; else since the clock asks.

    So one whose anchor moved is cleared, even if it is long enough ago for another, and one that was cleared
    stands again where what cleared it was corrected: in whichever order these facts became known. A booking
    that nobody reported on has had its time: after it a suspicion is a new one.
    """
    known, silent_from = state.suspicion, since_held(state, moment).silent_from
    if known is not None and silent_from is not None and silent_from <= known.since:
        held_off = _held_off(state, moment)
        if not any(known.since < end <= moment.at for _, end in held_off):
            return known.since
    return moment.at if moment.passing else None


def _stands(state: Relationship, moment: Moment) -> bool:
    known = since_held(state, moment)
    last, silent_from = known.silence_since, known.silent_from
    if last is None or silent_from is None or moment.at < silent_from:
        return False
    return not any(begin <= moment.at < end for begin, end in _held_off(state, moment))


def _held_off(state: Relationship, moment: Moment) -> list[tuple[datetime, datetime]]:
    """When bookings hold a suspicion off: from half a cadence before the start until nobody reported.

    The first unreported meeting after the anchor does so for half a cadence after its end, once an anchor.
    """
    known = since_held(state, moment)
    last, near = known.silence_since, known.near
    unconfirmed_after = hours(moment.policy.meetings.unconfirmed_after_hours)
    intervals: list[tuple[datetime, datetime]] = []
    for meeting in state.calendar.pending():
        starts_at, ends_at = meeting.starts_at, meeting.ends_at
        if last is None or starts_at is None or ends_at is None or ends_at <= last:
            continue
        if meeting.status is Status.SCHEDULED:
            end = ends_at + (unconfirmed_after if intervals else max(unconfirmed_after, near))
        elif not intervals:
            end = ends_at + near
        else:
            continue
        intervals.append((starts_at - near, end))
    return intervals
