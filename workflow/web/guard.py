"""What every request has to pass before it is looked at.

Beyond loopback that is the token; pages are opened for reading by a browser's session as well. On loopback it is that
no web page is behind the request: a browser lets any page that it shows send requests to this machine, with nobody's
knowledge.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from workflow.errors import Invalid, MentoringError
from workflow.settings import is_loopback
from workflow.web.problems import problem_of
from workflow.web.sessions import Sessions, word_of
from workflow.web.tokens import Tokens, address_of

OPEN_TO_ALL = frozenset({"/v1/health", "/metrics"})
"""Answered without a token: what watches over processes needs no secret. They hold nothing personal."""

SIGNED = "/v1/hooks/"
"""Below it no token is demanded, and no name of this machine: what comes there is signed, with a secret that no web
page has."""

KNOWN = "mentoring.known"
"""In a request's scope: whether it brought the token or a session, or needs neither. What is signed is known later."""

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"

_OF_SIGNING_IN = frozenset({SIGN_IN, SIGN_OUT, "/style.css", "/icon.svg"})
"""Answered without a token, because one comes to it by them. They hold nothing of anybody."""

_PAGES = re.compile(r"/(?!v1(?:/|$)|metrics$).*", re.DOTALL)
"""What a session opens, for reading: all that is not the API, which no cookie ever opens."""

_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")
_READS = frozenset({"GET", "HEAD"})
_UNKEPT = {"Cache-Control": "no-store"}
_OURS = frozenset({"same-origin", "none"})
"""What a browser says of requests that no other site's page began."""


class Guard:
    """Refuses what may not come in.

    With a token, whoever brings it may: no browser adds it by itself. Without one the service listens on
    loopback only, and a request has to be addressed to loopback as well (a web page that had its own name
    pointed at 127.0.0.1 is turned away), and must not come from a page of any other origin.
    """

    def __init__(self, app: ASGIApp, *, tokens: Tokens, sessions: Sessions) -> None:
        self._app = app
        self._tokens = tokens
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        known = False
        if not scope["path"].startswith(SIGNED):
            headers = Headers(scope=scope)
            try:
                if not self._tokens.needed:
                    _check_origin(scope["method"], headers)
                    known = True
                elif scope["path"] not in OPEN_TO_ALL | _OF_SIGNING_IN:
                    if _is_page(scope) and "authorization" not in headers:
                        if not self._sessions.holds(word_of(headers)):
                            await RedirectResponse(SIGN_IN, 303, _UNKEPT)(scope, receive, send)
                            return
                    else:
                        self._tokens.check(_token(headers), address_of(scope))
                    known = True
            except MentoringError as error:
                await problem_of(error)(scope, receive, send)
                return
        await self._app({**scope, KNOWN: known}, receive, send)


def _is_page(scope: Scope) -> bool:
    return scope["method"] in _READS and _PAGES.fullmatch(scope["path"]) is not None


def _check_origin(method: str, headers: Headers) -> None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not is_loopback(_name(hosts[0])):
        raise Invalid("this service is addressed by a loopback name only", code="host_unknown")
    origins = {origin.lower() for origin in headers.getlist("origin")}
    if origins - {f"http://{hosts[0].lower()}"}:
        raise Invalid("pages of another origin may not ask this service", code="origin_foreign")
    if method not in _READS and set(headers.getlist("sec-fetch-site")) - _OURS:
        raise Invalid("pages of another site may not ask this service", code="origin_foreign")


def _token(headers: Headers) -> bytes:
    tokens = headers.getlist("authorization")
    scheme, _, given = tokens[0].partition(" ") if len(tokens) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not given:
        raise Invalid("a bearer token is demanded", code="token_missing")
    return given.encode("latin-1", "replace")


def _name(host: str) -> str:
    """A Host header's name or address, without the port; nothing where it is neither."""
    found = _HOST.fullmatch(host.lower())
    return found[1] if found else ""
