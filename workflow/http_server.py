"""The HTTP server: uvicorn, held short towards whoever connects and then does not get on with it.

What reaches no route is refused here: a request that is no HTTP, a head that is too long or does not come, and
more connections than there is room for. These refusals are problems too (RFC 9457), so that a client need not
read two kinds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from workflow.errors import Unavailable

MOST_CONNECTIONS = 512
"""Open at once; beyond it an idle one is closed, and where there is none the new one is answered 503. Below the 1024
files that a process may often have open."""

HEAD_WITHIN = 10.0
"""Seconds in which a request's head has to come, from when the connection is open or its first byte is there."""

LARGEST_HEAD = 16 * 1024
"""Bytes of a request's first line and headers."""

_BACKLOG = 1024
_CLOSES_WITHIN = 10

_REFUSALS = {
    400: ("request_malformed", "what came is not HTTP/1.1"),
    431: ("head_too_large", f"the first line and the headers are at most {LARGEST_HEAD} bytes together"),
    501: ("encoding_unknown", "a body comes with its length or chunked, and in no other encoding"),
    503: ("busy", "too many connections are open; try again"),
}

_CLOSING = (
    "in_doubt",
    "the service stops, and did not wait for this any longer: what was asked may be done or begun all the same",
)


class Connection(H11Protocol):
    """One connection of a client."""

    _late: asyncio.TimerHandle | None = None
    _made = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Take it, unless there are too many."""
        super().connection_made(transport)
        self._made = self.loop.time()
        if self._room():
            self._watch()
        else:
            self._refuse(503, {"Retry-After": "1"})

    def data_received(self, data: bytes) -> None:
        """Go on with a request, or with the head of one."""
        if not self.transport.is_closing():
            super().data_received(data)
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        super().connection_lost(exc)
        self._unwatch()

    def send_400_response(self, msg: str) -> None:
        """Refuse what h11 cannot read. What uvicorn says of it says less than the error."""
        self.logger.debug(msg)
        hint = getattr(sys.exception(), "error_status_hint", 400)
        self._refuse(hint if hint in _REFUSALS else 400, {})

    def _room(self) -> bool:
        """Whether there is any for one more. A connection on which nothing is asked gives way to it.

        First the oldest of those that never asked: whoever comes to ask does so within moments.
        """
        others: list[Any] = [one for one in self.connections if one is not self]
        others = [one for one in others if not one.transport.is_closing()]
        if len(others) < MOST_CONNECTIONS:
            return True
        idle = [one for one in others if not one._under_way()]
        if not idle:
            return False
        min(idle, key=lambda one: (one.cycle is not None, one._made)).transport.close()
        return True

    def _watch(self) -> None:
        """While no request is under way, wait for the head of one, and not for ever.

        uvicorn waits 5 s for the first byte of a next request, but as long as one likes for those after it.
        """
        if self._under_way():
            self._unwatch()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_WITHIN, self.transport.close)

    def _under_way(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        return cycle is not None and not cycle.response_complete

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: int, headers: dict[str, str]) -> None:
        if self._under_way():
            self.cycle.disconnected = True  # what its route still says has nowhere to go
            self.cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            given, body = _problem(status, *_REFUSALS[status])
            head = "".join(f"{name}: {value}\r\n" for name, value in {**given, **headers}.items())
            self.transport.write(
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{head}\r\n".encode() + body
            )
        self.transport.close()


def _problem(status: int, code: str, detail: str) -> tuple[dict[str, str], bytes]:
    """The headers and the body of an answer after which the connection is closed."""
    body = json.dumps(
        {
            "type": f"urn:mentoring:problem:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
        }
    ).encode()
    headers = {
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return headers, body


def _until_closed(app: Any) -> Any:
    """``app``, which answers also what is still under way once the server has waited long enough to close."""

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        answered = False

        async def sending(message: Any) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await app(scope, receive, sending)
        except asyncio.CancelledError:
            if not answered:
                given, body = _problem(503, *_CLOSING)
                given["Retry-After"] = "1"
                headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
                await send({"type": "http.response.start", "status": 503, "headers": headers})
                await send({"type": "http.response.body", "body": body})

    return answering


class Http(uvicorn.Server):
    """uvicorn, with its signals left to us: they stop the whole service, in order."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(
                _until_closed(app),
                http=Connection,
                ws="none",
                log_config=None,
                log_level=logging.ERROR,  # its warnings tell of what clients do, as often as they like
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                h11_max_incomplete_event_size=LARGEST_HEAD,
                timeout_graceful_shutdown=_CLOSES_WITHIN,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@contextmanager
def listen(host: str, port: int, option: str = "--port") -> Iterator[socket.socket]:
    """A socket that listens; ``option`` is what names another port on the command line."""
    name = host.strip("[]")
    family = socket.AF_INET6 if ":" in name else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's delay off only for sockets that name it: without,
    # every answer comes 40 ms late.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((name, port))
            listener.listen(_BACKLOG)  # from here on who comes waits, and is not refused
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {host} port {port}: {error.strerror}; name another with {option}",
                code="port_in_use",
            ) from error
        listener.set_inheritable(False)
        yield listener


def address_of(listener: socket.socket) -> str:
    """Where this machine reaches it."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
