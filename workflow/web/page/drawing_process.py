"""Draws charts: a process that reads them from its standard input, writes SVG to its output, and ends.

What draws is a browser's engine: it takes a second to start and 75 MB. Here it costs both only while there is something
to draw, and whatever befalls it befalls nobody else.
"""

from __future__ import annotations

import os
import re
import sys
from html import escape
from typing import Any

import altair as alt
import vl_convert
from pydantic import TypeAdapter
from pydantic_core import to_json

from workflow.web.page.chart import Chart, Theme

CHARTS = TypeAdapter(tuple[Chart, ...])

WIDTH = 344
"""Pixels: of a telephone, and of one of three columns."""
_BAR = 18
_INK = {Theme.LIGHT: "#20262d", Theme.DARK: "#e4e7eb"}
_FAINT = {Theme.LIGHT: "#c3c9d1", Theme.DARK: "#4a535e"}
_FILL = {Theme.LIGHT: "#2f6690", Theme.DARK: "#7fb2d9"}
_KINDER = 10
"""How much further down we stand among processes: intake comes first."""


def main() -> None:
    """Draw what comes."""
    os.nice(_KINDER)
    charts = CHARTS.validate_json(sys.stdin.buffer.read())
    sys.stdout.buffer.write(to_json([{theme: svg(chart, theme) for theme in Theme} for chart in charts]))


def svg(chart: Chart, theme: Theme) -> str:
    """The chart, with what it is and says in words for whoever does not see it."""
    drawing = _across(chart, theme) if chart.across else _panels(chart, theme)
    drawn = vl_convert.vegalite_to_svg(_themed(drawing, theme).to_dict())
    words = f"<title>{escape(chart.title)}</title><desc>{escape(chart.says)}</desc>"
    return re.sub(r"(<svg [^>]*)>", lambda tag: f'{tag[1]} role="img">{words}', drawn, count=1)


def _panels(chart: Chart, theme: Theme) -> Any:
    """A row of bars for each panel, all of one scale."""
    places = list(dict.fromkeys(mark.at for mark in chart.marks))
    axis = alt.Axis(
        title=None,
        labelAngle=0,
        values=[mark.at for mark in chart.marks if mark.label],
        labelOverlap="parity",
        labelSeparation=6,
        ticks=False,
        domain=False,
        labelPadding=6,
    )
    bars = _bars(chart).encode(
        x=alt.X("at:O", sort=places, axis=axis, scale=alt.Scale(paddingInner=0.25, paddingOuter=0.5)),
        y=alt.Y("number:Q", axis=None, scale=_scale(chart, room=1.35)),
    )
    return _below_each_other(
        chart,
        bars.mark_bar(color=_FILL[theme], cornerRadiusTopLeft=2, cornerRadiusTopRight=2),
        bars.mark_text(dy=-6, fontSize=11, color=_INK[theme]).encode(text="label:N"),
        bars.mark_rule(color=_FAINT[theme]).encode(x=alt.value(0), x2=alt.value(WIDTH), y=alt.datum(0)),
        height=48,
    )


def _across(chart: Chart, theme: Theme) -> Any:
    """One bar a panel, from left to right."""
    bars = _bars(chart).encode(x=alt.X("number:Q", axis=None, scale=_scale(chart, room=1.3)))
    return _below_each_other(
        chart,
        bars.mark_bar(color=_FILL[theme], cornerRadiusEnd=2, orient="horizontal").encode(
            y=alt.value(0), y2=alt.value(_BAR)
        ),
        bars.mark_text(align="left", dx=6, fontSize=12, color=_INK[theme]).encode(text="label:N"),
        height=_BAR,
    )


def _below_each_other(chart: Chart, *layers: Any, height: int) -> Any:
    # A label stands above its panel, where it has room however wide the reader's fonts are: ours measure nothing there.
    header = alt.Header(
        title=None,
        labelOrient="top",
        labelAnchor="start",
        labelFontSize=12,
        labelFontWeight="bold",
        labelPadding=4,
    )
    row = alt.Row("panel:N", sort=list(chart.panels), header=header)
    return (
        alt.layer(*layers).properties(width=WIDTH, height=height).facet(row=row, spacing=26, bounds="flush")
    )


def _bars(chart: Chart) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[mark.model_dump() for mark in chart.marks]))


def _scale(chart: Chart, room: float) -> alt.Scale:
    """From nothing to the largest number, with ``room`` for how it is written."""
    return alt.Scale(domain=[0, max(1.0, *(mark.number for mark in chart.marks)) * room])


def _themed(drawing: Any, theme: Theme) -> Any:
    return (
        drawing.configure(
            background="transparent",
            font="system-ui, sans-serif",
            padding=4,
        )
        .configure_view(stroke=None)
        .configure_axis(labelColor=_INK[theme], labelFontSize=11, grid=False)
        .configure_header(labelColor=_INK[theme])
    )


if __name__ == "__main__":
    main()
