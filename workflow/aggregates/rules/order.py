"""The order in which rules are asked: facts of meetings, then moves, concerns, reminders."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workflow.aggregates.events import Event
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import agreement, concerns, outcomes, reminders, silence, stagnation
from workflow.aggregates.rules.moment import Moment

Rule = Callable[[Relationship, Moment], Iterator[Event]]

RULES: tuple[Rule, ...] = (
    outcomes.unconfirmed,
    agreement.conclude,
    agreement.revise,
    agreement.amend,
    stagnation.withdraw,
    stagnation.revise_reinvigoration,
    stagnation.reinvigorate,
    silence.suspect,
    stagnation.enter,
    concerns.commitment,
    concerns.contradictory,
    concerns.no_fresh_look,
    reminders.book_next_meeting,
)
