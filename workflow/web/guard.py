"""What every request has to pass before it is looked at: the right host, and beyond loopback the token."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from workflow.errors import Invalid, MentoringError
from workflow.settings import is_loopback
from workflow.web.problems import problem_of

OPEN_TO_ALL = frozenset({"/v1/health"})
"""Answered without a token: what watches over processes needs no secret. It holds nothing personal."""


class Guard:
    """Refuses what may not come in.

    With a token, whoever brings it may. Without one the service listens on loopback only, and a request has
    to be addressed to loopback as well: a web page that had its own name pointed at 127.0.0.1 is turned away.
    """

    def __init__(self, app: ASGIApp, *, token: str | None) -> None:
        self._app = app
        self._token = token.encode() if token is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] == "http":
            try:
                self._check(scope["path"], Headers(scope=scope))
            except MentoringError as error:
                await problem_of(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, path: str, headers: Headers) -> None:
        if self._token is None:
            host = headers.get("host", "")
            name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
            if not is_loopback(name):
                raise Invalid("this service is addressed by a loopback name only", code="host_unknown")
        elif path not in OPEN_TO_ALL:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not given:
                raise Invalid("a bearer token is demanded", code="token_missing")
            if not hmac.compare_digest(given.strip().encode("latin-1", "replace"), self._token):
                raise Invalid("the bearer token is not the one demanded", code="token_wrong")
