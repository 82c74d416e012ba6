"""Every question there is, by the name that a request has for it."""

from __future__ import annotations

from workflow.projections.questions.doing import (
    CONCERNS,
    DIALOGUE_BY_MONTH,
    GOALS,
    GOALS_BY_SECOND_MEETING,
    MEASURES,
    MEETINGS,
    NEXT_MEETING,
    REMINDERS,
    SUPPORT,
    TOPICS,
)
from workflow.projections.questions.question import Question
from workflow.projections.questions.standing import (
    CLOSURES,
    DAY,
    DAYS,
    RETURNS,
    STAGNATION,
    STATES,
    SURVIVAL,
    TIME_IN_STATES,
)

QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        STATES,
        DAY,
        DAYS,
        TIME_IN_STATES,
        STAGNATION,
        RETURNS,
        MEETINGS,
        NEXT_MEETING,
        GOALS_BY_SECOND_MEETING,
        GOALS,
        MEASURES,
        TOPICS,
        CONCERNS,
        DIALOGUE_BY_MONTH,
        REMINDERS,
        SUPPORT,
        CLOSURES,
        SURVIVAL,
    )
}
"""In the order in which they are shown."""
