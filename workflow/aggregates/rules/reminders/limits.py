"""Limits on what a party is sent: when it may be reminded of what is wanted, and when it was often enough."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflow.aggregates.events import EPISODES, EXEMPT_REMINDERS, ConcernCode, ReminderKind
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, days, later
from workflow.aggregates.rules.reminders.wanted import Call, Wanted, undecided

Next = tuple[datetime, ReminderKind]
"""When the clock has to ask for a reminder, and of which kind it is."""


def next_of(state: Relationship, moment: Moment, calls: Sequence[Call]) -> Next | None:
    """The first of these that the clock has to ask for. It depends neither on the calendar nor on ``moment.at``."""
    next_at: datetime | None = None
    kind: ReminderKind | None = None
    apart = days(moment.policy.reminders.one_in_days)
    quiet_until = max(state.last_reminded.values()) + apart if state.last_reminded else None
    for call in calls:
        due = call.due
        if next_at is not None and due >= next_at:
            continue
        unlimited = quiet_until is None or due >= quiet_until or call.kind in EXEMPT_REMINDERS
        if unlimited and not call.but and (call.kind, call.about, call.step) not in state.reminded:
            next_at, kind = due, call.kind  # for everybody, and at once
            continue
        for wanted in undecided(state, call):
            at = asked_at(state, moment, wanted)
            if at is not None and (next_at is None or at < next_at):
                next_at, kind = at, call.kind
    return None if next_at is None or kind is None else (next_at, kind)


def asked_at(state: Relationship, moment: Moment, wanted: Wanted) -> datetime | None:
    """When it is permitted; where that lies beyond the one move, at the latest instant of that.

    A pause that begins before it puts it off; None while one goes on. The end of a term waits for none.
    """
    latest = wanted.due + days(moment.policy.reminders.one_in_days)
    at = min(permitted(state, moment, wanted), latest)
    if at == wanted.due or wanted.kind is ReminderKind.CLOSING or state.state is State.CLOSURE:
        return at
    return later(state, wanted.due, at - wanted.due)


def permitted(state: Relationship, moment: Moment, wanted: Wanted) -> datetime:
    """The first instant, from when it is due, at which the party was sent nothing for long enough."""
    if wanted.party is None or wanted.kind in EXEMPT_REMINDERS:
        return wanted.due
    last = state.last_reminded.get(wanted.party)
    if last is None:
        return wanted.due
    return max(wanted.due, last + days(moment.policy.reminders.one_in_days))


def enough_about(state: Relationship, moment: Moment, wanted: Wanted) -> ConcernCode | None:
    """The concern about which the party was reminded often enough already; None where it may be again."""
    code = EPISODES.get(wanted.kind)
    concern = None if code is None else state.concerns.get((code, None))
    if wanted.party is None or code is None or concern is None:
        return None
    episode = state.episodes.get((code, wanted.party))
    if episode is None or episode.since != concern.since:
        return None
    return code if episode.reminded >= moment.policy.reminders.most_per_episode else None
