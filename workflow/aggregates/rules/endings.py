"""Endings that nobody has spoken of: the term is over, or nothing is heard any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workflow.aggregates.events import ClosureProposed, ConcernCode, Event, Provenance
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import Standing, settle, timed
from workflow.aggregates.rules.moment import Moment, anchor, days, later


def overrun(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Past the end of the term without a word."""
    if state.agreement is None and (ConcernCode.OVERRUN, None) not in state.concerns:
        return
    standing = timed(moment, overrun_from(state))
    yield from settle(state, moment, ConcernCode.OVERRUN, standing)


def overrun_from(state: Relationship) -> datetime | None:
    """The end of the term; None where a meeting was held since, or there is no term."""
    if state.agreement is None:
        return None
    ends_at = state.agreement.term_ends_at
    held = state.calendar.held_ends()
    return None if held and held[-1][0] > ends_at else ends_at


def propose_closure(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Nothing was heard for long: closing is proposed to the coordinator, and never done by a clock."""
    since = proposed_from(state, moment)
    last = inactive_since(state)
    due = since is not None and since <= moment.at
    if due and moment.passing and not _proposed(state, last):
        yield ClosureProposed(
            occurred_at=moment.at, provenance=Provenance.INFERRED, policy=moment.policy.version, anchor=last
        )
    standing: Standing | None = None
    if due and since is not None and state.proposed is not None and _proposed(state, last):
        standing = (since, (state.proposed.version,))
    yield from settle(state, moment, ConcernCode.CLOSURE_PROPOSED, standing)


def _proposed(state: Relationship, last: datetime) -> bool:
    return state.proposed is not None and state.proposed.at == last


def proposed_from(state: Relationship, moment: Moment) -> datetime | None:
    """When closing is proposed; None while a pause holds it up."""
    closure = moment.policy.policy.closure
    return later(state, inactive_since(state), days(closure.inactive_days) + days(closure.notice_days))


def inactive_since(state: Relationship) -> datetime:
    """The last sign of life, an amendment and the opening among them."""
    signs = (state.opened_at, anchor(state), state.amended_at)
    held = state.calendar.held_ends()
    last_held = held[-1][0] if held else None
    return max(sign for sign in (*signs, last_held) if sign is not None)
