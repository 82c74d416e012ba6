"""What cannot be shown, in words: what a browser gets where a program gets a problem as JSON."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fastapi import Request, Response
from starlette.datastructures import Headers

from workflow.errors import MentoringError
from workflow.web.page.rendering import page
from workflow.web.page.words import Words, preferred, weighed
from workflow.web.problems import Answer, status_of

API = "/v1"
_HTML = "text/html"

_OF_ITS_BODY = frozenset({"content-type", "content-length"})
"""Headers of the problem that the page has of its own; all others say of the answer what they say of the problem."""

_SAID = {
    "relationship_unknown": "relationship_unknown",
    "position_unknown": "position_unknown",
    "not_yet_folded": "not_yet_folded",
    "route_unknown": "route_unknown",
    "method_not_allowed": "route_unknown",
    "invalid": "query_wrong",
    "query_unknown": "query_wrong",
}
"""By the problem's code, what is said of it; of all others that it cannot be shown now."""


def trouble(w: Words, error: MentoringError, request: Request) -> Response:
    """A page that says why there is no other."""
    return _page(w, status_of(error), error.code, request)


def shown(request: Request, answer: Answer) -> Response:
    """The problem as a page, for a browser that looks for one; else as it is."""
    path = request.url.path
    if path == API or path.startswith(f"{API}/") or not _reads(request.headers):
        return answer
    language = preferred(request.query_params.get("language"), request.headers.get("accept-language"))
    # No time stands on this page: it needs nothing of the programme, whose zone may be what cannot be read.
    page = _page(Words(language, ZoneInfo("UTC")), answer.status_code, answer.told.code, request)
    for name, value in answer.headers.items():
        if name not in _OF_ITS_BODY:
            page.headers[name] = value
    return page


def _reads(headers: Headers) -> bool:
    """Whether HTML is what is wanted most. Programs that take anything are told as programs."""
    return next(iter(weighed(headers.get("accept", ""))), "") == _HTML


def _page(w: Words, status: int, code: str, request: Request) -> Response:
    said = w(f"trouble.{_SAID.get(code, 'other')}")
    answer = page("trouble.html", w, status, said=said, asked=request.query_params.get("language"))
    if status == 503:
        answer.headers["Retry-After"] = "1"
    return answer
