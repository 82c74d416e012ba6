"""The order in which rules are asked: facts of meetings, then pauses and moves, concerns, reminders."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workflow.aggregates.events import Event
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import (
    agreement,
    beginnings,
    by_time,
    care,
    commitment,
    dialogue,
    direction,
    endings,
    outcomes,
    pauses,
    silence,
    stagnation,
)
from workflow.aggregates.rules.moment import Moment
from workflow.aggregates.rules.reminders import asked

Rule = Callable[[Relationship, Moment], Iterable[Event]]

_RULES: tuple[Rule, ...] = (
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
    by_time.settle_timed,
    commitment.commitment,
    commitment.contradictory,
    commitment.nobody_reports,
    direction.no_direction,
    dialogue.low_dialogue,
    care.help_asked,
    care.basis_withdrawn,
    endings.propose_closure,
    asked.remind,
)

_AFTER_CLOSURE: tuple[Rule, ...] = (asked.remind,)
"""What is still asked of a relationship that has ended."""

_OF_TIME = {outcomes.unconfirmed, stagnation.enter, asked.remind}
"""These bring about what time alone does, and are asked by the clock."""

_OF_FACTS, _OF_FACTS_AFTER_CLOSURE = (
    tuple(rule for rule in rules if rule not in _OF_TIME) for rules in (_RULES, _AFTER_CLOSURE)
)


def rules_of(state: Relationship, moment: Moment) -> tuple[Rule, ...]:
    """Those to be asked of a relationship as it stands: by the clock all, else those that follow from facts."""
    if state.state is State.CLOSURE:
        return _AFTER_CLOSURE if moment.passing else _OF_FACTS_AFTER_CLOSURE
    return _RULES if moment.passing else _OF_FACTS
