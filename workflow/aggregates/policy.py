"""A programme's policy: every number that the rules use, with its default.

A day is 24 hours. Limits are inclusive: at exactly n the rule fires, and a limit of 7 days permits day 7.
A policy is written in TOML, checked here, and adopted in versions; every decision's events name the
version that was in force.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from workflow.aggregates.policy_faults import sentences
from workflow.aggregates.words import Word
from workflow.errors import Invalid

Days = Annotated[float, Field(gt=0, le=3660, allow_inf_nan=False)]
Hours = Annotated[float, Field(gt=0, le=24 * 60, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=12, allow_inf_nan=False)]
Step = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


S = TypeVar("S", bound=BaseModel)


class Section(BaseModel):
    """One part of the policy document. Unknown members are refused, so that a misspelt limit is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AgreementForm(Word):
    """What makes an agreement stand."""

    SIGNED = "signed"
    ORAL = "oral"
    NONE = "none"


def _at_most(fewer: str, more: str) -> Callable[[S], S]:
    """A check that one number of a section does not exceed another."""

    def check(section: S) -> S:
        if getattr(section, fewer) > getattr(section, more):
            raise PydanticCustomError(
                "order", "{fewer} must not exceed {more}", {"fewer": fewer, "more": more}
            )
        return section

    return check


class OnboardingPolicy(Section):
    """What has to be done before a pair comes to its agreement. Days count from the opening."""

    steps: tuple[Step, ...] = Field(
        (), max_length=20, description="steps that the programme asks for beside everybody's commitment"
    )
    stuck_after_days: Days = Field(21, description="days in onboarding or agreement: the coordinator is told")
    remind_mentee_days: Days = Field(
        7, description="days without a first meeting booked: mentees are reminded"
    )
    remind_mentor_days: Days = Field(10, description="as before: mentors are reminded")
    remind_coordinator_days: Days = Field(14, description="as before: the coordinator is")
    no_first_meeting_days: Days = Field(14, description="days without a first meeting booked: a concern")


class AgreementPolicy(Section):
    """How a pair comes to an agreement, and what holds until it agrees otherwise."""

    form: AgreementForm = Field(
        AgreementForm.SIGNED,
        description="signed: every party has signed the current version; oral: each has confirmed it; "
        "none: the first held meeting concludes it",
    )
    cadence_days: Days = Field(30, description="days between meetings (C) unless agreed otherwise")
    duration_months: int = Field(6, ge=1, le=120, description="calendar months, in the programme's zone")
    midpoint: float = Field(
        0.5,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="share of the duration: the pair is asked to look back",
    )


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
    """What is late, what is reminded of, and when a meeting that nobody reported is called unconfirmed."""

    preparation_hours: Hours = Field(72, description="hours before the start: preparation is asked for")
    reminder_hours: Hours = Field(24, description="hours before the start: the meeting is reminded of")
    late_cancellation_hours: Hours = Field(
        24, description="hours before the start; under this a cancellation is late"
    )
    outcome_hours: tuple[Hours, ...] = Field(
        (0.5, 24, 72), max_length=5, description="hours after the end without any report: it is asked for"
    )
    unconfirmed_after_hours: Hours = Field(72, description="hours after the end without any report")
    unconfirmed_in_a_row: int = Field(
        2, ge=1, le=50, description="meetings in a row that nobody reported: a concern, which never accuses"
    )
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


class GoalPolicy(Section):
    """When a pair is taken to have no direction."""

    first_by_held: int = Field(2, ge=1, le=50, description="held meetings by which there is a goal")
    review_within_held: int = Field(2, ge=1, le=50, description="held meetings without a review")
    review_within_days: Days = Field(60, description="days without a review")


