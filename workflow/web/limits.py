"""How much of the service a request may take: its head, its body and the time for it, its place among others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from workflow.consumers.meetings.contract import LARGEST_BODY
from workflow.errors import Invalid, MentoringError, Unavailable
from workflow.http_server import LARGEST_HEAD
from workflow.web.coming import Body, Strangers
from workflow.web.guard import KNOWN, OPEN_TO_ALL
from workflow.web.problems import problem_of
from workflow.web.tokens import address_of

LONGEST_TARGET = 8 * 1024
"""Bytes of a path and its query."""

MOST_AT_ONCE = 256
"""Requests under way. Each may hold a batch in memory, so that this bounds what all of them hold."""

BODY_WITHIN = 30.0
"""Seconds in which the whole of a body has to come, from when it is first asked for."""

ADMIT = "mentoring.admit"
"""In a request's scope: what a route calls once the request has shown that it may come in, if it had not before."""


class Limits:
    """Refuses what would take too much.

    A place is for who is known: by a token, a session, a signature. What is not known yet is read beside the places,
    and what watches over processes takes none either: it would end a service that is only busy.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        at_once: int = MOST_AT_ONCE,
        body_within: float = BODY_WITHIN,
        strangers: Strangers | None = None,
        largest: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """``largest`` has the limits, in bytes, of the paths whose bodies may be larger or smaller than others."""
        self._app = app
        self._largest = largest
        self._free = at_once
        self._body_within = body_within
        self._strangers = strangers or Strangers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        admitted = False

        def admit() -> None:
            nonlocal admitted
            if admitted:
                return
            if not self._free:
                raise Unavailable("too many requests are under way; try again", code="busy")
            self._free -= 1
            admitted = True

        largest = self._largest.get(scope["path"], LARGEST_BODY)
        known = scope.get(KNOWN, False)
        try:
            _check_headers(scope, largest)
            if known and scope["path"] not in OPEN_TO_ALL:
                admit()
        except MentoringError as error:
            await problem_of(error)(scope, receive, send)
            return
        if known:
            body = Body(receive, largest, self._body_within)
        else:
            body = self._strangers.body(receive, largest, address_of(scope))
        try:
            await self._app({**scope, ADMIT: admit}, body.receive, send)
        finally:
            body.leave()
            self._free += admitted


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
