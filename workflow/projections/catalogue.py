"""Every projection there is."""

from __future__ import annotations

from workflow.projections.agenda import AGENDA
from workflow.projections.agreements import AGREEMENTS
from workflow.projections.check_ins import CHECK_INS
from workflow.projections.episodes import EPISODES
from workflow.projections.goals import GOALS
from workflow.projections.journey import JOURNEY
from workflow.projections.measures import MEASURES
from workflow.projections.meetings_fold import MEETINGS
from workflow.projections.policies import POLICIES
from workflow.projections.relationships import RELATIONSHIPS
from workflow.projections.reminders import REMINDERS
from workflow.projections.support_contacts import SUPPORT_CONTACTS

PROJECTIONS = (
    RELATIONSHIPS,
    JOURNEY,
    AGREEMENTS,
    MEETINGS,
    GOALS,
    MEASURES,
    CHECK_INS,
    SUPPORT_CONTACTS,
    EPISODES,
    REMINDERS,
    POLICIES,
    AGENDA,
)
"""In the order in which they are shown."""