class DialoguePolicy(Section):
    """How the dialogue is asked about, and what counts as low. An answer is a number from 1 to 5."""

    low_mean: float = Field(
        3.0,
        ge=1,
        le=5,
        allow_inf_nan=False,
        description="the mean of a check-in at which the dialogue is low",
    )
    drop: float = Field(
        1.0, gt=0, le=4, allow_inf_nan=False, description="below the same party's previous mean: low, too"
    )
    pulse_days: tuple[Days, ...] = Field(
        (30, 90, 150), max_length=20, description="days from active-since on which check-ins are asked for"
    )


class FreshLookPolicy(Section):
    """What a pair in stagnation is asked for."""

    within_days: Days = Field(14, description="days in stagnation after which every party is reminded")
    missing_after_days: Days = Field(
        21, description="days in stagnation without measures: the coordinator is told"
    )
    least_measures: int = Field(2, ge=1, le=20, description="the fewest measures of a fresh look")
    _order = model_validator(mode="after")(_at_most("least_measures", "most_measures"))

    most_measures: int = Field(5, ge=1, le=20, description="the most measures of a fresh look")
    review_after_days: Days = Field(30, description="days from the fresh look to the review of its measures")


class SupportPolicy(Section):
    """When the coordinator speaks with a pair, in days from the opening."""

    first_month_days: Days = Field(30, description="the first month")
    first_month_every_days: Days = Field(15, description="days between contacts in the first month")
    then_every_days: Days = Field(30, description="days between contacts after it")
    late_after_days: Days = Field(7, description="days after a contact was due: a concern")


class PausePolicy(Section):
    """How long a relationship may rest."""

    longest_days: Days = Field(60, description="days after which a pause ends by itself")


class ReminderPolicy(Section):
    """Limits on what a party is sent. Reminders of meetings, preparation, outcomes and check-ins are exempt."""

    one_in_days: Days = Field(
        7, description="days within which a party gets at most one reminder per relationship"
    )
    most_per_episode: int = Field(
        3, ge=1, le=20, description="reminders to one party while a concern stands; then a human is asked"
    )
    too_late_hours: Hours = Field(24, description="hours after its instant at which a reminder is suppressed")


class ClosurePolicy(Section):
    """How an end is prepared, and what follows it."""

    remind_pair_days: Days = Field(30, description="days before the end of the term: the pair is reminded")
    remind_coordinator_days: Days = Field(14, description="days before it: the coordinator is")
    feedback_days: tuple[Days, ...] = Field(
        (7, 14, 21), max_length=10, description="days after the closing on which feedback is asked for"
    )
    inactive_days: Days = Field(90, description="days without any sign of life")
    notice_days: Days = Field(7, description="days after those: closing is proposed to the coordinator")


class Policy(Section):
    """All the numbers of one programme."""

    onboarding: OnboardingPolicy = OnboardingPolicy()
    agreement: AgreementPolicy = AgreementPolicy()
    meetings: MeetingPolicy = MeetingPolicy()
    silence: SilencePolicy = SilencePolicy()
    concerns: ConcernPolicy = ConcernPolicy()
    goals: GoalPolicy = GoalPolicy()
    dialogue: DialoguePolicy = DialoguePolicy()
    fresh_look: FreshLookPolicy = FreshLookPolicy()
    support: SupportPolicy = SupportPolicy()
    pauses: PausePolicy = PausePolicy()
    reminders: ReminderPolicy = ReminderPolicy()
    closure: ClosurePolicy = ClosurePolicy()


def parse_policy(document: str) -> Policy:
    """The policy that a TOML document describes; what it leaves out takes its default."""
    try:
        return Policy.model_validate(tomllib.loads(document))
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"the policy is not TOML: {error}", code="policy_invalid") from error
    except ValidationError as error:
        raise Invalid(f"the policy does not fit: {sentences(error)}", code="policy_invalid") from error


class PolicyInForce(BaseModel):
    """A policy and the version under which its programme adopted it."""

    model_config = ConfigDict(frozen=True)

    version: int
    policy: Policy
