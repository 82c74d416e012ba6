"""Along the course of a relationship: its first meeting, its middle, its check-ins, its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from workflow.aggregates.events import ReminderKind
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.care import contact_from
from workflow.aggregates.rules.moment import Moment, days, later
from workflow.aggregates.rules.reminders.wanted import COORDINATOR, MENTEES, MENTORS, PARTIES, Call


def first_meeting(state: Relationship, moment: Moment) -> Sequence[Call]:
    """No first meeting is booked: the mentee is reminded, then the mentor, then the coordinator."""
    calls = []
    policy, opened_at = moment.policy.onboarding, state.opened_at
    for roles, after in (
        (MENTEES, policy.remind_mentee_days),
        (MENTORS, policy.remind_mentor_days),
        (COORDINATOR, policy.remind_coordinator_days),
    ):
        due = later(state, opened_at, days(after))
        if due is not None:
            calls.append(Call(due, ReminderKind.FIRST_MEETING, roles, opened_at))
    return calls


def midpoint(state: Relationship, moment: Moment) -> Sequence[Call]:
    """At half of the duration the pair looks back, and ahead."""
    since, agreement = state.active_since, state.agreement
    if since is None or agreement is None:
        return ()
    span = moment.policy.agreement.midpoint * (agreement.term_ends_at - since)
    due = later(state, since, span)
    if due is None:
        return ()
    # Facts move its instant: it is about the duration agreed, and issued once for each.
    return (Call(due, ReminderKind.MIDPOINT, PARTIES, state.opened_at, agreement.duration_months or 0),)


def check_in(state: Relationship, moment: Moment) -> Sequence[Call]:
    """Once they have met, each party is asked on some days how the dialogue is, unless it has told since the last."""
    since = state.active_since
    if since is None:
        return ()
    calls, before = [], since
    for step, after in enumerate(moment.policy.dialogue.pulse_days, 1):
        due = later(state, since, days(after))
        if due is not None:
            told = _told_since(state, before) if state.check_ins else ()
            calls.append(Call(due, ReminderKind.CHECK_IN, PARTIES, state.opened_at, step, told))
        before = since + days(after)
    return calls


def _told_since(state: Relationship, instant: datetime) -> list[UUID]:
    return [party for party, given in state.check_ins.items() if given[-1].at > instant]


def support_contact(state: Relationship, moment: Moment) -> Sequence[Call]:
    """The coordinator is to speak with the pair."""
    due = contact_from(state, moment)
    return () if due is None else (Call(due, ReminderKind.SUPPORT_CONTACT, COORDINATOR, due),)


def closing(state: Relationship, moment: Moment) -> Sequence[Call]:
    """The end comes near: the pair is to plan it, and the coordinator to know. A pause does not move it."""
    if state.agreement is None:
        return ()
    ends_at, policy = state.agreement.term_ends_at, moment.policy.closure
    return (
        Call(ends_at - days(policy.remind_pair_days), ReminderKind.CLOSING, PARTIES, ends_at),
        Call(ends_at - days(policy.remind_coordinator_days), ReminderKind.CLOSING, COORDINATOR, ends_at),
    )


def looking_back(state: Relationship, moment: Moment) -> Sequence[Call]:
    """After the closing each party is asked for a last check-in, and for its feedback until it gives it."""
    closed_at = state.closed_at
    if closed_at is None:
        return ()
    calls = []
    if state.met():
        told = [party for party, given in state.check_ins.items() if given[-1].at >= closed_at]
        calls.append(Call(closed_at, ReminderKind.CHECK_IN, PARTIES, closed_at, but=told))
    for step, after in enumerate(moment.policy.closure.feedback_days, 1):
        due = closed_at + days(after)
        calls.append(Call(due, ReminderKind.FEEDBACK, PARTIES, closed_at, step, but=state.feedback))
    return calls
