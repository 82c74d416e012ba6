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

from workflow.web.page.charts import Chart, Theme

CHARTS = TypeAdapter(tuple[Chart, ...])

WIDTH = 440
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
        title=None, labelAngle=0, labelOverlap="parity", ticks=False, domain=False, labelPadding=6
    )
    bars = alt.Chart(_data(chart)).encode(
        x=alt.X("at:O", sort=places, axis=axis, scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1)),
        y=alt.Y("number:Q", axis=None),
    )
    layers = alt.layer(
        bars.mark_bar(color=_FILL[theme], cornerRadiusTopLeft=2, cornerRadiusTopRight=2),
        bars.mark_text(dy=-6, fontSize=11, color=_INK[theme]).encode(text="label:N"),
        bars.mark_rule(color=_FAINT[theme]).encode(x=alt.value(0), x2=alt.value(WIDTH), y=alt.datum(0)),
    ).properties(width=WIDTH, height=46)
    header = alt.Header(
        title=None,
        labelOrient="top",
        labelAnchor="start",
        labelFontSize=12,
        labelFontWeight="bold",
        labelPadding=2,
    )
    return layers.facet(row=alt.Row("panel:N", sort=list(chart.panels), header=header), spacing=10)


def _across(chart: Chart, theme: Theme) -> Any:
    """One bar a panel, from left to right."""
    longest = max(mark.number for mark in chart.marks)
    bars = alt.Chart(_data(chart)).encode(
        x=alt.X("number:Q", axis=None, scale=alt.Scale(domain=[0, max(longest, 1) * 1.25])),
        y=alt.Y(
            "panel:N",
            sort=list(chart.panels),
            axis=alt.Axis(
                title=None,
                ticks=False,
                domain=False,
                labelFontWeight="bold",
                labelFontSize=12,
                labelPadding=8,
            ),
        ),
    )
    return alt.layer(
        bars.mark_bar(color=_FILL[theme], cornerRadiusEnd=2, size=20),
        bars.mark_text(align="left", dx=6, fontSize=12, color=_INK[theme]).encode(text="label:N"),
    ).properties(width=WIDTH - 90, height=alt.Step(34))


def _data(chart: Chart) -> alt.Data:
    return alt.Data(values=[mark.model_dump() for mark in chart.marks])


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
