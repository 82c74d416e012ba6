"""Concerns that time alone brings: each has an instant from which it stands, until a fact takes it away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflow.aggregates.events import ConcernCode, DueKind, Event
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import beginnings, endings
from workflow.aggregates.rules.concerns import Timed, in_time, settle, timed
from workflow.aggregates.rules.moment import Moment, concerns_begin
from workflow.aggregates.rules.unmoved import TIMED, unmoved

_NO_FIRST_MEETING = in_time(
    DueKind.NO_FIRST_MEETING, ConcernCode.NO_FIRST_MEETING, beginnings.no_first_meeting_from
)
_OVERRUN = in_time(DueKind.OVERRUN, ConcernCode.OVERRUN, endings.overrun_from)
KINDS = frozenset({_NO_FIRST_MEETING.kind, _OVERRUN.kind, *(one.kind for one in TIMED)})
"""As what the clock asks for any of these."""


def settle_timed(state: Relationship, moment: Moment) -> Sequence[Event]:
    """Those whose instant has come are raised, and those that have none any more are cleared."""
    found: list[Event] = []
    for key, since in (
        (_NO_FIRST_MEETING.key, beginnings.no_first_meeting_from(state, moment)),
        (_OVERRUN.key, endings.overrun_from(state, moment)),
        *unmoved(state, moment).by_time_alone,
    ):
        recorded = state.concerns.get(key)
        known = None if recorded is None else recorded.since
        if known != (None if since is None or since > moment.at else since):  # seldom
            found += settle(state, moment, key[0], timed(moment, since))
    return found


def next_timed(state: Relationship, moment: Moment) -> tuple[datetime, DueKind] | None:
    """The earliest that time brings and that is not known yet; in the first days none is asked for.

    One that meetings brought, of which the last is yet to end, is known since then: time may bring it before.
    """
    first: datetime | None = None
    found: DueKind | None = None
    for one in (_NO_FIRST_MEETING, _OVERRUN):
        since = one.since(state, moment)
        if since is not None and (first is None or since < first) and not _known(state, one, since):
            first, found = since, one.kind
    for since, one in unmoved(state, moment).by_instant:
        if first is not None and since >= first:
            break
        if not _known(state, one, since):
            first, found = since, one.kind
            break
    if first is None or found is None:
        return None
    return max(first, concerns_begin(state, moment)), found


def _known(state: Relationship, one: Timed, since: datetime) -> bool:
    recorded = state.concerns.get(one.key)
    return recorded is not None and recorded.since <= since
