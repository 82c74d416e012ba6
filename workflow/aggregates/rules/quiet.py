"""When nothing follows: most that becomes known is that a meeting was booked, of which no rule concludes anything.

What rules of facts look at is the course, the meetings held, failed, contradicted or left unreported, and the clock.
They found nothing more when they were asked last, and the agenda of then says from when on time alone could have changed
that. Bookings they only look at to take a suspicion back, and the first of all ends the waiting for one.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from workflow.aggregates.events import DueKind
from workflow.aggregates.policy import Policy
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import by_time
from workflow.aggregates.rules.moment import Moment

_OF_TIME_ALONE = by_time.KINDS | {DueKind.CONCERNS_BEGIN}


class Asked(NamedTuple):
    """As of when, and under which policy, the rules of a state were asked last, and found nothing more."""

    at: datetime
    policy: Policy


def nothing_follows(before: Relationship, after: Relationship, moment: Moment) -> bool:
    """Whether rules of facts can find nothing in ``after``, for it differs from ``before`` in bookings alone."""
    asked = before.asked
    return (
        isinstance(asked, Asked)
        and asked.policy is moment.policy
        and asked.at <= moment.at
        and not moment.passing
        and after.course_version == before.course_version
        and after.suspicion is None
        and after.calendar.differs_in_bookings_alone(before.calendar)
        and all(due > moment.at for kind, due in before.dues.items() if kind in _OF_TIME_ALONE)
    )
