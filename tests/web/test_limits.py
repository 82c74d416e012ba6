"""How much a request may take, and that whoever takes more is told so."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.types import Receive, Scope, Send

from tests.web.conftest import AS_COORDINATOR
from workflow.consumers.meetings.contract import LARGEST_BODY
from workflow.http_server import LARGEST_HEAD
from workflow.web import problems
from workflow.web.guard import KNOWN
from workflow.web.limits import LONGEST_TARGET, Limits


class Waiting:
    """An app whose requests wait until they are let go, and that reads what it is sent."""

    def __init__(self, **limits: Any) -> None:
        self.arrived = asyncio.Semaphore(0)
        self.let_go = asyncio.Event()
        app = FastAPI()
        problems.install(app, lambda _, answer: answer)

        @app.get("/{path:path}")
        async def wait() -> str:
            self.arrived.release()
            await self.let_go.wait()
            return "done"

        @app.post("/")
        async def read(request: Request) -> int:
            return len(await request.body())

        app.add_middleware(Limits, **limits)

        async def known(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, KNOWN: True}, receive, send)

        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(known), base_url="http://127.0.0.1")


async def test_beyond_so_many_at_once_the_next_is_to_try_again() -> None:
    app = Waiting(at_once=2)
    under_way = [asyncio.create_task(app.http.get("/")) for _ in range(2)]
    for _ in under_way:
        await app.arrived.acquire()
    busy = await app.http.get("/")
    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (503, "busy", "1")
    health = asyncio.create_task(app.http.get("/v1/health"))
    await app.arrived.acquire()
    app.let_go.set()
    assert [(await one).status_code for one in (*under_way, health)] == [200, 200, 200]
    assert (await app.http.get("/")).status_code == 200


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    app = Waiting(body_within=0.01)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.Event().wait()

    answer = await app.http.post("/", content=stuck())
    assert (answer.status_code, answer.json()["code"]) == (408, "body_late")
    assert answer.headers["connection"] == "close"
    assert (await app.http.post("/", content=b"abc")).json() == 3


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/v1/agenda?until=" + "x" * LONGEST_TARGET, {}, 414, "target_too_long"),
        ("/v1/parked/" + "7" * LONGEST_TARGET, {}, 414, "target_too_long"),
        ("/v1/agenda", {"traceparent": "x" * LARGEST_HEAD}, 431, "head_too_large"),
        ("/v1/agenda", {f"x-{number}": "" for number in range(LARGEST_HEAD // 6)}, 431, "head_too_large"),
    ],
)
async def test_a_head_is_bounded(
    http: httpx.AsyncClient, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await http.get(path, headers=headers | AS_COORDINATOR)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(("path", "largest"), [("/v1/clock", LARGEST_BODY), ("/v1/events", 4 * 1024 * 1024)])
@pytest.mark.parametrize("tells_its_length", [True, False])
async def test_a_body_that_is_too_large_is_refused(
    http: httpx.AsyncClient, path: str, largest: int, tells_its_length: bool
) -> None:
    async def parts(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1024):
            yield b" " * 1024
        yield b" " * (size % 1024)

    headers = AS_COORDINATOR | {"content-type": "application/json"}
    for size, refused in ((largest, False), (largest + 1, True)):
        content = b" " * size if tells_its_length else parts(size)
        answer = await http.post(path, content=content, headers=headers)
        assert (answer.status_code == 413) is refused
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"] == "body_too_large") is refused


@pytest.mark.parametrize("length", ["99999999999999999999", "9" * 5000, str(LARGEST_BODY + 1)])
async def test_a_length_that_is_only_claimed_is_believed(http: httpx.AsyncClient, length: str) -> None:
    answer = await http.get("/v1/agenda", headers={"content-length": length})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/v1/relationships", "/v1/events"])
async def test_a_body_comes_uncompressed(http: httpx.AsyncClient, path: str) -> None:
    body = gzip.compress(b" " * 10**8)  # a small body that would be a large one
    headers = AS_COORDINATOR | {"content-type": "application/json", "ce-specversion": "1.0"}
    answer = await http.post(path, content=body, headers=headers | {"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "encoding_unknown")
