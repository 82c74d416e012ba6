"""Entering stagnation, taking it back, and coming out of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from workflow.aggregates.events import (
    Event,
    MoveRevised,
    Provenance,
    Reinvigorated,
    StagnationEntered,
    StagnationWithdrawn,
)
from workflow.aggregates.moves import Move, State, destination
from workflow.aggregates.relationship import Relationship, Spell
from workflow.aggregates.rules.measures import settled_at
from workflow.aggregates.rules.moment import Moment, anchor, cadence, days, times


def stagnates_from(state: Relationship, moment: Moment) -> datetime | None:
    """When a standing suspicion becomes stagnation; None where none stands in an active relationship."""
    suspicion = state.suspicion
    if suspicion is None or suspicion.cleared or state.state is not State.ACTIVE:
        return None
    last = anchor(state)
    if last is None:
        return None
    silence = moment.policy.silence
    return max(
        last + times(silence.entered_after, cadence(state, moment)),
        suspicion.since + days(silence.suspicion_stands_days),
    )


def enter(state: Relationship, moment: Moment) -> Sequence[Event]:
    """Silence that lasts, after a suspicion that stood, is stagnation: inferred, and open to be withdrawn."""
    due = stagnates_from(state, moment)
    if due is None or due > moment.at:
        return ()
    last = anchor(state)
    assert last is not None  # else there is no due
    assert state.suspicion is not None  # as above
    silence = moment.policy.silence
    entered = StagnationEntered(
        occurred_at=moment.at,
        provenance=Provenance.INFERRED,
        policy=moment.policy_version,
        declared=False,
        anchor=last,
        silent_for=times(silence.entered_after, cadence(state, moment)),
        two_meetings_within=times(silence.two_meetings_within, cadence(state, moment)),
        evidence=(state.suspicion.version,),
        entered=destination(state.state, Move.STAGNATE),
    )
    return (entered,)


def withdraw(state: Relationship, moment: Moment) -> Sequence[Event]:
    """Inferred stagnation goes when there turns out to have been a meeting before it was entered, or a rest then.

    Where the pair had come back from it by then, the move into it is revised. Should that meeting turn out
    not to have been held after all, the withdrawal is.
    """
    spell = state.spell
    if spell is None or spell.declared or state.state not in (State.ACTIVE, State.STAGNATION):
        return ()
    last = anchor(state, until=spell.entered_at)
    silent = last is None or last + spell.silent_for <= spell.entered_at
    silent = silent and not _rested(state, spell.entered_at)
    if silent and spell.withdrawn:
        return (_revision(moment, Move.WITHDRAW_STAGNATION, None, entered=State.STAGNATION),)
    if not silent and state.state is State.STAGNATION:
        withdrawn = StagnationWithdrawn(
            occurred_at=moment.at,
            provenance=Provenance.CORRECTED,
            policy=moment.policy_version,
            entered=destination(state.state, Move.WITHDRAW_STAGNATION),
        )
        return (withdrawn,)
    if not silent and not spell.withdrawn:
        return (_revision(moment, Move.STAGNATE, None),)
    return ()


def _rested(state: Relationship, instant: datetime) -> bool:
    """Whether a pause went on at an instant, by all that is known now."""
    return any(
        pause.since < instant and (pause.resumed_at is None or instant < pause.resumed_at)
        for pause in state.pauses
    )


def reinvigorate(state: Relationship, moment: Moment) -> Sequence[Event]:
    """Back to active once the last of what it takes is there, whichever that is."""
    if state.spell is None or state.state is not State.STAGNATION:
        return ()
    found = _way_back(state, state.spell)
    if found is None:
        return ()
    instant, evidence = found
    reinvigorated = Reinvigorated(
        occurred_at=instant,
        provenance=Provenance.INFERRED,
        policy=moment.policy_version,
        evidence=evidence,
        entered=destination(state.state, Move.REINVIGORATE),
    )
    return (reinvigorated,)


def revise_reinvigoration(state: Relationship, moment: Moment) -> Sequence[Event]:
    """A way back that rested on meetings follows their facts."""
    spell = state.spell
    if spell is None or spell.ended_at is None or state.state is not State.ACTIVE:
        return ()
    found = _way_back(state, spell)
    instant = found[0] if found is not None else None
    if instant == spell.ended_at:
        return ()
    entered = State.STAGNATION if instant is None else None
    return (_revision(moment, Move.REINVIGORATE, instant, entered=entered),)


def _revision(
    moment: Moment, move: Move, instant: datetime | None, *, entered: State | None = None
) -> MoveRevised:
    return MoveRevised(
        occurred_at=moment.at,
        provenance=Provenance.CORRECTED,
        policy=moment.policy_version,
        move=move,
        instant=instant,
        entered=entered,
    )


def _way_back(state: Relationship, spell: Spell) -> tuple[datetime, tuple[int, ...]] | None:
    """The earliest instant at which the pair had come back, and the events that this rests on."""
    since = [(end, meeting) for end, meeting in state.calendar.held_ends() if end > spell.entered_at]
    ways: list[tuple[datetime, tuple[int, ...]]] = []
    look = min((look for look in state.looks if look[0] >= spell.entered_at), default=None)
    settled = min(
        (
            instant
            for measure in state.measures.values()
            if measure.look_at >= spell.entered_at and (instant := settled_at(state, measure)) is not None
        ),
        default=None,
    )
    if since and look is not None and settled is not None:
        end, meeting = since[0]
        ways.append((max(end, look[0], settled), (look[1], *meeting.versions)))
    if not spell.declared:
        for (first, one), (second, other) in pairwise(since):
            if second - first <= spell.two_meetings_within:
                ways.append((second, (*one.versions, *other.versions)))
                break
    return min(ways, default=None)
