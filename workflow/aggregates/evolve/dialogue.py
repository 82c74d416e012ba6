"""How the parties find the dialogue."""

from __future__ import annotations

from operator import attrgetter

from workflow.aggregates import events as e
from workflow.aggregates.evolve.applier import Appliers
from workflow.aggregates.relationship import CheckIn, Relationship, Said


def _checked_in(state: Relationship, event: e.CheckInGiven) -> None:
    """In the order in which they were given; of one instant the one told last comes last."""
    given = (*state.check_ins.get(event.party, ()), CheckIn(event.occurred_at, event.low))
    state.check_ins = {**state.check_ins, event.party: tuple(sorted(given, key=attrgetter("at")))}


def _consented(state: Relationship, event: e.CheckInConsentGiven) -> None:
    state.consents |= {event.party}


def _consent_withdrawn(state: Relationship, event: e.CheckInConsentWithdrawn) -> None:
    state.consents -= {event.party}


def _asked_for_help(state: Relationship, event: e.HelpAsked) -> None:
    if state.contacted_at is None or state.contacted_at < event.occurred_at:
        state.help_asked = (*state.help_asked, Said(event.occurred_at, state.version))


APPLIERS: Appliers = {
    e.CheckInGiven: _checked_in,
    e.CheckInConsentGiven: _consented,
    e.CheckInConsentWithdrawn: _consent_withdrawn,
    e.HelpAsked: _asked_for_help,
}
