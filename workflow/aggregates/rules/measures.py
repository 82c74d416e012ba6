"""Fresh looks that are wanted, and measures that are behind."""

from __future__ import annotations

from datetime import datetime

from workflow.aggregates.relationship import MeasureState, Relationship
from workflow.aggregates.rules.moment import Moment, concerns_begin, days, later


def fresh_look_missing_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the coordinator is told that a pair has no measures; None where none are wanted.

    That is some time into stagnation, or at once when the pair came back without them.
    """
    wanted, spell = state.look_wanted_since, state.spell
    if wanted is None or spell is None or spell.withdrawn:
        return None
    missing_from = later(state, wanted, days(moment.policy.fresh_look.missing_after_days))
    if spell.ended_at is not None:
        missing_from = spell.ended_at if missing_from is None else min(spell.ended_at, missing_from)
    return None if missing_from is None else max(missing_from, concerns_begin(state, moment))


def measures_overdue_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the first open measure is past its date, or the review of the latest look past its day.

    Who has looked at a measure since its date knows of it, whatever is to become of it.
    """
    if not state.measures:
        return None
    unsettled = [measure for measure in state.measures.values() if settled_at(state, measure) is None]
    dates = [later(state, measure.look_at, measure.by_when - measure.look_at) for measure in unsettled]
    reviewed_at = state.reviewed_at
    behind = [date for date in dates if date is not None and (reviewed_at is None or date > reviewed_at)]
    review = review_from(state, moment) if unsettled else None
    return min(behind if review is None else [*behind, review], default=None)


def review_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the measures of the latest fresh look are to be reviewed; None once they were."""
    if not state.looks:
        return None
    look_at = max(look_at for look_at, _ in state.looks)
    if state.reviewed_at is not None and state.reviewed_at >= look_at:
        return None
    return later(state, look_at, days(moment.policy.fresh_look.review_after_days))


def settled_at(state: Relationship, measure: MeasureState) -> datetime | None:
    """When a measure was done, or dropped by every party that has not left; None while it is open."""
    dropped = dict(measure.dropped)
    if any(party not in dropped for party in state.parties):
        return measure.done_at
    gone = [left.at for person, left in state.left.items() if person not in dropped]
    dropped_at = max([*(dropped[party] for party in state.parties), *gone])
    return dropped_at if measure.done_at is None else min(measure.done_at, dropped_at)
