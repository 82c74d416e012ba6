"""Limits on what a party is sent, and the reminders that become of what is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from workflow.aggregates.events import (
    EPISODES,
    EXEMPT_REMINDERS,
    REMINDER_DUES,
    ConcernCode,
    DueKind,
    Event,
    Provenance,
    ReminderIssued,
    ReminderKind,
    ReminderSuppressed,
    SuppressionReason,
)
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, days, hours, later
from workflow.aggregates.rules.reminders import course, meetings
from workflow.aggregates.rules.reminders.wanted import COORDINATOR, Call, Source, Wanted, undecided
from workflow.aggregates.rules.unmoved import unmoved

_OF_MEETINGS: tuple[Source, ...] = (
    meetings.around,
    meetings.book_next,
    course.first_meeting,
    course.check_in,
)
_AFTER_CLOSURE: tuple[Source, ...] = (course.looking_back,)
_KINDS = {kind: place for place, kind in enumerate(ReminderKind)}
_A_HUMAN = 2
"""The step of a contact that the coordinator is asked for because a party was reminded often enough."""


def next_reminder(state: Relationship, moment: Moment) -> tuple[datetime, DueKind] | None:
    """When the clock has to ask for the next reminder, and of which kind it is."""
    next_at: datetime | None = None
    kind: ReminderKind | None = None
    apart = days(moment.policy.reminders.one_in_days)
    quiet_until = max(state.last_reminded.values()) + apart if state.last_reminded else None
    for call in _calls(state, moment):
        due = call.due
        if next_at is not None and due >= next_at:
            continue
        unlimited = quiet_until is None or due >= quiet_until or call.kind in EXEMPT_REMINDERS
        if unlimited and not call.but and (call.kind, call.about, call.step) not in state.reminded:
            next_at, kind = due, call.kind  # for everybody, and at once
            continue
        for wanted in undecided(state, call):
            asked_at = _asked_at(state, moment, wanted)
            if asked_at is not None and (next_at is None or asked_at < next_at):
                next_at, kind = asked_at, call.kind
    return None if next_at is None or kind is None else (next_at, REMINDER_DUES[kind])


def remind(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Each reminder that is due is issued once, or not: too late, or because the party was sent enough.

    One over the limit moves to the first instant permitted, once; then it is suppressed. Whoever was
    reminded often while a concern stands is not reminded again: a human is asked instead. What became known
    late is not late itself, but what a clock asks late that was away is.
    """
    late = moment.at < moment.now - hours(moment.policy.reminders.too_late_hours)
    calls = [call for call in _calls(state, moment) if call.due <= moment.at]
    # Two meetings of one time are one reminder.
    for wanted in sorted({one for call in calls for one in undecided(state, call)}, key=_order):
        asked_at = _asked_at(state, moment, wanted)
        if asked_at is None or asked_at > moment.at:
            continue
        if late:
            yield _suppressed(wanted, moment, SuppressionReason.TOO_LATE)
        elif _permitted(state, moment, wanted) > moment.at:
            yield _suppressed(wanted, moment, SuppressionReason.ENOUGH)
        elif (code := _episode(state, moment, wanted)) is not None:
            yield _suppressed(wanted, moment, SuppressionReason.ENOUGH)
            for human in undecided(state, _a_human(state, code)):
                yield _issued(state, human, moment)
        else:
            yield _issued(state, wanted, moment)


def _calls(state: Relationship, moment: Moment) -> list[Call]:
    if state.state is State.CLOSURE:
        return [call for source in _AFTER_CLOSURE for call in source(state, moment)]
    calls = [call for source in _OF_MEETINGS for call in source(state, moment)]
    return [*calls, *unmoved(state, moment).calls]


def _asked_at(state: Relationship, moment: Moment, wanted: Wanted) -> datetime | None:
    """When it is permitted; where that lies beyond the one move, at the latest instant of that.

    A pause that begins before it puts it off; None while one goes on. The end of a term waits for none.
    """
    latest = wanted.due + days(moment.policy.reminders.one_in_days)
    asked_at = min(_permitted(state, moment, wanted), latest)
    if asked_at == wanted.due or wanted.kind is ReminderKind.CLOSING or state.state is State.CLOSURE:
        return asked_at
    return later(state, wanted.due, asked_at - wanted.due)


def _permitted(state: Relationship, moment: Moment, wanted: Wanted) -> datetime:
    """The first instant, from when it is due, at which the party was sent nothing for long enough."""
    if wanted.party is None or wanted.kind in EXEMPT_REMINDERS:
        return wanted.due
    last = state.last_reminded.get(wanted.party)
    if last is None:
        return wanted.due
    return max(wanted.due, last + days(moment.policy.reminders.one_in_days))


def _episode(state: Relationship, moment: Moment, wanted: Wanted) -> ConcernCode | None:
    """The concern about which the party was reminded often enough already; None where it may be again."""
    code = EPISODES.get(wanted.kind)
    concern = None if code is None else state.concerns.get((code, None))
    if wanted.party is None or code is None or concern is None:
        return None
    episode = state.episodes.get((code, wanted.party))
    if episode is None or episode.since != concern.since:
        return None
    return code if episode.reminded >= moment.policy.reminders.most_per_episode else None


def _a_human(state: Relationship, code: ConcernCode) -> Call:
    since = state.concerns[code, None].since
    return Call(since, ReminderKind.CONTACT, COORDINATOR, since, _A_HUMAN)


def _order(wanted: Wanted) -> tuple[datetime, int, str, int, datetime]:
    return wanted.due, _KINDS[wanted.kind], str(wanted.party or ""), wanted.step, wanted.about


def _issued(state: Relationship, wanted: Wanted, moment: Moment) -> ReminderIssued:
    return ReminderIssued(
        occurred_at=moment.at,
        provenance=Provenance.INFERRED,
        policy=moment.policy_version,
        kind=wanted.kind,
        party=wanted.party,
        audience=wanted.audience,
        about=wanted.about,
        step=wanted.step,
        guidance=f"{wanted.kind.value}.{wanted.audience.value}.{state.state.value}",
    )


def _suppressed(wanted: Wanted, moment: Moment, reason: SuppressionReason) -> ReminderSuppressed:
    return ReminderSuppressed(
        occurred_at=moment.at,
        provenance=Provenance.INFERRED,
        policy=moment.policy_version,
        kind=wanted.kind,
        party=wanted.party,
        audience=wanted.audience,
        about=wanted.about,
        step=wanted.step,
        reason=reason,
    )
