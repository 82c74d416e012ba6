"""The charts of a page, as they are handed to whoever draws them: numbers with the words that stand beside them.

Each outcome and each state has a panel of its own, so that a chart is read without telling colours apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from workflow.aggregates.moves import State
from workflow.web.page.figures import OUTCOMES, Figures
from workflow.web.page.words import Words


class Theme(StrEnum):
    """What a chart is drawn for: it has no background of its own."""

    LIGHT = "light"
    DARK = "dark"


class Name(StrEnum):
    """Every chart there is."""

    STATES = "states"
    MEETINGS = "meetings"
    STAYS = "stays"


class Mark(BaseModel):
    """One number: in which panel, at which place of its axis, and how it is written."""

    model_config = ConfigDict(frozen=True)

    panel: str
    at: str
    number: float
    label: str


class Chart(BaseModel):
    """One chart. ``panels`` stand below each other in this order; ``across``: one bar a panel, without an axis."""

    model_config = ConfigDict(frozen=True)

    name: Name
    title: str
    says: str
    panels: tuple[str, ...]
    marks: tuple[Mark, ...]
    across: bool = False


def charts(figures: Figures, words: Words) -> Sequence[Chart]:
    """The charts of what there is to draw."""
    drawn = []
    if figures.weeks:
        drawn.append(_states(figures, words))
    if figures.months:
        drawn.append(_meetings(figures, words))
    if any(row["ended"] for row in figures.stays):
        drawn.append(_stays(figures, words))
    return drawn


def _states(figures: Figures, words: Words) -> Chart:
    last = figures.weeks[-1].day
    return Chart(
        name=Name.STATES,
        title=words("charts.states"),
        says=words("charts.states_says"),
        panels=tuple(words.of("states", state) for state in State),
        marks=tuple(
            Mark(
                panel=words.of("states", state),
                at=words.short_day(day.day),
                number=day.states[state.value],
                # Of weeks some have their number, or they would run into each other.
                label=str(day.states[state.value])
                if (last - day.day) % timedelta(weeks=5) == timedelta()
                else "",
            )
            for state in State
            for day in figures.weeks
        ),
    )


def _meetings(figures: Figures, words: Words) -> Chart:
    return Chart(
        name=Name.MEETINGS,
        title=words("charts.meetings"),
        says=words("charts.meetings_says"),
        panels=tuple(words.of("outcomes", outcome) for outcome in OUTCOMES),
        marks=tuple(
            Mark(
                panel=words.of("outcomes", outcome),
                at=words.short_month(row["month"]),
                number=row[outcome.value],
                label=str(row[outcome.value]),
            )
            for outcome in OUTCOMES
            for row in figures.months
        ),
    )


def _stays(figures: Figures, words: Words) -> Chart:
    shown = [row for row in figures.stays if row["ended"]]
    return Chart(
        name=Name.STAYS,
        title=words("charts.stays"),
        says=words("charts.stays_says"),
        panels=tuple(words.of("states", row["state"]) for row in shown),
        marks=tuple(
            Mark(
                panel=words.of("states", row["state"]),
                at="",
                number=round(row["days"], 1),
                label=words.counted("age.days", round(row["days"])),
            )
            for row in shown
        ),
        across=True,
    )
