"""What of an event goes out to other services, as its classes declare it: nothing that was not decided on."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic_core import to_jsonable_python

from workflow.aggregates.events.concerns import CONFIDED, ConcernCleared, ConcernRaised
from workflow.aggregates.events.event import Event, Value
from workflow.aggregates.sealed import Sealed


def goes_out(kind: type[Event]) -> bool:
    """Whether events of this class go out at all; the class itself has to say so, and not one that it is made of."""
    return vars(kind).get("public") is not None


def is_told(event: Event) -> bool:
    """Whether this very event goes out. Concerns that were confided do not: others' tools might show them to a pair."""
    confided = isinstance(event, ConcernRaised | ConcernCleared) and event.code in CONFIDED
    return goes_out(type(event)) and not confided


@cache
def public_members(kind: type[Value]) -> tuple[str, ...]:
    """The members that go out, in their order."""
    public: set[str] = set().union(*(vars(base).get("public") or () for base in kind.__mro__))
    return tuple(name for name in kind.model_fields if name in public)


def undecided(kind: type[Value]) -> set[str]:
    """Members of which nobody has said whether they go out, and those of which both was said."""
    public, inside = set(public_members(kind)), set[str]()
    for base in kind.__mro__:
        inside |= vars(base).get("inside") or set()
    return (set(kind.model_fields) - public - inside) | (public & inside)


def outward(event: Event) -> dict[str, Any]:
    """The members of this very event that go out, as JSON has them. What it hides does not, whatever was declared.

    Raises ``TypeError`` where one holds sealed text.
    """
    return {
        name: _told(getattr(event, name)) for name in public_members(type(event)) if name not in event.hidden
    }


def _told(value: object) -> Any:
    if isinstance(value, Sealed):
        raise TypeError("sealed text does not go out")
    if isinstance(value, Value):
        return {name: _told(getattr(value, name)) for name in public_members(type(value))}
    if isinstance(value, tuple):
        return [_told(item) for item in value]
    return to_jsonable_python(value)
