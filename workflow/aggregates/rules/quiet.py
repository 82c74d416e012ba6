"""When nothing follows: most that becomes known is that a meeting was booked, of which no rule concludes anything.

What rules of facts look at is the course, the meetings held, failed, contradicted or left unreported, and the clock.
They found nothing more when they were asked last, and the agenda of then says from when on time alone could have
changed that. Bookings they only look at to take a suspicion back, and the first of all ends the waiting for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from workflow.aggregates.events import DueKind
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import by_time
from workflow.aggregates.rules.moment import Moment
from workflow.aggregates.rules.unmoved import Unmoved, unmoved

_OF_TIME_ALONE = by_time.KINDS | {DueKind.CONCERNS_BEGIN}


def nothing_follows(before: Relationship, after: Relationship, moment: Moment) -> bool:
    """Whether rules of facts can find nothing in ``after``, for it differs from ``before`` in bookings alone."""
    asked = before.asked
    if not isinstance(asked, Moment) or asked.policy is not moment.policy or asked.at > moment.at:
        return False
    if moment.passing or after.course_version != before.course_version:
        return False
    known = unmoved(after, moment)
    if known.situation.looks_further or not after.calendar.differs_in_bookings_alone(before.calendar):
        return False
    return not _brought_by_time(before.dues, known, asked.at, moment.at)


def _brought_by_time(
    dues: Mapping[DueKind, datetime], known: Unmoved, since: datetime, until: datetime
) -> bool:
    """Whether time alone may have brought anything, also to a concern that stands, of which no agenda tells."""
    for kind, due in dues.items():
        if due <= until and kind in _OF_TIME_ALONE:
            return True
    for instant, _ in known.by_instant:
        if instant > until:
            break
        if instant > since:
            return True
    return False
