from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from tests.web.conftest import AS_COORDINATOR, AS_MENTOR, AS_OPERATOR, PARTIES, opened
from workflow.app import Service
from workflow.web.api import create_app, door

SECRET = "what nobody else may read"


async def test_a_body_that_is_not_json_is_told_apart(http: httpx.AsyncClient) -> None:
    headers = AS_COORDINATOR | {"content-type": "application/json"}
    answer = await http.post("/v1/relationships", content=b'{"parties": [', headers=headers)
    assert answer.status_code == 400
    assert answer.json()["code"] == "body_malformed"


@pytest.mark.parametrize(
    "topic",
    [
        {"title": SECRET, "visibility": SECRET},
        {"title": [SECRET], "visibility": "pair_only"},
        {"title": SECRET * 1000, "visibility": "pair_only"},
        {"title": SECRET, "visibility": "pair_only", "note": SECRET},
        {"title": "walks", "visibility": "pair_only", SECRET: 1},
    ],
)
async def test_a_refusal_never_repeats_what_was_sent(
    http: httpx.AsyncClient, topic: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    relationship = await opened(http)
    with caplog.at_level(logging.DEBUG):
        answer = await http.post(
            f"/v1/relationships/{relationship}/agreements", json={"topics": [topic]}, headers=AS_MENTOR
        )
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["where"].startswith("body.topics.0")
    assert SECRET not in answer.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("path", "query", "actor"),
    [
        ("/v1/relationships", {}, AS_COORDINATOR),
        ("/v1/projections/rebuild", {"name": SECRET}, AS_OPERATOR),
        (f"/v1/projections/{SECRET}/pause", {}, AS_OPERATOR),
    ],
)
async def test_a_name_that_nobody_knows_is_not_repeated(
    http: httpx.AsyncClient, path: str, query: dict[str, str], actor: dict[str, str]
) -> None:
    body = {"parties": PARTIES, "programme": SECRET}
    answer = await http.post(path, params=query, json=body, headers=actor)
    assert answer.status_code == 404
    assert SECRET not in answer.text


async def test_a_route_has_one_address(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/relationships/", headers={"host": "127.0.0.1"})
    assert (answer.status_code, "location" in answer.headers) == (404, False)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("PATCH", "/v1/agenda", 405)]
)
async def test_whatever_is_refused_is_a_problem(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_an_unforeseen_error_is_logged_without_what_was_sent(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(service.commands, "opening", broken)
    transport = httpx.ASGITransport(door(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.post("/v1/relationships", json={"parties": PARTIES}, headers=AS_COORDINATOR)
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text + answer.text


async def test_a_client_that_hangs_up_is_no_fault_of_ours(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return said.pop(0)

    async def send(_: object) -> None:
        pass

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/events",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/cloudevents+json")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    await door(service)(scope, receive, send)
    assert caplog.text == ""


async def test_the_openapi_document_types_every_answer(service: Service) -> None:
    document = create_app(service).openapi()
    assert document["openapi"].startswith("3.1")
    untyped = [
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        if status.startswith("2") and not next(iter(answer["content"].values()))["schema"]
    ]
    assert untyped == []
