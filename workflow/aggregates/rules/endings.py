"""Endings that nobody has spoken of: the term is over, or nothing is heard any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from workflow.aggregates.events import ClosureProposed, ConcernCode, Event, Provenance
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import Standing, settle
from workflow.aggregates.rules.moment import Moment
from workflow.aggregates.rules.since_held import since_held


def overrun_from(state: Relationship, moment: Moment) -> datetime | None:
    """The end of the term, past which nothing was said; None where a meeting was held since, or there is no term."""
    return since_held(state, moment).overrun_from


def propose_closure(state: Relationship, moment: Moment) -> Iterable[Event]:
    """Nothing was heard for long: closing is proposed to the coordinator, and never done by a clock."""
    if not moment.passing and state.proposed is None:
        return ()  # what the clock has not proposed stands nowhere
    return _propose_closure(state, moment)


def _propose_closure(state: Relationship, moment: Moment) -> Iterator[Event]:
    known = since_held(state, moment)
    last, since = known.inactive_since, known.inactive_from
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
    known = since_held(state, moment)
    return None if _proposed(state, known.inactive_since) else known.inactive_from
