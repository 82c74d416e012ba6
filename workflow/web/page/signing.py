"""Signing in and out, where a token is demanded: a form, because browsers do not send a token by themselves."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from workflow.errors import Invalid, MentoringError
from workflow.web.guard import SIGN_IN, SIGN_OUT
from workflow.web.page.rendering import HEADERS, page
from workflow.web.page.routes import Speaking
from workflow.web.page.words import Words
from workflow.web.problems import status_of
from workflow.web.sessions import COOKIE, LASTS, Sessions, word_of
from workflow.web.tokens import SLOWED_FOR, Tokens, address_of

router = APIRouter(include_in_schema=False)

LARGEST_FORM = 4 * 1024
"""Bytes of the form that brings the token: whoever sends it has shown nothing yet."""

_FORM = "application/x-www-form-urlencoded"


@router.get(SIGN_IN)
async def form(request: Request, w: Speaking) -> Response:
    """The form."""
    return _form(request, w)


@router.post(SIGN_IN)
async def sign_in(request: Request, w: Speaking) -> Response:
    """Open the pages for whoever brings the token."""
    tokens: Tokens = request.app.state.tokens
    sessions: Sessions = request.app.state.sessions
    if not tokens.needed:
        return RedirectResponse("/", 303, HEADERS)
    body = await request.body()
    try:
        _check_origin(request)
        tokens.check(_token(request, body), address_of(request.scope))
    except MentoringError as error:
        return _form(request, w, error)
    word = sessions.begin()
    answer = RedirectResponse("/", 303, HEADERS)
    answer.set_cookie(
        COOKIE,
        word,
        max_age=LASTS,
        httponly=True,
        samesite="strict",
        # We speak no TLS: whether the browser does, only the proxy knows.
        secure=request.headers.get("x-forwarded-proto", request.url.scheme) == "https",
    )
    return answer


@router.post(SIGN_OUT)
async def sign_out(request: Request, w: Speaking) -> Response:
    """End the session."""
    try:
        _check_origin(request)
    except MentoringError as error:
        return _form(request, w, error)
    request.app.state.sessions.sign_out(word_of(request.headers))
    answer = RedirectResponse(SIGN_IN, 303, HEADERS)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _form(request: Request, w: Words, error: MentoringError | None = None) -> Response:
    answer = page(
        "sign_in.html",
        w,
        200 if error is None else status_of(error),
        needed=request.app.state.tokens.needed,
        code=None if error is None else error.code,
        asked=request.query_params.get("language"),
    )
    if answer.status_code == 429:
        answer.headers["Retry-After"] = str(SLOWED_FOR)
    return answer


def _token(request: Request, body: bytes) -> bytes:
    given = parse_qs(body.decode("utf-8", "replace")).get("token", [])
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM or len(given) != 1:
        raise Invalid("the form brings one token", code="token_wrong")
    return given[0].encode("utf-8", "replace")


def _check_origin(request: Request) -> None:
    """A page of another site must not sign anybody in (whose pages would they look at?), or out."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Invalid("the form was sent by a page of another site", code="origin_foreign")
