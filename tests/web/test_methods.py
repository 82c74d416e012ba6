"""What HTTP itself asks of every address: methods, HEAD, and one spelling."""

from __future__ import annotations

import httpx
import pytest

from tests.web.conftest import opened

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
