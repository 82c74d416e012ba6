"""The order in which rules are asked: facts of meetings, then pauses and moves, concerns, reminders."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workflow.aggregates.events import Event
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import (
    agreement,
    beginnings,
    care,
    commitment,
    dialogue,
    direction,
    endings,
    measures,
    outcomes,
    pauses,
    reminders,
    silence,
    stagnation,
)
from workflow.aggregates.rules.moment import Moment

Rule = Callable[[Relationship, Moment], Iterable[Event]]

RULES: tuple[Rule, ...] = (
    outcomes.unconfirmed,
    beginnings.complete_onboarding,
    agreement.conclude,
    agreement.revise,
    agreement.amend,
    pauses.settle,
    stagnation.withdraw,
    stagnation.revise_reinvigoration,
    stagnation.reinvigorate,
    silence.suspect,
    stagnation.enter,
    beginnings.no_first_meeting,
    beginnings.stuck,
    commitment.commitment,
    commitment.contradictory,
    commitment.nobody_reports,
    direction.no_direction,
    dialogue.low_dialogue,
    measures.no_fresh_look,
    measures.measures_overdue,
    care.no_support_contact,
    care.help_asked,
    care.basis_withdrawn,
    endings.propose_closure,
    endings.overrun,
    reminders.remind,
)

AFTER_CLOSURE: tuple[Rule, ...] = (reminders.remind,)
"""What is still asked of a relationship that has ended."""
