"""Pauses: when they end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from workflow.aggregates.events import Event, Provenance, Resumed, ResumptionRevised
from workflow.aggregates.relationship import Pause, Relationship
from workflow.aggregates.rules.moment import Moment


def ends_from(state: Relationship, moment: Moment) -> datetime | None:  # noqa: ARG001 a due's signature
    """When the present pause ends by itself; None where there is none."""
    return state.pauses[-1].ends_at if state.paused else None


def settle(state: Relationship, moment: Moment) -> Iterable[Event]:
    """A pause ends when somebody says so, with the first held meeting, or once it has lasted its longest."""
    return _settle(state, moment) if state.pauses else ()


def _settle(state: Relationship, moment: Moment) -> Iterator[Event]:
    for number, pause in enumerate(state.pauses):
        following = state.pauses[number + 1].since if number + 1 < len(state.pauses) else None
        ended_at, evidence = _ended(state, moment, pause, following)
        if ended_at == pause.resumed_at:
            continue
        if pause.resumed_at is None and ended_at is not None and following is None:
            yield Resumed(
                occurred_at=ended_at,
                provenance=Provenance.INFERRED,
                policy=moment.policy_version,
                evidence=evidence,
            )
        else:
            yield ResumptionRevised(
                occurred_at=moment.at,
                provenance=Provenance.CORRECTED,
                policy=moment.policy_version,
                paused_at=pause.since,
                instant=ended_at,
            )


def _ended(
    state: Relationship, moment: Moment, pause: Pause, following: datetime | None
) -> tuple[datetime | None, tuple[int, ...]]:
    """When a pause ended, by all that is known, and what this rests on. Another pause begins after its end."""
    ends = [instant for instant in (pause.said_at, following) if instant is not None]
    over = pause.resumed_at is not None and pause.resumed_at >= pause.ends_at
    if pause.ends_at <= moment.at and (moment.passing or over):
        ends.append(pause.ends_at)
    latest = min(ends, default=None)
    for end, meeting in state.calendar.held_ends():
        if end > pause.since:
            if end < (latest or pause.ends_at):
                return end, meeting.versions
            break
    return latest, ()
