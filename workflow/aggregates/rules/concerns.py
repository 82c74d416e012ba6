"""Concerns: what stands by the facts, compared with what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from workflow.aggregates.events import (
    ConcernCleared,
    ConcernCode,
    ConcernRaised,
    DueKind,
    Event,
    Provenance,
)
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, concerns_begin

Standing = tuple[datetime, tuple[int, ...]]
"""Since when a concern stands, and the versions of the events that it rests on."""

From = Callable[[Relationship, Moment], datetime | None]
"""When time alone brings a concern; None where it does not."""


Key = tuple[ConcernCode, str | None]
"""How a state knows a concern: its code and, where there may be several, what it is about."""


class Timed(NamedTuple):
    """A concern that time brings: as what the clock asks for it, how a state knows it, and from when on it stands."""

    kind: DueKind
    key: Key
    since: From


def in_time(kind: DueKind, code: ConcernCode, since: From) -> Timed:
    """A concern that time brings, about the relationship as a whole."""
    return Timed(kind, (code, None), since)


CLEARS = {
    ConcernCode.NO_FIRST_MEETING: "a meeting booked or held",
    ConcernCode.STUCK: "the agreement concluded",
    ConcernCode.COMMITMENT: "a meeting held",
    ConcernCode.SILENCE: "a meeting held, or one booked soon",
    ConcernCode.NO_DIRECTION: "a goal set, or one reviewed",
    ConcernCode.LOW_DIALOGUE: "the next check-in above the limits",
    ConcernCode.CONTRADICTORY: "a correction of the meeting's outcome",
    ConcernCode.NOBODY_REPORTS: "any report of a meeting's outcome",
    ConcernCode.NO_FRESH_LOOK: "a fresh look with measures",
    ConcernCode.MEASURES_OVERDUE: "the measures done, dropped or reviewed",
    ConcernCode.BASIS_WITHDRAWN: "a support contact",
    ConcernCode.NO_SUPPORT_CONTACT: "a support contact",
    ConcernCode.HELP_ASKED: "a support contact",
    ConcernCode.CLOSURE_PROPOSED: "a meeting held, the agreement amended, or the relationship closed",
    ConcernCode.OVERRUN: "a meeting held, the agreement amended, or the relationship closed",
}
"""What takes each concern away, in words."""


def settle(
    state: Relationship,
    moment: Moment,
    code: ConcernCode,
    standing: Standing | None,
    subject: str | None = None,
    *,
    early: bool = False,
) -> Sequence[Event]:
    """The event between what is recorded of a concern and what should stand, if any.

    ``early``: it is raised in the first days, too.
    """
    recorded = state.concerns.get((code, subject)) if state.concerns else None
    if standing is None:
        if recorded is None:
            return ()
        cleared = ConcernCleared(
            occurred_at=moment.at,
            provenance=Provenance.INFERRED,
            policy=moment.policy_version,
            code=code,
            subject=subject,
        )
        return (cleared,)
    since, evidence = standing
    if recorded is not None and recorded.since == since:
        return ()
    if not early and moment.at < concerns_begin(state, moment):
        return ()
    raised = ConcernRaised(
        occurred_at=moment.at,
        provenance=Provenance.INFERRED,
        policy=moment.policy_version,
        code=code,
        subject=subject,
        since=since,
        evidence=evidence,
        clears=CLEARS[code],
    )
    return (raised,)


def timed(moment: Moment, since: datetime | None) -> Standing | None:
    """What time brings: it stands from its instant on, until a fact takes it away. It rests on nothing told."""
    return None if since is None or since > moment.at else (since, ())
