"""How the parties find the dialogue."""

from __future__ import annotations

from workflow.aggregates import events as e
from workflow.aggregates.evolve.applier import Appliers
from workflow.aggregates.relationship import CheckIn, Relationship, Told


def _checked_in(state: Relationship, event: e.CheckInGiven) -> None:
    known = state.check_ins.get(event.party)
    if known is None or event.occurred_at >= known.at:
        state.check_ins[event.party] = CheckIn(event.occurred_at, event.low)


def _consented(state: Relationship, event: e.CheckInConsentGiven) -> None:
    state.consents |= {event.party}


def _consent_withdrawn(state: Relationship, event: e.CheckInConsentWithdrawn) -> None:
    state.consents -= {event.party}


def _asked_for_help(state: Relationship, event: e.HelpAsked) -> None:
    known = state.help_asked
    if known is None or event.occurred_at >= known.at:
        state.help_asked = Told(event.occurred_at, state.version)


APPLIERS: Appliers = {
    e.CheckInGiven: _checked_in,
    e.CheckInConsentGiven: _consented,
    e.CheckInConsentWithdrawn: _consent_withdrawn,
    e.HelpAsked: _asked_for_help,
}
