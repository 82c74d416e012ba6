"""Where a token is demanded, a browser signs in: its cookie opens pages for reading, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.web.conftest import AS_COORDINATOR, PARTIES
from tests.web.sheet import Sheet
from workflow.app import Service
from workflow.lifecycle import offline
from workflow.settings import ClockKind, Settings
from workflow.web.api import create_app
from workflow.web.sessions import COOKIE, LASTS, MOST_SESSIONS, Sessions
from workflow.web.tokens import MOST_WRONG

TOKEN = "a-token-of-enough-letters"
PAGES = ["/", f"/relationships/{UUID(int=7)}", "/charts/x/states-light.svg"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(0o600)
    return Settings(data=tmp_path / "data", clock=ClockKind.SIMULATED, token_file=file)


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    async with offline(settings) as service:
        yield service


def _browser(service: Service) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="https://mentoring.example.org")


async def _signed_in(http: httpx.AsyncClient, token: str = TOKEN, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await http.post("/sign-in", data={"token": token}, headers=given)


@pytest.mark.parametrize("page", PAGES)
async def test_who_has_not_signed_in_is_led_to_the_form(service: Service, page: str) -> None:
    async with _browser(service) as http:
        for cookie in (None, "", "made-up"):
            headers = {} if cookie is None else {"Cookie": f"{COOKIE}={cookie}"}
            answer = await http.get(page, headers=headers)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
            assert answer.headers["cache-control"] == "no-store"
        sheet = Sheet((await http.get("/sign-in")).text)
        assert "demands a token" in sheet.text
        assert (await http.get("/style.css")).status_code == 200


async def test_the_token_opens_the_pages_until_one_signs_out(service: Service) -> None:
    async with _browser(service) as http:
        answer = await _signed_in(http)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await http.get("/")).status_code == 200
        cookie = http.cookies[COOKIE]
        out = await http.post("/sign-out")
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert COOKIE not in http.cookies
        assert (await http.get("/", headers={"Cookie": f"{COOKIE}={cookie}"})).status_code == 303


async def test_the_cookie_holds_no_token_and_is_kept_from_scripts_and_other_sites(service: Service) -> None:
    async with _browser(service) as http:
        for forwarded, secure in (
            ({"x_forwarded_proto": "https"}, True),
            ({"x_forwarded_proto": "http"}, False),
        ):
            cookie = (await _signed_in(http, **forwarded)).headers["set-cookie"]
            assert TOKEN not in cookie
            assert {"HttpOnly", "SameSite=strict", "Path=/", f"Max-Age={LASTS}"} <= set(cookie.split("; "))
            assert ("Secure" in cookie.split("; ")) is secure


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/today"),
        ("GET", "/v1/events"),
        ("POST", "/v1/relationships"),
        ("POST", "/"),
        ("POST", "/relationships/x"),
        ("POST", "/unknown"),
        ("GET", "/v1"),
        ("GET", "/v1/unknown"),
    ],
)
async def test_no_cookie_opens_anything_but_pages_for_reading(
    service: Service, method: str, path: str
) -> None:
    async with _browser(service) as http:
        await _signed_in(http)
        answer = await http.request(method, path, headers=AS_COORDINATOR, json={"parties": PARTIES})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")


async def test_an_address_that_is_none_is_behind_the_form_as_any_page(service: Service) -> None:
    async with _browser(service) as http:
        for path in ("/unknown", "/relationships/x/y", "/v10"):
            assert (await http.get(path)).headers["location"] == "/sign-in"
        await _signed_in(http)
        for path in ("/unknown", "/relationships/x/y", "/v10"):
            assert (await http.get(path)).status_code == 404


async def test_the_bearer_token_opens_pages_as_well_and_a_wrong_one_is_refused(service: Service) -> None:
    async with _browser(service) as http:
        for page in PAGES[:2]:
            assert (await http.get(page, headers={"Authorization": f"Bearer {TOKEN}"})).status_code in {
                200,
                404,
            }
            await _signed_in(http)
            assert (await http.get(page, headers={"Authorization": "Bearer other"})).status_code == 401


async def test_a_wrong_token_is_told_and_signs_nobody_in(service: Service) -> None:
    async with _browser(service) as http:
        for given in ({"token": "other"}, {"token": ""}, {}, {"token": "ä" * 9}):
            answer = await http.post("/sign-in", data=given)
            assert answer.status_code == 401
            assert "This is not the token that the service demands." in Sheet(answer.text).text
            assert "set-cookie" not in answer.headers
        sent = await http.post("/sign-in", json={"token": TOKEN})
        assert sent.status_code == 401
        twice = await http.post("/sign-in", content=f"token={TOKEN}&token={TOKEN}")
        assert twice.status_code == 401


async def test_wrong_tokens_keep_nobody_out_who_has_the_right_one(service: Service) -> None:
    """All come from one address here, as behind a proxy."""
    wrong = {"Authorization": "Bearer guess"}
    async with _browser(service) as http:
        for _ in range(MOST_WRONG // 2):
            assert (await _signed_in(http, "guess")).status_code == 401
            assert (await http.get("/v1/today", headers=wrong)).status_code == 401
        answer = await _signed_in(http, "guess")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        assert "Too many wrong tokens" in Sheet(answer.text).text
        answer = await http.get("/v1/today", headers=wrong)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        assert answer.json()["code"] == "tokens_slowed"
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert (await http.get("/v1/today", headers=right)).status_code == 200
        assert (await _signed_in(http)).status_code == 303
        assert (await http.get("/")).status_code == 200


async def test_a_page_of_another_site_signs_nobody_out(service: Service) -> None:
    async with _browser(service) as http:
        await _signed_in(http)
        for origin in ("https://evil.example.org", "null"):
            answer = await http.post("/sign-out", headers={"Origin": origin})
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
        assert (await http.get("/")).status_code == 200
        ours = await http.post("/sign-out", headers={"Origin": "https://mentoring.example.org"})
        assert ours.status_code == 303
        assert (await http.get("/")).status_code == 303


async def test_a_page_of_another_site_signs_nobody_in(service: Service) -> None:
    async with _browser(service) as http:
        for origin in ("https://evil.example.org", "null"):
            answer = await _signed_in(http, origin=origin)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
        assert (await _signed_in(http, origin="https://mentoring.example.org")).status_code == 303


async def test_a_session_ends_with_the_service(service: Service) -> None:
    async with _browser(service) as http, _browser(service) as anew:
        await _signed_in(http)
        anew.cookies = http.cookies
        assert (await anew.get("/")).status_code == 303


async def test_who_has_signed_in_reads_health_and_can_leave(service: Service) -> None:
    async with _browser(service) as http:
        await _signed_in(http)
        assert "Sign out" in Sheet((await http.get("/")).text).text


def test_a_session_ends_by_itself() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    word = sessions.begin()
    now[0] += LASTS - 1
    assert sessions.holds(word)
    now[0] += 1
    assert not sessions.holds(word)
    now[0] -= 1
    assert not sessions.holds(word)


def test_of_too_many_sessions_the_oldest_end() -> None:
    sessions = Sessions()
    words = [sessions.begin() for _ in range(MOST_SESSIONS + 1)]
    assert [sessions.holds(word) for word in (words[0], words[1], words[-1])] == [False, True, True]
    assert len(set(words)) == len(words)
