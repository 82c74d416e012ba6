"""Charts: drawn by a process beside the service, once, and never waited for by a page."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import httpx
import pytest

from workflow.app import Service
from workflow.web.page.chart import Chart, Mark, Name, Theme
from workflow.web.page.drawing_process import svg
from workflow.web.page.kept_drawings import AGAIN_AFTER, KEPT, Drawings, Drawn, NotDrawn, in_a_process

SVG = "{http://www.w3.org/2000/svg}"


def a_chart(number: int = 3, *, across: bool = False) -> Chart:
    marks = tuple(
        Mark(panel=panel, at=at, number=number, label=f"{number} & more")
        for panel in ("Held", "<Missed>")
        for at in ([""] if across else ["Jan", "Feb"])
    )
    return Chart(
        name=Name.STAYS if across else Name.MEETINGS,
        title="Meetings <by month>",
        says="What & how",
        panels=("Held", "<Missed>"),
        marks=marks,
        across=across,
    )


def _words(drawn: str) -> list[str | None]:
    return [one.text for one in ET.fromstring(drawn).iter() if one.text]


async def _plain(charts: Sequence[Chart]) -> Drawn:
    return [{theme.value: f"{chart.marks[0].number:g}" for theme in Theme} for chart in charts]


@pytest.mark.parametrize("across", [False, True])
def test_a_chart_says_in_words_what_it_is_and_loads_nothing(across: bool) -> None:
    for theme in Theme:
        root = ET.fromstring(svg(a_chart(across=across), theme))
        assert root.get("role") == "img"
        assert [root[0].tag, root[0].text] == [f"{SVG}title", "Meetings <by month>"]
        assert [root[1].tag, root[1].text] == [f"{SVG}desc", "What & how"]
        written = [text.text for text in root.iter(f"{SVG}text")]
        assert {"Held", "<Missed>", "3 & more"} <= set(written)
        tags = {one.tag.removeprefix(SVG) for one in root.iter()}
        assert not tags & {"script", "image", "style", "foreignObject", "use"}
        assert not [one for one in root.iter() if one.get("style") or one.get("href")]
        assert not [one for one in root.iter(f"{SVG}rect") if one.get("fill") == "white"]


def test_light_and_dark_differ_in_ink_alone() -> None:
    light, dark = (ET.fromstring(svg(a_chart(), theme)) for theme in Theme)
    assert light.attrib == dark.attrib
    assert ET.tostring(light) != ET.tostring(dark)
    assert [(one.tag, one.text, one.get("d")) for one in light.iter()] == [
        (one.tag, one.text, one.get("d")) for one in dark.iter()
    ]


def test_nothing_at_all_can_be_drawn_too() -> None:
    assert "<svg" in svg(a_chart(0), Theme.LIGHT)


async def test_a_process_draws_what_is_asked_of_it() -> None:
    charts = [a_chart(), a_chart(across=True)]
    drawn = await in_a_process(charts)
    assert [set(one) for one in drawn] == [{theme.value for theme in Theme}] * 2
    for chart, one in zip(charts, drawn, strict=True):
        for theme in Theme:
            assert _words(one[theme.value]) == _words(svg(chart, theme))


async def test_a_process_that_draws_nothing_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises((NotDrawn, ConnectionError)):
        await in_a_process([a_chart()])


async def test_a_process_does_not_outlive_whoever_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: asyncio.Future[asyncio.subprocess.Process] = asyncio.get_running_loop().create_future()
    make = asyncio.create_subprocess_exec

    async def sleeping(*_: str, **given: object) -> asyncio.subprocess.Process:
        made.set_result(await make("sleep", "600", **given))  # type: ignore[arg-type]  # as they were given
        return made.result()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", sleeping)
    task = asyncio.create_task(in_a_process([a_chart()]))
    process = await made
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.returncode == -9


async def test_the_same_charts_are_drawn_once() -> None:
    asked: list[Sequence[Chart]] = []

    async def draw(charts: Sequence[Chart]) -> Drawn:
        asked.append(charts)
        return await _plain(charts)

    drawings = Drawings(draw)
    names = [drawings.ask([a_chart(number)]) for number in (1, 2, 1, 2)]
    found = [await drawings.svg(name, Name.MEETINGS, Theme.DARK) for name in names if name]
    assert found == ["1", "2", "1", "2"]
    assert len(asked) == 2
    assert names[:2] == names[2:]


async def test_one_set_is_drawn_at_a_time() -> None:
    under_way = most = 0

    async def draw(charts: Sequence[Chart]) -> Drawn:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return await _plain(charts)

    drawings = Drawings(draw)
    names = [drawings.ask([a_chart(number)]) for number in range(5)]
    assert [await drawings.svg(name or "", Name.MEETINGS, Theme.LIGHT) for name in names] == list("01234")
    assert most == 1


async def test_only_the_latest_are_kept_and_what_nobody_will_ask_for_is_given_up() -> None:
    begun: list[float] = []
    go = asyncio.Event()

    async def draw(charts: Sequence[Chart]) -> Drawn:
        begun.append(charts[0].marks[0].number)
        await go.wait()
        return await _plain(charts)

    drawings = Drawings(draw)
    names = [drawings.ask([a_chart(number)]) or "" for number in range(KEPT + 1)]
    go.set()
    assert await drawings.svg(names[-1], Name.MEETINGS, Theme.LIGHT) == str(KEPT)
    assert await drawings.svg(names[0], Name.MEETINGS, Theme.LIGHT) is None
    assert 0 not in begun


async def test_what_cannot_be_drawn_is_tried_again_only_after_a_while() -> None:
    now, tries = [0.0], 0

    async def draw(charts: Sequence[Chart]) -> Drawn:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError
        return await _plain(charts)

    drawings = Drawings(draw, monotonic=lambda: now[0])
    name = drawings.ask([a_chart()])
    assert name is not None
    assert await drawings.svg(name, Name.MEETINGS, Theme.LIGHT) is None
    assert drawings.ask([a_chart()]) is None
    now[0] += AGAIN_AFTER
    assert drawings.ask([a_chart()]) == name
    assert await drawings.svg(name, Name.MEETINGS, Theme.LIGHT) == "3"
    assert tries == 2


async def test_a_chart_that_is_not_of_the_set_is_none() -> None:
    drawings = Drawings(_plain)
    name = drawings.ask([a_chart()])
    assert name is not None
    assert await drawings.svg(name, Name.STATES, Theme.LIGHT) is None
    assert await drawings.svg("unknown", Name.MEETINGS, Theme.LIGHT) is None


async def test_a_drawing_under_way_ends_with_the_service(http: httpx.AsyncClient, service: Service) -> None:
    """And the picture that somebody waits for is none."""
    transport = http._transport
    assert isinstance(transport, httpx.ASGITransport)
    drawings: Drawings = transport.app.state.drawings  # type: ignore[attr-defined]
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(_: Sequence[Chart]) -> Drawn:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return []

    drawings._draw = endless
    name = drawings.ask([a_chart()])
    picture = asyncio.create_task(http.get(f"/charts/{name}/meetings-light.svg"))
    await begun.wait()
    await service.parts.cancel()
    assert ended.is_set()
    assert (await picture).status_code == 404
