"""The order in which rules are asked: facts of meetings, then pauses and moves, concerns, reminders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from operator import attrgetter

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
from workflow.aggregates.rules.situation import Situation
from workflow.aggregates.rules.unmoved import unmoved

Rule = Callable[[Relationship, Moment], Iterable[Event]]

_SITUATIONS: tuple[tuple[Rule, str | None], ...] = (
    (outcomes.unconfirmed, None),
    (beginnings.complete_onboarding, "begins"),
    (agreement.conclude, "agrees"),
    (agreement.revise, "stands_by_a_meeting"),
    (agreement.amend, "amends"),
    (pauses.settle, "has_paused"),
    (stagnation.withdraw, "has_stagnated"),
    (stagnation.revise_reinvigoration, "has_stagnated"),
    (stagnation.reinvigorate, "has_stagnated"),
    (silence.suspect, "is_suspected"),
    (stagnation.enter, None),
    (by_time.settle_timed, None),
    (commitment.commitment, None),
    (commitment.contradictory, None),
    (commitment.nobody_reports, None),
    (direction.no_direction, None),
    (dialogue.low_dialogue, "has_checked_in"),
    (care.help_asked, "has_asked_for_help"),
    (care.basis_withdrawn, "has_stagnated"),
    (endings.propose_closure, "is_to_be_closed"),
    (asked.remind, None),
)
"""Every rule in its order, and in which situation alone facts leave it anything to say; None: in any."""

_RULES = tuple(rule for rule, _ in _SITUATIONS)
_AFTER_CLOSURE: tuple[Rule, ...] = (asked.remind,)
"""What is still asked of a relationship that has ended."""

_OF_TIME = {outcomes.unconfirmed, stagnation.enter, asked.remind}
"""These bring about what time alone does, and are asked by the clock."""

_OF_FACTS, _OF_FACTS_AFTER_CLOSURE = (
    tuple(rule for rule in rules if rule not in _OF_TIME) for rules in (_RULES, _AFTER_CLOSURE)
)


def rules_of(state: Relationship, moment: Moment) -> tuple[Rule, ...]:
    """All that concern a relationship as it stands: by the clock all, else those that follow from facts."""
    if state.state is State.CLOSURE:
        return _AFTER_CLOSURE if moment.passing else _OF_FACTS_AFTER_CLOSURE
    return _RULES if moment.passing else _OF_FACTS


def rules_to_ask(state: Relationship, moment: Moment) -> Iterator[Rule]:
    """The same in their order, but for those that find nothing in its situation.

    What one brings about may change that, so then the ones after it are chosen anew. The clock asks all.
    """
    rules = rules_of(state, moment)
    if rules is not _OF_FACTS:
        yield from rules
        return
    last, course = -1, -1
    while course != state.course_version:
        course = state.course_version
        for place, rule in _chosen(unmoved(state, moment).situation):
            if place > last:
                last = place
                yield rule
                if course != state.course_version:
                    break


@lru_cache(maxsize=256)
def _chosen(situation: Situation) -> tuple[tuple[int, Rule], ...]:
    """Those of facts to be asked in a situation, and the place of each among all."""
    return tuple(
        (place, rule)
        for place, (rule, when) in enumerate(_SITUATIONS)
        if rule not in _OF_TIME and (when is None or attrgetter(when)(situation))
    )
