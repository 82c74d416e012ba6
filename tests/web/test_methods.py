"""What HTTP itself asks of every address: methods, HEAD, and one spelling."""

from __future__ import annotations

import httpx
import pytest

from tests.web.conftest import AS_MENTOR, opened
from workflow.app import Service

OUR_ROUTES = "there is no such route; GET /v1/openapi.json lists them"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/relationships", {"HEAD", "GET", "POST"}),
        ("DELETE", "/v1/events", {"HEAD", "GET", "POST"}),
        ("OPTIONS", "/v1/agenda", {"HEAD", "GET"}),
        ("POST", "/v1/health", {"HEAD", "GET"}),
        ("PATCH", "/v1/openapi.json", {"HEAD", "GET"}),
        ("TRACE", "/v1/parked/7", {"HEAD", "GET"}),
        ("GET", "/v1/verify", {"POST"}),
        ("HEAD", "/v1/clock", {"POST"}),
        ("BREW", "/v1/parked/7/retry", {"POST"}),
    ],
)
async def test_a_method_that_is_not_taken_is_told_which_are(
    http: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == allowed
    assert answer.headers["content-type"] == "application/problem+json"
    assert method == "HEAD" or answer.json()["code"] == "method_not_allowed"


async def test_a_browser_is_told_on_its_page_which_methods_are_taken(http: httpx.AsyncClient) -> None:
    answer = await http.post("/", headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "HEAD, GET")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert len(answer.content) == int(answer.headers["content-length"])


async def test_what_the_api_answers_is_kept_by_nobody_and_is_what_it_says(
    http: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    relationship = await opened(http)

    def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(
        service, "read", fails
    )  # what nobody foresaw is answered by the framework's outmost part
    asked = {
        f"/v1/relationships/{relationship}/check-ins": 200,
        "/v1/agenda": 500,
        "/v1/intake": 200,
        "/v1/health": 200,
        "/v1/nowhere": 404,
        "/v1/clock": 405,
        "/v1/agenda?limit=none": 422,
    }
    for path, status in asked.items():
        answer = await http.get(path, headers=AS_MENTOR)
        assert answer.status_code == status, path
        assert answer.headers["cache-control"] == "no-store", path
        assert answer.headers["x-content-type-options"] == "nosniff", path
    foreign = await http.get("/v1/agenda", headers={"host": "elsewhere.example.org"})
    assert (foreign.status_code, foreign.headers["cache-control"]) == (421, "no-store")
    assert "cache-control" not in (await http.get("/v1/openapi.json")).headers


@pytest.mark.parametrize(
    "path",
    ["/v", "/v1", "/nowhere", "/v1/health/", "/v1//health", "/V1/health", "/v1/relationships/", "/docs", "/v1/x%00"],
)  # fmt: skip
async def test_a_route_has_one_spelling(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, "location" in answer.headers) == (404, False)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["detail"]) == ("route_unknown", OUR_ROUTES)


async def test_head_says_what_get_would_without_the_body(http: httpx.AsyncClient) -> None:
    relationship = await opened(http)
    for path in (
        "/v1/openapi.json",
        "/v1/intake",
        f"/v1/relationships/{relationship}/timeline",
        "/v1/parked/7",
    ):
        whole, head = await http.get(path), await http.head(path)
        assert (head.status_code, head.headers) == (whole.status_code, whole.headers)
        assert (bool(whole.content), head.content) == (True, b"")
