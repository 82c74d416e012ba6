"""Every projection there is."""

from __future__ import annotations

from workflow.projections.agenda import AGENDA
from workflow.projections.journey import JOURNEY
from workflow.projections.relationships import RELATIONSHIPS

PROJECTIONS = (RELATIONSHIPS, JOURNEY, AGENDA)
"""In the order in which they are shown."""
