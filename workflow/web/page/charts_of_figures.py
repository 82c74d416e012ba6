"""The charts of the first page, made of its figures and its words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from workflow.aggregates.moves import State
from workflow.projections.questions.overview import OUTCOMES, Figures
from workflow.web.page.chart import Chart, Mark, Name
from workflow.web.page.words import Words

_LABELLED = timedelta(weeks=5)


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
    last, _ = figures.weeks[-1]
    return Chart(
        name=Name.STATES,
        title=words("charts.states"),
        says=words("charts.states_says"),
        panels=tuple(words.of("states", state) for state in State),
        marks=tuple(
            Mark(
                panel=words.of("states", state),
                at=words.short_day(day),
                number=states[state.value],
                # Of weeks some have their number, or they would run into each other.
                label=str(states[state.value]) if (last - day) % _LABELLED == timedelta() else "",
            )
            for state in State
            for day, states in figures.weeks
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
