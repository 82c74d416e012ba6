"""What a course has come to, as far as it leaves a rule anything to say: most have nothing to say in most courses."""

from __future__ import annotations

from typing import NamedTuple

from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship


class Situation(NamedTuple):
    """Each member says whether the rules that it is named with in the table of order have to be asked.

    Whatever becomes known of meetings changes none of them. Where one is false, those rules find nothing.
    """

    begins: bool
    agrees: bool
    stands_by_a_meeting: bool
    amends: bool
    has_paused: bool
    has_stagnated: bool
    is_suspected: bool
    has_checked_in: bool
    has_asked_for_help: bool
    is_to_be_closed: bool

    @property
    def looks_further(self) -> bool:
        """Whether rules look at bookings in it, or at the clock beyond what an agenda tells."""
        return self.is_suspected or self.is_to_be_closed


def situation(state: Relationship) -> Situation:
    """As it stands. Who asked for help stays one who did: the concern has to be cleared once somebody made contact."""
    agreement, draft = state.agreement, state.draft
    return Situation(
        begins=state.state is State.ONBOARDING,
        agrees=state.state is State.AGREEMENT,
        stands_by_a_meeting=agreement is not None and agreement.by_meeting,
        amends=agreement is not None and draft is not None and draft.version > (agreement.version or 0),
        has_paused=bool(state.pauses),
        has_stagnated=state.spell is not None,
        is_suspected=state.suspicion is not None,
        has_checked_in=bool(state.check_ins or state.left),
        has_asked_for_help=bool(state.help_asked) or state.contacted_at is not None,
        is_to_be_closed=state.proposed is not None,
    )
