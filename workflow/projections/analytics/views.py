"""Every view that analysts read. A name that stands here stays: queries of others rest on it."""

from __future__ import annotations

from workflow.projections.analytics.deeds import (
    CONCERNS,
    GOALS,
    MEASURES,
    MEETINGS,
    REMINDERS,
    SUPPORT_CONTACTS,
)
from workflow.projections.analytics.pairs import AGREEMENTS, RELATIONSHIPS, STATES
from workflow.projections.analytics.sums import COHORTS, CONCERN_CODES, DIALOGUE, MONTHS
from workflow.projections.analytics.view import View

VIEWS: tuple[View, ...] = (
    RELATIONSHIPS,
    STATES,
    MEETINGS,
    GOALS,
    MEASURES,
    CONCERNS,
    REMINDERS,
    SUPPORT_CONTACTS,
    AGREEMENTS,
    MONTHS,
    COHORTS,
    DIALOGUE,
    CONCERN_CODES,
)
"""In the order in which they are shown."""
