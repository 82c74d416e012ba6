"""The dialogue: that somebody finds it low. Who, and in which answer, stays with that party."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import Standing, settle
from workflow.aggregates.rules.moment import Moment


def low_dialogue(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Some party's latest check-in was low."""
    if state.check_ins or state.left:
        yield from settle(state, moment, ConcernCode.LOW_DIALOGUE, low(state))


def low(state: Relationship) -> Standing | None:
    """Since the first of those check-ins. Its evidence names neither party nor version."""
    since = min((check_in.at for check_in in state.check_ins.values() if check_in.low), default=None)
    return None if since is None else (since, ())
