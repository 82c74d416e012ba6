"""The reminders that become of what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from workflow.aggregates.events import (
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
from workflow.aggregates.rules.moment import Moment, hours
from workflow.aggregates.rules.reminders import course, meetings
from workflow.aggregates.rules.reminders.limits import asked_at, enough_about, next_of, permitted
from workflow.aggregates.rules.reminders.wanted import COORDINATOR, Call, Wanted, undecided
from workflow.aggregates.rules.since_held import since_held
from workflow.aggregates.rules.unmoved import reminders

_KINDS = {kind: place for place, kind in enumerate(ReminderKind)}
_A_HUMAN = 2
"""The step of a contact that the coordinator is asked for because a party was reminded often enough."""


def next_reminder(state: Relationship, moment: Moment) -> tuple[datetime, DueKind] | None:
    """When the clock has to ask for the next reminder, and of which kind it is."""
    if state.state is State.CLOSURE:
        first = next_of(state, moment, course.looking_back(state, moment))
    else:
        first = reminders(state, moment).next
        calls = _of_meetings(state, moment, first and first[0])
        of_meetings = next_of(state, moment, calls) if calls else None
        if of_meetings is not None and (first is None or of_meetings[0] <= first[0]):
            first = of_meetings
    return None if first is None else (first[0], REMINDER_DUES[first[1]])


def remind(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Each reminder that is due is issued once, or not: too late, or because the party was sent enough.

    One over the limit moves to the first instant permitted, once; then it is suppressed. Whoever was
    reminded often while a concern stands is not reminded again: a human is asked instead. What became known
    late is not late itself, but what a clock asks late that was away is.
    """
    late = moment.at < moment.now - hours(moment.policy.reminders.too_late_hours)
    calls = [call for call in _due_calls(state, moment) if call.due <= moment.at]
    # Two meetings of one time are one reminder.
    for wanted in sorted({one for call in calls for one in undecided(state, call)}, key=_order):
        at = asked_at(state, moment, wanted)
        if at is None or at > moment.at:
            continue
        if late:
            yield _suppressed(wanted, moment, SuppressionReason.TOO_LATE)
        elif permitted(state, moment, wanted) > moment.at:
            yield _suppressed(wanted, moment, SuppressionReason.ENOUGH)
        elif (code := enough_about(state, moment, wanted)) is not None:
            yield _suppressed(wanted, moment, SuppressionReason.ENOUGH)
            for human in undecided(state, _a_human(state, code)):
                yield _issued(state, human, moment)
        else:
            yield _issued(state, wanted, moment)


def _due_calls(state: Relationship, moment: Moment) -> list[Call]:
    """Those that are due, and maybe others."""
    if state.state is State.CLOSURE:
        return [*course.looking_back(state, moment)]
    return [*_of_meetings(state, moment, moment.at), *reminders(state, moment).calls]


def _of_meetings(state: Relationship, moment: Moment, until: datetime | None) -> Sequence[Call]:
    calls = meetings.around(state, moment, until)
    book_next = since_held(state, moment).book_next
    if book_next is None or (until is not None and book_next.due > until) or meetings.booked_next(state):
        return calls
    return [*calls, book_next]


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
