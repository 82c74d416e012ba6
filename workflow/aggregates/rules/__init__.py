"""The rules that follow from facts, one subject a module.

A rule compares what should stand, by the facts known, with what is recorded, and yields the events that
make up the difference. Asked again without new facts it yields nothing, so the order in which facts became
known does not matter for where a relationship ends up.
"""

from workflow.aggregates.rules.moment import Moment
from workflow.aggregates.rules.order import rules_of, rules_to_ask

__all__ = ["Moment", "rules_of", "rules_to_ask"]
