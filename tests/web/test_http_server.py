"""The server itself, over sockets: what it answers to whoever does not speak HTTP, or does not get on with it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from workflow import http_server
from workflow.errors import Unavailable
from workflow.http_server import LARGEST_HEAD, Http, address_of, listen

Send = Callable[[bytes], Awaitable[bytes]]


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    """An app that answers once it has the whole body."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with listen("127.0.0.1", 0) as listener:
        http = Http(reads_all)
        serving = asyncio.create_task(http.serve([listener]))
        yield listener.getsockname()[1]
        http.should_exit = True
        await serving


async def _said(port: int, *sent: bytes) -> bytes:
    """Everything that is answered until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in sent:
        writer.write(part)
        await writer.drain()
    try:
        return await reader.read()
    finally:
        writer.close()


def _problem(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    problem = json.loads(body)
    assert problem.keys() == {"type", "title", "status", "detail", "code"}
    assert head.startswith(f"HTTP/1.1 {problem['status']} ".encode())
    return problem["status"], problem["code"]


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "request_malformed"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "request_malformed"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "request_malformed"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400, "request_malformed"),
        (b"GET /\xc3\xa5 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "request_malformed"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400, "request_malformed"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "request_malformed"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "encoding_unknown"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * LARGEST_HEAD, 431, "head_too_large"),
        (b"GET /" + b"b" * LARGEST_HEAD, 431, "head_too_large"),
        (CHUNKED + b"not a length\r\n", 400, "request_malformed"),
        (CHUNKED + b"3\r\nabcdef\r\n", 400, "request_malformed"),
    ],
)  # fmt: skip
async def test_what_is_no_http_is_refused_with_a_problem(
    port: int, sent: bytes, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert _problem(await _said(port, sent)) == (status, code)
    assert caplog.records == []
    assert b"200 OK" in await _said(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


async def test_rubbish_in_a_body_that_is_awaited_ends_its_request(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(CHUNKED.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
    assert b"100" in await reader.readuntil(b"\r\n\r\n")  # the app awaits the body
    writer.write(b"not a length\r\n")
    assert _problem(await reader.read()) == (400, "request_malformed")
    writer.close()
    assert caplog.records == []


async def test_trailers_and_pipelined_requests_are_read(port: int) -> None:
    trailing = CHUNKED + b"3\r\nabc\r\n0\r\nMentoring-Actor: x\r\n\r\n"
    last = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert (await _said(port, trailing + last)).count(b"200 OK") == 2


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHo",
        b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    ],
)
async def test_a_head_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_server, "HEAD_WITHIN", 0.01)

    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    with listen("127.0.0.1", 0) as listener:
        http = Http(refuses)
        http.config.timeout_keep_alive = 0
        serving = asyncio.create_task(http.serve([listener]))
        assert (await _said(listener.getsockname()[1], sent)).count(b"401") == sent.count(b"\r\n\r\n")
        http.should_exit = True
        await serving


async def test_the_last_connection_that_there_is_no_room_for_is_told(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "MOST_CONNECTIONS", 1)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    assert await reader.readuntil(b"100 Continue\r\n\r\n")
    assert _problem(await _said(port)) == (503, "busy")
    writer.write(b"x")
    assert await reader.readuntil(b"ok")
    writer.close()
    await writer.wait_closed()


async def test_connections_on_which_nothing_is_asked_give_way(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "MOST_CONNECTIONS", 2)
    asked, asking = await asyncio.open_connection("127.0.0.1", port)
    asking.write(GET)
    assert await asked.readuntil(b"ok")
    idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    for reader, _ in idle[:2]:
        assert await reader.read() == b""  # closed, the oldest first
    asking.write(GET)
    assert await asked.readuntil(b"ok")  # one that has asked before is kept longer
    for _, writer in (*idle, (asked, asking)):
        writer.close()
        await writer.wait_closed()


async def _said_as_it_stops(app: Any, begun: asyncio.Event) -> bytes:
    """Everything that is answered where the server is stopped once the app has begun."""
    with listen("127.0.0.1", 0) as listener:
        http = Http(app)
        serving = asyncio.create_task(http.serve([listener]))
        said = asyncio.create_task(_said(listener.getsockname()[1], GET))
        await begun.wait()
        http.should_exit = True
        await serving
        return await said


async def test_what_is_under_way_for_too_long_as_the_service_stops_is_answered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_server, "_CLOSES_WITHIN", 0.01)
    asked = asyncio.Event()

    async def waits(*_: Any) -> None:
        asked.set()
        await asyncio.Event().wait()

    assert _problem(await _said_as_it_stops(waits, asked)) == (503, "in_doubt")
    assert caplog.messages == ["Cancel 1 running task(s), timeout graceful shutdown exceeded"]


async def test_an_answer_that_is_half_given_as_the_service_stops_is_no_whole_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_server, "_CLOSES_WITHIN", 0.01)
    begun = asyncio.Event()

    async def begins(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        begun.set()
        await asyncio.Event().wait()

    answer = await _said_as_it_stops(begins, begun)
    assert answer.endswith(b"half\r\n"), "the last chunk, which says that this is all, is missing"
    assert "Traceback" not in caplog.text


def test_a_port_that_is_taken_is_named() -> None:
    with listen("127.0.0.1", 0) as listener:
        port = int(address_of(listener).rsplit(":", 1)[1])
        with pytest.raises(Unavailable, match=f"port {port}") as taken, listen("127.0.0.1", port):
            pass
    assert taken.value.code == "port_in_use"
    assert "--port" in taken.value.detail


async def test_nothing_is_logged_at_debug_of_what_was_sent(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await _said(port, b"secret words\r\n\r\n")
    assert "secret" not in caplog.text
