"""The dialogue: that somebody finds it low. Who, and in which answer, stays with that party."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from operator import attrgetter

from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.relationship import CheckIn, Relationship
from workflow.aggregates.rules.concerns import Standing, settle
from workflow.aggregates.rules.moment import Moment


def low_dialogue(state: Relationship, moment: Moment) -> Sequence[Event]:
    """Some party's latest check-in was low."""
    if not state.check_ins and not state.left:
        return ()
    return settle(state, moment, ConcernCode.LOW_DIALOGUE, low(state))


def low(state: Relationship) -> Standing | None:
    """Since the first that its party has not made up for. Its evidence names neither party nor version."""
    since = min((at for given in state.check_ins.values() if (at := _low_since(given))), default=None)
    return None if since is None else (since, ())


def _low_since(given: tuple[CheckIn, ...]) -> datetime | None:
    """The first low check-in of a party after the last one that was not."""
    return min((one.at for one in takewhile(attrgetter("low"), reversed(given))), default=None)
