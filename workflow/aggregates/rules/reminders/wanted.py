"""Reminders that are wanted, by the facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from workflow.aggregates.events import ReminderKind, Role
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment

PARTIES = (Role.MENTOR, Role.MENTEE)
MENTORS = (Role.MENTOR,)
MENTEES = (Role.MENTEE,)
COORDINATOR = (Role.COORDINATOR,)


class Call(NamedTuple):
    """Everybody of these roles is to be reminded at ``due``, but for those who need it no more.

    ``about`` is the instant that it is about, and ``step`` which of several about the same. Most calls lie far
    ahead: for whom they are is worked out only for those that may be the next.
    """

    due: datetime
    kind: ReminderKind
    roles: tuple[Role, ...]
    about: datetime
    step: int = 1
    but: Collection[UUID] = ()


class Wanted(NamedTuple):
    """One reminder: to a party, or without one to the coordinator."""

    due: datetime
    kind: ReminderKind
    audience: Role
    party: UUID | None
    about: datetime
    step: int


Source = Callable[[Relationship, Moment], Sequence[Call]]


def undecided(state: Relationship, call: Call) -> Iterator[Wanted]:
    """The reminders that a call comes to and that were neither issued nor suppressed before."""
    due, kind, roles, about, step, but = call
    decided = state.reminded.get((kind, about, step), ())
    for role in roles:
        people = _NOBODY if role is Role.COORDINATOR else state.by_role[role]
        for person in people:
            if person not in decided and person not in but:
                yield Wanted(due, kind, role, person, about, step)


_NOBODY: tuple[UUID | None, ...] = (None,)
