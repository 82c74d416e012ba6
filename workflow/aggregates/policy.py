"""A programme's policy: every number that the rules use, with its default.

A day is 24 hours. Limits are inclusive: at exactly n the rule fires, and a limit of 7 days permits day 7.
A policy is written in TOML, checked here, and adopted in versions; every decision's events name the
version that was in force.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workflow.errors import Invalid

Days = Annotated[float, Field(gt=0, le=3660, allow_inf_nan=False)]
Hours = Annotated[float, Field(gt=0, le=24 * 60, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=12, allow_inf_nan=False)]


S = TypeVar("S", bound=BaseModel)


class Section(BaseModel):
    """One part of the policy document. Unknown members are refused, so that a misspelt limit is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AgreementForm(StrEnum):
    """What makes an agreement stand."""

    SIGNED = "signed"
    ORAL = "oral"
    NONE = "none"


def _at_most(fewer: str, more: str) -> Callable[[S], S]:
    """A check that one number of a section does not exceed another."""

    def check(section: S) -> S:
        if getattr(section, fewer) > getattr(section, more):
            raise ValueError(f"{fewer} must not exceed {more}")
        return section

    return check


class AgreementPolicy(Section):
    """How a pair comes to an agreement, and what holds until it agrees otherwise."""

    form: AgreementForm = Field(
        AgreementForm.SIGNED,
        description="signed: every party has signed the current version; oral: each has confirmed it; "
        "none: the first held meeting concludes it",
    )
    cadence_days: Days = Field(30, description="days between meetings (C) unless agreed otherwise")
    duration_months: int = Field(6, ge=1, le=120, description="calendar months, in the programme's zone")


class SilencePolicy(Section):
    """When silence becomes a suspicion, and that becomes stagnation. Shares are of the cadence C."""

    suspected_after: Share = Field(1.5, description="C after the anchor: stagnation is suspected")
    entered_after: Share = Field(2.0, description="C after the anchor: stagnation is entered")
    booked_within: Share = Field(0.5, description="C: a meeting booked this near holds a suspicion off")
    suspicion_stands_days: Days = Field(7, description="days a suspicion stands before stagnation is entered")
    _order = model_validator(mode="after")(_at_most("suspected_after", "entered_after"))

    two_meetings_within: Share = Field(
        2.0, description="C: two held meetings this near end inferred stagnation"
    )


class MeetingPolicy(Section):
    """What is late, and when a meeting that nobody reported is called unconfirmed."""

    late_cancellation_hours: Hours = Field(
        24, description="hours before the start; under this a cancellation is late"
    )
    unconfirmed_after_hours: Hours = Field(72, description="hours after the end without any report")
    book_next_after: Share = Field(
        0.5, description="C after a held meeting with nothing booked: the mentee is reminded"
    )
    book_next_not_within_days: Days = Field(
        7, description="days before the end of the term without that reminder"
    )


class ConcernPolicy(Section):
    """When a concern is raised."""

    in_a_row: int = Field(2, ge=1, le=50, description="meetings in a row not held: commitment concern")
    of_last: int = Field(6, ge=1, le=50, description="the latest meetings among which failures are counted")
    failures_of_last: int = Field(3, ge=1, le=50, description="failures among them: commitment concern")
    _order = model_validator(mode="after")(_at_most("failures_of_last", "of_last"))

    too_early_days: Days = Field(14, description="days from opening that raise no concern")


class FreshLookPolicy(Section):
    """What a pair in stagnation is asked for."""

    missing_after_days: Days = Field(
        21, description="days in stagnation without measures: the coordinator is told"
    )
    least_measures: int = Field(2, ge=1, le=20, description="the fewest measures of a fresh look")
    _order = model_validator(mode="after")(_at_most("least_measures", "most_measures"))

    most_measures: int = Field(5, ge=1, le=20, description="the most measures of a fresh look")


class ReminderPolicy(Section):
    """Limits on what a party is sent."""

    one_in_days: Days = Field(
        7, description="days within which a party gets at most one reminder per relationship"
    )
    too_late_hours: Hours = Field(24, description="hours after its instant at which a reminder is suppressed")


class Policy(Section):
    """All the numbers of one programme."""

    agreement: AgreementPolicy = AgreementPolicy()
    silence: SilencePolicy = SilencePolicy()
    meetings: MeetingPolicy = MeetingPolicy()
    concerns: ConcernPolicy = ConcernPolicy()
    fresh_look: FreshLookPolicy = FreshLookPolicy()
    reminders: ReminderPolicy = ReminderPolicy()


def parse_policy(document: str) -> Policy:
    """The policy that a TOML document describes; what it leaves out keeps its default."""
    try:
        return Policy.model_validate(tomllib.loads(document))
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"the policy is not TOML: {error}", code="policy_invalid") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        raise Invalid(f"the policy does not fit: {faults}", code="policy_invalid") from error


class PolicyInForce(BaseModel):
    """A policy and the version under which its programme adopted it."""

    model_config = ConfigDict(frozen=True)

    version: int
    policy: Policy
