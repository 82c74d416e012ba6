"""What asks for the coordinator: contacts that are due, help asked for, a basis that was withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from workflow.aggregates.events import ConcernCode, Event
from workflow.aggregates.moves import State
from workflow.aggregates.policy import SupportPolicy
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.concerns import Standing, settle
from workflow.aggregates.rules.moment import Moment, days, later


def contact_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the next support contact is due; None while a pause holds it up."""
    return later(state, state.opened_at, _next_contact(state, moment.policy.support))


def late_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the contact that is due next counts as late."""
    support = moment.policy.support
    return later(state, state.opened_at, _next_contact(state, support) + days(support.late_after_days))


def _next_contact(state: Relationship, support: SupportPolicy) -> timedelta:
    """The end of the first stretch of time without a contact, after the one in which the last was made."""
    often, seldom = _stretch(support.first_month_every_days), _stretch(support.then_every_days)
    month = days(support.first_month_days)
    made = None if state.contacted_at is None else _unpaused(state, state.contacted_at)
    if made is None:
        return often if often <= month else seldom
    stretches = month // often
    begun = stretches * often
    if stretches and made <= begun:
        covered = max(1, -(-made // often))
        return (covered + 1) * often if covered < stretches else begun + seldom
    covered = max(1, -(-(made - begun) // seldom))
    return begun + (covered + 1) * seldom


def _stretch(count: float) -> timedelta:
    """So many days, and never none: a number over 0 can be too small for an instant to tell."""
    return max(days(count), timedelta.resolution)


def _unpaused(state: Relationship, until: datetime) -> timedelta:
    """The time since the opening, without pauses."""
    rest = timedelta()
    for pause in state.pauses:
        if pause.since < until:
            rest += min(pause.resumed_at or until, until) - pause.since
    return until - state.opened_at - rest


def help_asked(state: Relationship, moment: Moment) -> Sequence[Event]:
    """A party asked for help, and nobody has made contact since. It is told at once, however early."""
    return settle(state, moment, ConcernCode.HELP_ASKED, wants_help(state), early=True)


def wants_help(state: Relationship) -> Standing | None:
    """Since the first asking that no contact has followed. Who asks again has waited since then."""
    asked = state.help_asked
    return (min(one.at for one in asked), tuple(one.version for one in asked)) if asked else None


def basis_withdrawn(state: Relationship, moment: Moment) -> Sequence[Event]:
    """What people declared rested on a meeting that, as is known now, was not held."""
    return settle(state, moment, ConcernCode.BASIS_WITHDRAWN, without_basis(state))


def without_basis(state: Relationship) -> Standing | None:
    """Declared stagnation in a relationship that only a meeting had made active, which did not take place."""
    agreement, spell = state.agreement, state.spell
    if agreement is None or not agreement.by_meeting or agreement.version is not None:
        return None
    if state.state not in (State.ACTIVE, State.STAGNATION) or state.calendar.held_ends():
        return None
    if spell is None or not spell.declared:
        return None
    if state.basis_acknowledged:
        return None
    return spell.entered_at, (spell.version, *state.calendar.corrections())
