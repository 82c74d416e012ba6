"""Reminders, and endings."""

from __future__ import annotations

from workflow.aggregates import events as e
from workflow.aggregates.evolve.applier import Appliers, enter
from workflow.aggregates.relationship import Episode, Relationship, Said


def _reminded(state: Relationship, event: e.ReminderIssued) -> None:
    _remember(state, event)
    if event.party is None or event.kind in e.EXEMPT_REMINDERS:
        return
    state.last_reminded = {**state.last_reminded, event.party: event.occurred_at}
    code = e.EPISODES.get(event.kind)
    concern = None if code is None else state.concerns.get((code, None))
    if code is not None and concern is not None:
        since, reminded = state.episodes.get((code, event.party), (concern.since, 0))
        count = reminded + 1 if since == concern.since else 1
        state.episodes = {**state.episodes, (code, event.party): Episode(concern.since, count)}


def _remember(state: Relationship, event: e.ReminderIssued | e.ReminderSuppressed) -> None:
    key = event.kind, event.about, event.step
    state.reminded = {**state.reminded, key: state.reminded.get(key, frozenset()) | {event.party}}


def _closure_proposed(state: Relationship, event: e.ClosureProposed) -> None:
    state.proposed = Said(event.anchor, state.version)


def _closed(state: Relationship, event: e.Closed) -> None:
    state.closed_at = event.occurred_at
    state.suspicion = None
    enter(state, event.entered, event.occurred_at)


def _feedback_given(state: Relationship, event: e.ClosingFeedbackGiven) -> None:
    state.feedback |= {event.party}


APPLIERS: Appliers = {
    e.ReminderIssued: _reminded,
    e.ReminderSuppressed: _remember,
    e.ClosureProposed: _closure_proposed,
    e.Closed: _closed,
    e.ClosingFeedbackGiven: _feedback_given,
}
