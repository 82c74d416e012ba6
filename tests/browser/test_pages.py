"""The pages in a browser: what they show, to whom, and that nothing but ourselves is asked for anything."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LEFT_OUT, PICTURE, TOKEN
from workflow.demo.stage import Running

if LEFT_OUT:
    pytest.skip(
        "no Chromium was found (apt-get install chromium): what pages look like is left out",
        allow_module_level=True,
    )

SHOWN = Path(__file__).parents[2] / "docs" / "page.png"
Scheme = Literal["light", "dark"]
WIDE, NARROW = 1280, 320

Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens a page and, at the end, has no complaint of the browser's and nothing that was asked of anybody else."""
    contexts, complaints, asked = [], [], set()

    def open(
        address: str, path: str = "/", *, scheme: Scheme = "light", width: int = WIDE, scripts: bool = True
    ) -> Page:
        context = browser.new_context(
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            locale="en-GB",
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            # That the page itself is not there is no complaint, where that is what it says.
            lambda said: (
                complaints.append(said.text)
                if said.type in {"error", "warning"} and said.location["url"] != page.url
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "requestfailed",
            # What a page still asks for when one leaves it is given up by the browser itself.
            lambda one: complaints.append(one.url) if one.failure != "net::ERR_ABORTED" else None,
        )
        page.on("response", lambda one: complaints.append(one.url) if one.status >= 500 else None)
        page.on("request", lambda request: asked.add(re.sub(r"^(\w+://[^/]+).*", r"\1", request.url)))
        page.goto(address + path, wait_until="load")
        assert asked == {address}
        return page

    yield open
    for context in contexts:
        context.close()
    assert len(asked) == 1
    assert complaints == []


def _api(life: Running, path: str, **query: Any) -> Any:
    answer = httpx.get(f"{life.http}/v1{path}", params=query, trust_env=False)
    assert answer.is_success, answer.text
    return answer.json()


def _first(life: Running) -> str:
    return f"/relationships/{_api(life, '/today', limit=1)['relationships'][0]['id']}"


def _table(page: Page, caption: str) -> list[list[str]]:
    table = page.locator("table", has=page.locator("caption", has_text=caption))
    return [row.locator("th, td").all_text_contents() for row in table.locator("tr").all()]


def _month(instant: str) -> str:
    return instant[:7]


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_its_figures_are_those_of_the_api(life: Running, opened: Open) -> None:
    page = opened(life.http)
    told, states = _api(life, "/today"), _api(life, "/relationships", limit=1)["states"]
    assert told["total"] > 2
    tiles = [tile.split() for tile in page.locator(".tiles li").all_text_contents()]
    assert int(tiles[0][0]) == told["total"]
    assert int(tiles[1][0]) == sum(states.values()) - states["closure"]
    assert int(tiles[2][0]) == states["stagnation"]

    listed = [link.get_attribute("title") for link in page.locator(".contacts h3 a").all()]
    assert listed == [row["id"] for row in told["relationships"]][: len(listed)]
    reasons = page.locator(".contacts .reason").all_text_contents()
    assert reasons == [row["concerns"][0]["why"] for row in told["relationships"]][: len(reasons)]

    _, newest, *_ = _table(page, "Relationships by state")
    assert [int(number) for number in newest[1:]] == list(states.values())

    _, *months = _table(page, "Meetings by month")
    counts = dict.fromkeys(("held", "cancelled", "missed", "unconfirmed"), 0)
    closed = {
        row["id"]: row["closed_at"] for row in _api(life, "/relationships", limit=1000)["relationships"]
    }
    for id, at in closed.items():
        for met in _api(life, f"/relationships/{id}/meetings")["meetings"]:
            if (
                met["outcome"] in counts
                and (at is None or met["starts_at"] < at)
                and _month(met["starts_at"]) <= _month(told["now"])
            ):
                counts[met["outcome"]] += 1
    assert [sum(int(month[column]) for month in months) for column in (1, 2, 3, 4)] == list(counts.values())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_keeps_anybody_from_reading_it(
    life: Running, guarded: str, opened: Open, scheme: Scheme, width: int
) -> None:
    for path in ("/", "/?language=fi", _first(life), "/relationships/unknown"):
        page = opened(life.http, path, scheme=scheme, width=width)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert _fits(page), path


@pytest.mark.parametrize("language", ["en", "fi"])
@pytest.mark.parametrize("width", [360, 800, WIDE])
def test_no_table_is_cut_at_its_side_and_no_word_runs_out_of_its_box(
    life: Running, opened: Open, language: str, width: int
) -> None:
    for path in ("/", _first(life), "/nowhere"):
        page = opened(life.http, f"{path}?language={language}", width=width)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        wider = page.locator(".scrolls, .tiles li, .contacts li, .charts article, header, main").evaluate_all(
            "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.textContent)"
        )
        assert wider == [], path


def test_no_table_of_a_relationship_hides_lines_below_its_edge(life: Running, opened: Open) -> None:
    tables = opened(life.http, _first(life), width=NARROW).locator(".scrolls")
    assert tables.count() >= 2
    assert tables.evaluate_all("all => all.every(one => getComputedStyle(one).maxHeight === 'none')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_and_an_empty_page_can_be_read_by_anybody(
    guarded: str, opened: Open, scheme: Scheme
) -> None:
    page = opened(guarded, scheme=scheme)
    assert page.url == f"{guarded}/sign-in"
    assert Axe().run(page).violations_count == 0
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{guarded}/")
    assert page.get_by_text("No relationship yet.").is_visible()
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{guarded}/sign-in")
    page.goto(f"{guarded}/")
    assert page.url == f"{guarded}/sign-in"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn_for_the_colours_that_the_reader_has_and_for_paper(
    life: Running, opened: Open, scheme: Scheme
) -> None:
    page = opened(life.http, scheme=scheme)
    pictures = page.locator("main img").all()
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.evaluate("one => one.complete && one.naturalWidth > 300")
        assert picture.evaluate("one => one.currentSrc").endswith(f"-{scheme}.svg")
        assert picture.get_attribute("alt")
    page.emulate_media(media="print")
    for picture in pictures:
        expect(picture).to_have_js_property("currentSrc", f"{life.http}{picture.get_attribute('src')}")
        assert "-light.svg" in (picture.get_attribute("src") or "")


def test_one_comes_through_it_by_keyboard_in_the_order_of_reading(life: Running, opened: Open) -> None:
    page = opened(life.http)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    page.keyboard.press("Enter")
    links = page.locator(".contacts h3 a").all_text_contents()
    reached = []
    for _ in links:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
    assert reached == links
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/relationships/*")
    assert page.locator("h1").text_content() == f"Relationship {links[-1]}"


def test_it_needs_no_script(life: Running, opened: Open) -> None:
    page = opened(life.http, scripts=False)
    assert page.locator("script").count() == 0
    with page.expect_navigation():
        page.locator(".contacts h3 a").first.click()
    assert page.locator("h2", has_text="Why it needs somebody").is_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="Suomeksi").click()
    assert page.locator("html").get_attribute("lang") == "fi"


def test_the_picture_in_the_readme_is_there(life: Running, browser: Browser) -> None:
    """``PICTURE=write`` takes it anew."""
    if os.environ.get(PICTURE) == "write":
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.goto(f"{life.http}/?limit=4", wait_until="load")
        page.screenshot(path=SHOWN, full_page=True)
        page.close()
    picture = SHOWN.read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert 20_000 < len(picture) < 300_000
    assert "](docs/page.png)" in (SHOWN.parents[1] / "README.md").read_text(encoding="utf-8")
