"""The pages say what the API says, in words, and nothing that was written in confidence."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection

from tests.web.conftest import ADA, AS_MENTEE, AS_MENTOR, AS_OPERATOR, GRACE, active, opened
from tests.web.messages import take_held
from tests.web.sheet import Sheet
from workflow.app import Service
from workflow.projections import today
from workflow.projections.questions import overview
from workflow.projections.rows.generations import RunState
from workflow.web.api import create_app
from workflow.web.page import routes
from workflow.web.page.chart import Chart, Theme
from workflow.web.page.kept_drawings import Drawings, Drawn
from workflow.web.page.rendering import HEADERS

SECRET = "what nobody else may read"
MEASURE = {"what": SECRET, "who": str(ADA), "by_when": "2026-01-20T00:00:00Z"}


async def _drawn(charts: Sequence[Chart]) -> Drawn:
    return [{theme.value: f"<svg>{chart.title}, {theme}</svg>" for theme in Theme} for chart in charts]


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(service)
    app.state.drawings = Drawings(_drawn)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def _sheet(http: httpx.AsyncClient, path: str = "/", status: int = 200, **query: Any) -> Sheet:
    answer = await http.get(path, params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    kept = HEADERS
    assert answer.headers.items() >= {name.lower(): value for name, value in kept.items()}.items()
    return Sheet(answer.text)


async def _moved(http: httpx.AsyncClient, to: str = "2026-02-10T00:00:00Z") -> int:
    moved = await http.post("/v1/clock", json={"to": to}, headers=AS_OPERATOR)
    assert moved.status_code == 200, moved.text
    return int(moved.json()["position"])


async def test_before_the_first_relationship_it_says_what_to_do(http: httpx.AsyncClient) -> None:
    sheet = await _sheet(http)
    assert "No relationship yet." in sheet.text
    assert "Open the first one with POST /v1/relationships ;" in sheet.text
    assert "`" not in sheet.text
    assert (sheet.pictures, sheet.tables) == ([], {})


async def test_where_nobody_has_a_concern_it_says_so(http: httpx.AsyncClient) -> None:
    await opened(http)
    head = (await http.get("/v1/events")).json()["head"]
    sheet = await _sheet(http, after=head)
    assert "Nobody needs you today." in sheet.text
    assert "1 open relationship" in sheet.text
    assert sheet.text.count("Nothing to draw yet.") == 2  # of meetings and of time spent


async def test_it_lists_whom_the_api_lists_in_its_order_with_reason_age_and_advice(
    http: httpx.AsyncClient,
) -> None:
    for _ in range(3):
        await active(http)
    await opened(http)
    await _moved(http)
    told = (await http.get("/v1/today")).json()
    sheet = await _sheet(http)
    listed = [
        link.removeprefix("/relationships/") for link in sheet.links if link.startswith("/relationships/")
    ]
    assert listed == [row["id"] for row in told["relationships"]]
    assert f"{told['total']} need contact" in sheet.text
    for row in told["relationships"]:
        assert row["id"][:8] in sheet.text
        for concern in row["concerns"]:
            assert concern["why"] in sheet.text
        first = row["concerns"][0]
        assert first["guidance"] in sheet.text
        assert first["clears"] in sheet.text
    silent = next(one for one in told["relationships"][0]["concerns"] if one["code"] == "silence")
    assert silent["since"] == "2026-01-26T08:00:00Z"
    assert "14 days , since 26 Jan 2026" in sheet.text


async def test_of_many_the_first_are_shown_and_the_others_counted(http: httpx.AsyncClient) -> None:
    for _ in range(4):
        await active(http)
    await _moved(http)
    sheet = await _sheet(http, limit=1)
    assert len([link for link in sheet.links if link.startswith("/relationships/")]) == 1
    assert "and 3 more" in sheet.text
    assert "/?limit=4" in sheet.links
    assert "more" not in (await _sheet(http, limit=4)).text.partition("How the programme goes")[0]


async def test_of_very_many_it_is_said_that_there_are_more(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await active(http)
    await _moved(http)
    monkeypatch.setattr(today, "COUNTED", 2)
    monkeypatch.setattr(routes, "COUNTED", 2)
    assert "2+ need contact" in (await _sheet(http)).text
    assert (await http.get("/v1/today")).json()["total"] == 2


async def test_its_tables_hold_what_the_api_and_the_projections_tell(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await active(http)
    await opened(http)
    take_held(service, UUID(relationship))
    await _moved(http)
    sheet = await _sheet(http)
    states = (await http.get("/v1/relationships")).json()["states"]
    header, *rows = sheet.tables["Relationships by state, weekly"]
    assert header == ["Day", "Onboarding", "Agreement", "Active", "Stagnation", "Closed"]
    assert rows[0] == ["10 Feb 2026", *map(str, states.values())]
    assert all(sum(map(int, row[1:])) == 2 for row in rows)

    met = (await http.get(f"/v1/relationships/{relationship}/meetings")).json()["meetings"]
    header, *rows = sheet.tables["Meetings by month"]
    assert header == ["Month", "Held", "Cancelled", "Missed", "Unconfirmed"]
    held = [one for one in met if one["outcome"] == "held"]
    assert sum(int(row[1]) for row in rows) == len(held) == 1

    header, *rows = sheet.tables["Time in each state"]
    assert [row[0] for row in rows] == ["Onboarding", "Agreement", "Active", "Stagnation"]
    assert [int(row[3]) for row in rows] == list(states.values())[:4]


async def test_its_figures_are_those_of_the_rows_that_a_rebuild_made(
    http: httpx.AsyncClient, service: Service
) -> None:
    await opened(http)
    await _sheet(http, after=service.store.head())
    with closing(sqlite3.connect(service.folder.views)) as connection, connection:
        connection.execute("UPDATE relationships_1 SET state = 'closure'")
    await http.post("/v1/clock", json={"to": "2026-01-05T09:00:00Z"}, headers=AS_OPERATOR)  # another hour
    assert "0 open relationships" in (await _sheet(http)).text
    rebuilt = await http.post("/v1/projections/rebuild", headers=AS_OPERATOR)
    assert rebuilt.status_code == 200, rebuilt.text
    assert "1 open relationship" in (await _sheet(http)).text


async def test_figures_that_take_long_are_asked_for_the_more_seldom(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0

    def slow(connection: Connection, now: datetime) -> overview.Figures:
        nonlocal seconds
        seconds += 2
        return overview.figures(connection, now)

    monkeypatch.setattr(routes, "monotonic", lambda: seconds)
    monkeypatch.setattr(routes, "figures", slow)
    await opened(http)
    assert "1 open relationship" in (await _sheet(http, after=service.store.head())).text
    await opened(http)
    assert "1 open relationship" in (await _sheet(http, after=service.store.head())).text
    assert seconds == 2
    seconds += 2 * routes.LOOKED_AT_FOR
    assert "2 open relationships" in (await _sheet(http)).text


async def test_each_chart_is_named_for_light_and_for_dark_and_is_there_to_be_had(
    http: httpx.AsyncClient,
) -> None:
    await active(http)
    await _moved(http)
    sheet = await _sheet(http)
    assert len(sheet.pictures) == 4  # no meeting, and so no chart of meetings
    for picture in sheet.pictures:
        answer = await http.get(picture)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.text.endswith(f"{'dark' if 'dark' in picture else 'light'}</svg>")
    assert (await _sheet(http)).pictures == sheet.pictures
    for unknown in (
        "/charts/nothing/states-light.svg",
        sheet.pictures[0].replace("dark", "red"),
        "/charts/a/b",
    ):
        assert (await http.get(unknown)).status_code == 404


async def test_the_page_does_not_wait_for_its_charts(service: Service) -> None:
    begun = asyncio.Event()

    async def never(charts: Sequence[Chart]) -> Drawn:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    app = create_app(service)
    app.state.drawings = Drawings(never)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        await opened(http)
        head = (await http.get("/v1/events")).json()["head"]
        sheet = await _sheet(http, after=head)
        await begun.wait()
        assert sheet.tables["Relationships by state, weekly"][1][1] == "1"


async def test_where_charts_cannot_be_drawn_their_tables_stand_in_for_them(service: Service) -> None:
    async def fails(charts: Sequence[Chart]) -> Drawn:
        raise OSError

    app = create_app(service)
    app.state.drawings = Drawings(fails)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        await opened(http)
        head = (await http.get("/v1/events")).json()["head"]
        first = await _sheet(http, after=head)
        assert (await http.get(first.pictures[0])).status_code == 404
        sheet = await _sheet(http)
        assert sheet.pictures == []
        assert "could not be drawn; the table says the same" in sheet.text
        assert "<details open>" in (await http.get("/")).text


async def test_a_projection_that_is_paused_is_told_at_the_top(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def status() -> list[Any]:
        return [
            dataclasses.replace(one, state=RunState.PAUSED, failed_at=7) if one.name == "journey" else one
            for one in known()
        ]

    known = service.projections.status
    monkeypatch.setattr(service.projections, "status", status)
    sheet = await _sheet(http)
    assert "Something is not well" in sheet.text
    assert "projection journey is paused on event 7" in sheet.text
    assert "may be out of date" in sheet.text
    assert "everything that was recorded is shown" not in sheet.text


async def test_a_relationship_tells_why_what_clears_it_and_how_it_came_here(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await active(http)
    take_held(service, UUID(relationship))
    await _moved(http, "2026-05-10T00:00:00Z")
    told = (await http.get(f"/v1/relationships/{relationship}")).json()
    sheet = await _sheet(http, f"/relationships/{relationship}")
    assert relationship in sheet.text
    for concern in told["concerns"]:
        assert concern["why"] in sheet.text
        assert concern["guidance"] in sheet.text
        assert concern["clears"] in sheet.text
        for version in concern["evidence"]:
            assert f"(event {version})" in sheet.text
    _, *stays = sheet.tables["Its way through the states"]
    assert [stay[0].lower() for stay in stays] == [stay["state"] for stay in told["journey"]]
    assert stays[-1][2] == "still"
    _, *met = sheet.tables["Meetings"]
    assert [row[1:] for row in met] == [["Held", "60"]]
    _, *dues = sheet.tables["What the service asks next"]
    assert len(dues) == len(told["agenda"])
    assert "none yet" in sheet.text  # of goals
    assert "meeting held, 5 Jan" in sheet.text
    finnish = (await _sheet(http, f"/relationships/{relationship}", language="fi")).text
    assert "tapaaminen pidetty, 5.1." in finnish
    goals = f"/v1/relationships/{relationship}/goals"
    aimed = await http.post(goals, json={"text": "to learn"}, headers=AS_MENTOR)
    assert aimed.status_code == 201
    await http.get(
        f"/v1/relationships/{relationship}", params={"after": aimed.json()["position"]}
    )  # it is folded
    assert "1 open of 1, last looked at 10 May" in (await _sheet(http, f"/relationships/{relationship}")).text
    assert "meeting held" not in finnish


@pytest.mark.parametrize(
    "path", ["/relationships/x", f"/relationships/{UUID(int=7)}", "/relationships/%3Cb%3E"]
)
async def test_what_is_not_known_is_said_on_a_page(http: httpx.AsyncClient, path: str) -> None:
    sheet = await _sheet(http, path, 404)
    assert "No relationship of this id is known." in sheet.text
    assert "/" in sheet.links


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "fi"}


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nowhere", 404, "Tässä osoitteessa ei ole sivua."),
        ("/relationships", 404, "Tässä osoitteessa ei ole sivua."),
        ("/sign-out", 405, "Tässä osoitteessa ei ole sivua."),
        ("/?limit=x", 422, "kysymysmerkistä"),
        ("/?limt=5", 422, "kysymysmerkistä"),
        ("/?after=-1", 422, "kysymysmerkistä"),
        ("/sign-in?token=x", 422, "kysymysmerkistä"),
    ],
)
async def test_a_browser_is_told_in_words_what_a_program_is_told_in_json(
    http: httpx.AsyncClient, path: str, status: int, says: str
) -> None:
    shown = await http.get(path, headers=BROWSER)
    assert (shown.status_code, shown.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert shown.headers.items() >= {name.lower(): value for name, value in HEADERS.items()}.items()
    sheet = Sheet(shown.text)
    assert (sheet.language, sheet.links) == ("fi", ["#content", "/"])
    assert says in sheet.text
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5", "text/html;q=0"):
        told = await http.get(path, headers={"Accept": accept})
        assert (told.status_code, told.headers["content-type"]) == (status, "application/problem+json")


async def test_below_the_api_a_browser_is_told_what_programs_are(http: httpx.AsyncClient) -> None:
    for path in ("/v1", "/v1/nowhere", "/v1/today?limit=x"):
        told = await http.get(path, headers=BROWSER)
        assert told.headers["content-type"] == "application/problem+json"


async def test_what_goes_wrong_within_is_said_on_a_page_as_well(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(service, "read", fails)
    shown = await http.get("/", headers=BROWSER)
    assert (shown.status_code, Sheet(shown.text).language) == (500, "fi")
    assert SECRET not in shown.text


async def test_a_page_waits_for_what_it_was_asked_to_include(
    http: httpx.AsyncClient, service: Service
) -> None:
    service.read_waits = 0.05
    service.projections.stop()
    relationship = await opened(http)
    head = service.store.head()
    for path in ("/", f"/relationships/{relationship}"):
        assert "try again in a moment" in (await _sheet(http, path, 503, after=head)).text
        assert "Nothing has been recorded" in (await _sheet(http, path, 422, after=head + 1)).text


async def test_nothing_sealed_and_nobodys_identity_stands_on_a_page(
    http: httpx.AsyncClient, service: Service
) -> None:
    relationship = await active(http)
    base = f"/v1/relationships/{relationship}"
    take_held(service, UUID(relationship))
    for path, body, who in (
        ("/goals", {"text": SECRET}, AS_MENTEE),
        ("/help", {"message": SECRET}, AS_MENTEE),
        ("/check-ins", {"new_perspectives": 1, "comfort": 1, "equality": 1, "note": SECRET}, AS_MENTEE),
        ("/stagnation", None, AS_MENTOR),
        ("/fresh-looks", {"perspective": SECRET, "measures": [MEASURE, MEASURE]}, AS_MENTOR),
    ):
        answer = await http.post(base + path, json=body, headers=who)
        assert answer.status_code == 201, answer.text
    await _moved(http, "2026-05-10T00:00:00Z")
    for path in ("/", f"/relationships/{relationship}"):
        page = (await http.get(path)).text
        assert "omebody asked for help" in page
        for secret in (SECRET, str(ADA), str(GRACE), "ada@example.org", "grace@example.org"):
            assert secret not in page


async def test_the_reader_chooses_the_language_or_the_browser_does(http: httpx.AsyncClient) -> None:
    relationship = await active(http)
    await _moved(http)
    path = f"/relationships/{relationship}"
    for page in ("/", path):
        asked = await http.get(page, params={"language": "fi"})
        preferred = await http.get(page, headers={"Accept-Language": "sv;q=0.9, fi-FI;q=0.8, en;q=0.5"})
        for answer in (asked, preferred):
            sheet = Sheet(answer.text)
            assert (sheet.language, answer.headers["content-language"]) == ("fi", "fi")
            assert "pitkään hiljaista, mitään ei ole varattu" in sheet.text
            assert f"{page}?language=en" in sheet.links
        assert (await _sheet(http, page, language="xx")).language == "en"
    assert f"{path}?language=fi" in Sheet((await http.get("/", params={"language": "fi"})).text).links


async def test_headings_go_down_by_one_step_at_most(http: httpx.AsyncClient) -> None:
    relationship = await active(http)
    await _moved(http)
    for page in ("/", f"/relationships/{relationship}", "/sign-in"):
        headings = (await _sheet(http, page)).headings
        assert headings[0] == 1
        assert headings.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(headings))


async def test_what_pages_load_is_ours_and_they_are_no_part_of_the_api(http: httpx.AsyncClient) -> None:
    for path, kind in (("/style.css", "text/css"), ("/icon.svg", "image/svg+xml")):
        answer = await http.get(path)
        assert answer.headers["content-type"].startswith(kind)
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
    paths = (await http.get("/v1/openapi.json")).json()["paths"]
    assert all(path.startswith("/v1/") for path in paths if path != "/metrics")
