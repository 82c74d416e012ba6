"""When an agreement stands, and what later facts change about that."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
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


def conclude(state: Relationship, moment: Moment) -> Sequence[Event]:
    """The agreement stands once all have signed, or where none is asked for, once a meeting was held."""
    if state.state is not State.AGREEMENT:
        return ()
    policy = moment.policy.agreement
    instant = _first_held(state) if policy.form is AgreementForm.NONE else _all_signed(state)
    if instant is None:
        return ()
    draft = state.draft or Draft(0, policy.cadence_days, policy.duration_months)
    concluded = AgreementConcluded(
        occurred_at=instant,
        provenance=Provenance.INFERRED if policy.form is AgreementForm.NONE else Provenance.SELF_REPORTED,
        policy=moment.policy_version,
        version=None if policy.form is AgreementForm.NONE else draft.version,
        cadence_days=draft.cadence_days,
        term_ends_at=add_months(instant, draft.duration_months, state.zone),
        duration_months=draft.duration_months,
        entered=destination(state.state, Move.CONCLUDE_AGREEMENT),
    )
    return (concluded,)


def revise(state: Relationship, moment: Moment) -> Iterable[Event]:
    """A conclusion that rested on the first held meeting follows that meeting's facts.

    It is withdrawn unless people have declared stagnation since, which stands. Stagnation that was but inferred
    goes with it. Whether a version was signed by then makes no difference, for the signatures may have become known
    before the meeting or after it: they come into force again with the next one held.
    """
    if state.agreement is None or not state.agreement.by_meeting:
        return ()
    instant = _first_held(state)
    if instant == state.active_since:
        return ()
    if instant is None:
        stays = state.spell is not None and state.spell.declared and not state.spell.withdrawn
        return () if stays else _withdraw(state, moment)
    months = state.agreement.duration_months
    if months is None:
        months = moment.policy.agreement.duration_months
    return (_revision(moment, instant, term_ends_at=add_months(instant, months, state.zone)),)


def _withdraw(state: Relationship, moment: Moment) -> Iterator[Event]:
    """Back to the agreement, by way of the inferred stagnation that came after it."""
    spell = state.spell
    if state.state is State.STAGNATION:
        yield StagnationWithdrawn(
            occurred_at=moment.at,
            provenance=Provenance.CORRECTED,
            policy=moment.policy_version,
            entered=destination(state.state, Move.WITHDRAW_STAGNATION),
        )
    elif spell is not None and not spell.withdrawn:
        yield _revision(moment, None, move=Move.STAGNATE)
    if state.state is State.ACTIVE:
        yield _revision(moment, None, entered=State.AGREEMENT)


def amend(state: Relationship, moment: Moment) -> Sequence[Event]:
    """A later version comes into force once all have signed it; until then the earlier one stays."""
    if state.agreement is None or state.draft is None or state.active_since is None:
        return ()
    if state.draft.version <= (state.agreement.version or 0):
        return ()
    instant = _all_signed(state)
    if instant is None:
        return ()
    amended = AgreementAmended(
        occurred_at=instant,
        provenance=Provenance.SELF_REPORTED,
        policy=moment.policy_version,
        version=state.draft.version,
        cadence_days=state.draft.cadence_days,
        term_ends_at=add_months(state.active_since, state.draft.duration_months, state.zone),
        duration_months=state.draft.duration_months,
    )
    return (amended,)


def _revision(
    moment: Moment,
    instant: datetime | None,
    *,
    move: Move = Move.CONCLUDE_AGREEMENT,
    term_ends_at: datetime | None = None,
    entered: State | None = None,
) -> MoveRevised:
    return MoveRevised(
        occurred_at=moment.at,
        provenance=Provenance.CORRECTED,
        policy=moment.policy_version,
        move=move,
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


def _all_signed(state: Relationship) -> datetime | None:
    """When the current version was signed by all; None while one is missing.

    That is the last signature, or when somebody left who had not signed.
    """
    if state.draft is None or any(party not in state.signed for party in state.parties):
        return None
    unsigned = [left.at for person, left in state.left.items() if person not in state.signed]
    instants = [*(state.signed[party] for party in state.parties), *unsigned]
    return max(instants if state.onboarded_at is None else [*instants, state.onboarded_at])
