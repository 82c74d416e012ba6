"""When nothing follows: most that becomes known is that a meeting was booked, of which no rule concludes anything.

What rules of facts look at is the course, the meetings held, failed, contradicted or left unreported, and the clock.
They found nothing more when they were asked last, and the agenda of then says from when on time alone could have
changed that. Bookings they only look at to take a suspicion back, and the first of all ends the waiting for one.
"""

from __future__ import annotations

from datetime import datetime

from workflow.aggregates.events import DueKind
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import by_time
from workflow.aggregates.rules.moment import Moment
from workflow.aggregates.rules.unmoved import unmoved

_OF_TIME_ALONE = by_time.KINDS | {DueKind.CONCERNS_BEGIN}


def nothing_follows(before: Relationship, after: Relationship, moment: Moment) -> bool:
    """Whether rules of facts can find nothing in ``after``, for it differs from ``before`` in bookings alone."""
    asked = before.asked
    if not isinstance(asked, Moment) or asked.policy is not moment.policy or asked.at > moment.at:
        return False
    if moment.passing or after.course_version != before.course_version:
        return False
    if unmoved(after, moment).situation.looks_further:
        return False
    return after.calendar.differs_in_bookings_alone(before.calendar) and not _brought_by_time(
        before, moment, asked.at
    )


def _brought_by_time(state: Relationship, moment: Moment, since: datetime) -> bool:
    """Whether time alone may have brought anything since then, also to a concern that stands, which no agenda tells."""
    for kind, due in state.dues.items():
        if due <= moment.at and kind in _OF_TIME_ALONE:
            return True
    for instant, _ in unmoved(state, moment).by_instant:
        if instant > moment.at:
            break
        if instant > since:
            return True
    return False
