"""Concerns that time alone brings: each has an instant from which it stands, until a fact takes it away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workflow.aggregates.events import ConcernCode, DueKind, Event
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import beginnings, endings, unmoved
from workflow.aggregates.rules.concerns import Timed, settle, timed
from workflow.aggregates.rules.moment import Moment, concerns_begin

_BY_MEETINGS: tuple[Timed, ...] = (
    Timed(DueKind.NO_FIRST_MEETING, ConcernCode.NO_FIRST_MEETING, beginnings.no_first_meeting_from),
    Timed(DueKind.OVERRUN, ConcernCode.OVERRUN, endings.overrun_from),
)
_TIMED = _BY_MEETINGS + unmoved.TIMED
_BY_TIME_ALONE = tuple(
    (place, one.code) for place, one in enumerate(_TIMED) if one.code is not ConcernCode.NO_DIRECTION
)
"""But for the direction, of which meetings tell as well: its own rule weighs the two."""


def settle_timed(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Those whose instant has come are raised, and those that have none any more are cleared."""
    instants = _instants(state, moment)
    for place, code in _BY_TIME_ALONE:
        standing = timed(moment, instants[place])
        if standing is not None or (code, None) in state.concerns:
            yield from settle(state, moment, code, standing)


def next_timed(state: Relationship, moment: Moment) -> tuple[datetime, DueKind] | None:
    """The earliest that time brings and that is not known yet; in the first days none is asked for."""
    first: datetime | None = None
    found: DueKind | None = None
    for (kind, code, _), instant in zip(_TIMED, _instants(state, moment), strict=True):
        if instant is not None and (first is None or instant < first) and (code, None) not in state.concerns:
            first, found = instant, kind
    if first is None or found is None:
        return None
    return max(first, concerns_begin(state, moment)), found


def _instants(state: Relationship, moment: Moment) -> list[datetime | None]:
    """When each of them stands, in the order of the table."""
    by_meetings = [one.since(state, moment) for one in _BY_MEETINGS]
    return [*by_meetings, *unmoved.unmoved(state, moment).instants]
