"""Endings that nobody has spoken of: the term is over, or nothing is heard any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from workflow.aggregates.events import ClosureProposed, ConcernCode, Event, Provenance
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import Standing, settle
from workflow.aggregates.rules.moment import Moment, anchor, days, later


def overrun_from(state: Relationship, moment: Moment) -> datetime | None:  # noqa: ARG001 a due's signature
    """The end of the term, past which nothing was said; None where a meeting was held since, or there is no term."""
    if state.agreement is None:
        return None
    ends_at = state.agreement.term_ends_at
    held = state.calendar.held_ends()
    return None if held and held[-1][0] > ends_at else ends_at


def propose_closure(state: Relationship, moment: Moment) -> Iterable[Event]:
    """Nothing was heard for long: closing is proposed to the coordinator, and never done by a clock."""
    if not moment.passing and state.proposed is None:
        return ()  # what the clock has not proposed stands nowhere
    return _propose_closure(state, moment)


def _propose_closure(state: Relationship, moment: Moment) -> Iterator[Event]:
    last = inactive_since(state)
    since = _proposed_from(state, moment, last)
    due = since is not None and since <= moment.at
    if due and moment.passing and not _proposed(state, last):
        yield ClosureProposed(
            occurred_at=moment.at, provenance=Provenance.INFERRED, policy=moment.policy_version, anchor=last
        )
    standing: Standing | None = None
    if due and since is not None and state.proposed is not None and _proposed(state, last):
        standing = (since, (state.proposed.version,))
    yield from settle(state, moment, ConcernCode.CLOSURE_PROPOSED, standing)


def _proposed(state: Relationship, last: datetime) -> bool:
    return state.proposed is not None and state.proposed.at == last


def proposed_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the clock is to propose closing; None once it has, and while a pause holds it up."""
    last = inactive_since(state)
    return None if _proposed(state, last) else _proposed_from(state, moment, last)


def _proposed_from(state: Relationship, moment: Moment, last: datetime) -> datetime | None:
    closure = moment.policy.closure
    return later(state, last, days(closure.inactive_days + closure.notice_days))


def inactive_since(state: Relationship) -> datetime:
    """The last sign of life, an amendment and the opening among them."""
    last = anchor(state)
    if last is None or last < state.opened_at:
        last = state.opened_at
    if state.amended_at is not None and state.amended_at > last:
        last = state.amended_at
    return last
