"""How much of the service a request may take: its head, its body and the time for it, its place among others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workflow.consumers.meetings.contract import LARGEST_BODY
from workflow.errors import Invalid, MentoringError, Unavailable
from workflow.http_server import LARGEST_HEAD
from workflow.web.guard import OPEN_TO_ALL
from workflow.web.problems import problem_of

LONGEST_TARGET = 8 * 1024
"""Bytes of a path and its query."""

MOST_AT_ONCE = 256
"""Requests under way. Each may hold a batch in memory, so that this bounds what all of them hold."""

BODY_WITHIN = 30.0
"""Seconds in which the whole of a body has to come, from when it is first asked for."""


class Limits:
    """Refuses what would take too much.

    What watches over processes is answered however many others are under way: it would end a service that is
    only busy.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        at_once: int = MOST_AT_ONCE,
        body_within: float = BODY_WITHIN,
        larger: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """``larger`` has the limits, in bytes, of the paths whose bodies may be larger than others."""
        self._app = app
        self._larger = larger
        self._at_once = at_once
        self._body_within = body_within
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = self._larger.get(scope["path"], LARGEST_BODY)
        try:
            _check_headers(scope, largest)
            if self._under_way >= self._at_once and scope["path"] not in OPEN_TO_ALL:
                raise Unavailable("too many requests are under way; try again", code="busy")
        except MentoringError as error:
            await problem_of(error)(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, _bounded(receive, largest, self._body_within), send)
        finally:
            self._under_way -= 1


def _check_headers(scope: Scope, largest: int) -> None:
    # The server bounds what it waits for, and not what comes in one piece.
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_TARGET:
        raise Invalid(
            f"a path and its query are at most {LONGEST_TARGET} bytes together", code="target_too_long"
        )
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > LARGEST_HEAD:
        raise Invalid(f"the headers are at most {LARGEST_HEAD} bytes together", code="head_too_large")

    headers = Headers(scope=scope)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Invalid("a body comes as it is, without a Content-Encoding", code="encoding_unknown")
    told = headers.get("content-length", "0")
    if len(told) > len(str(largest)) or int(told) > largest:
        raise Invalid("the body is too large for this route", code="body_too_large")


def _bounded(receive: Receive, largest: int, seconds: float) -> Callable[[], Awaitable[Message]]:
    """``receive``, with one deadline for all parts of the body, and a limit to their size."""
    deadline: float | None = None
    size = 0
    whole = False

    async def receive_bounded() -> Message:
        nonlocal deadline, size, whole
        if whole:
            return await receive()  # only that the client goes away may still come
        # Refused by the framework's own class: that one passes through its reading of a body as it is.
        if deadline is None:
            deadline = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
        size += len(message.get("body", b""))
        if size > largest:
            raise HTTPException(413)
        whole = not message.get("more_body", False)
        return message

    return receive_bounded
