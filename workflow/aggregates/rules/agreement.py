"""When an agreement stands, and what later facts change about that."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from workflow.aggregates.events import (
    AgreementAmended,
    AgreementConcluded,
    Event,
    MoveRevised,
    Provenance,
    StagnationWithdrawn,
)
from workflow.aggregates.moves import Move, State, destination
from workflow.aggregates.policy import AgreementForm
from workflow.aggregates.relationship import Draft, Relationship
from workflow.aggregates.rules.moment import Moment


def add_months(instant: datetime, months: int, zone: str) -> datetime:
    """The same local time so many calendar months later, on the month's last day where it is shorter."""
    local = instant.astimezone(ZoneInfo(zone))
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def conclude(state: Relationship, moment: Moment) -> Iterator[Event]:
    """The agreement stands once all have signed, or where none is asked for, once a meeting was held."""
    if state.state is not State.AGREEMENT:
        return
    policy = moment.policy.policy.agreement
    instant = _first_held(state) if policy.form is AgreementForm.NONE else _all_signed(state)
    if instant is None:
        return
    draft = state.draft or Draft(0, policy.cadence_days, policy.duration_months)
    yield AgreementConcluded(
        occurred_at=instant,
        provenance=Provenance.INFERRED if policy.form is AgreementForm.NONE else Provenance.SELF_REPORTED,
        policy=moment.policy.version,
        version=None if policy.form is AgreementForm.NONE else draft.version,
        cadence_days=draft.cadence_days,
        duration_months=draft.duration_months,
        term_ends_at=add_months(instant, draft.duration_months, state.zone),
        entered=destination(state.state, Move.CONCLUDE_AGREEMENT),
    )


def revise(state: Relationship, moment: Moment) -> Iterator[Event]:
    """A conclusion that rested on the first held meeting follows that meeting's facts.

    Without one it is withdrawn, and with it stagnation that was only inferred. Whether a version was signed by
    then makes no difference, for the signatures may have become known before the meeting or after it: they are in
    force again with the next one held. But what people have declared stands, and the agreement with it, from then
    on at the latest.
    """
    agreement = state.agreement
    if agreement is None or not agreement.by_meeting:
        return
    shown = (_first_held(state), _declared_at(state))
    instant = min((one for one in shown if one is not None), default=None)
    if instant == state.active_since:
        return
    if instant is None:
        yield from _withdraw(state, moment)
        return
    months = agreement.duration_months
    if months is None:
        months = moment.policy.policy.agreement.duration_months
    yield _revision(moment, instant, term_ends_at=add_months(instant, months, state.zone))


def _withdraw(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Back to the agreement, by way of the inferred stagnation that came after it."""
    if state.state is State.STAGNATION:
        yield StagnationWithdrawn(
            occurred_at=moment.at,
            provenance=Provenance.CORRECTED,
            policy=moment.policy.version,
            entered=destination(state.state, Move.WITHDRAW_STAGNATION),
        )
    yield _revision(moment, None, entered=State.AGREEMENT)


def amend(state: Relationship, moment: Moment) -> Iterator[Event]:
    """A later version comes into force once all have signed it; until then the earlier one stays."""
    if state.agreement is None or state.draft is None or state.active_since is None:
        return
    if state.draft.version <= (state.agreement.version or 0):
        return
    instant = _all_signed(state)
    if instant is None:
        return
    yield AgreementAmended(
        occurred_at=instant,
        provenance=Provenance.SELF_REPORTED,
        policy=moment.policy.version,
        version=state.draft.version,
        cadence_days=state.draft.cadence_days,
        duration_months=state.draft.duration_months,
        term_ends_at=add_months(state.active_since, state.draft.duration_months, state.zone),
    )


def _revision(
    moment: Moment,
    instant: datetime | None,
    *,
    term_ends_at: datetime | None = None,
    entered: State | None = None,
) -> MoveRevised:
    return MoveRevised(
        occurred_at=moment.at,
        provenance=Provenance.CORRECTED,
        policy=moment.policy.version,
        move=Move.CONCLUDE_AGREEMENT,
        instant=instant,
        term_ends_at=term_ends_at,
        entered=entered,
    )


def _first_held(state: Relationship) -> datetime | None:
    """The end of the earliest held meeting, but not before the onboarding was complete."""
    ends = state.calendar.held_ends()
    if not ends or state.onboarded_at is None:
        return None
    return max(ends[0][0], state.onboarded_at)


def _declared_at(state: Relationship) -> datetime | None:
    """When people last declared that an active relationship stagnates."""
    return state.spell.entered_at if state.spell is not None and state.spell.declared else None


def _all_signed(state: Relationship) -> datetime | None:
    """When the last signature was given to the current version; None while one is missing."""
    if state.draft is None or any(party not in state.signed for party in state.parties):
        return None
    signed = max(state.signed.values())
    return max(signed, state.onboarded_at) if state.onboarded_at is not None else signed
