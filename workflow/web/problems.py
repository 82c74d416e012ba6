"""Refusals as RFC 9457 problems.

``code`` is stable and meant for programs, ``detail`` is one sentence for people. A refused move names the
moves that are ``possible``, with their routes. What a client sent is never repeated, since it may be confidential.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from workflow import errors
from workflow.projections.running.readers import BeyondTheLog, NotYetFolded
from workflow.store.faults import AWAY
from workflow.web.faults import MOST_TOLD, Fault, told
from workflow.web.moves import moves_out
from workflow.web.tokens import SLOWED_FOR

MEDIA_TYPE = "application/problem+json"

UNKEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""What every answer of the API goes with: much of it is confidential, and all of it is of now."""

_log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[errors.MentoringError], int], ...] = (
    (errors.Refused, 409),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Invalid, 422),
    (errors.Unavailable, 503),
    (errors.Stopped, 503),
    (errors.MentoringError, 500),
)
_STATUS_BY_CODE = {
    "idempotency_key_reused": 422,
    "actor_missing": 400,
    "actor_malformed": 400,
    "key_malformed": 400,
    "body_malformed": 400,
    "body_too_large": 413,
    "target_too_long": 414,
    "head_too_large": 431,
    "media_type_unknown": 415,
    "encoding_unknown": 415,
    "token_missing": 401,
    "tokens_slowed": 429,
    "token_wrong": 401,
    "origin_foreign": 403,
    "host_unknown": 421,
    "hook_closed": 403,
    "signature_missing": 403,
    "signature_wrong": 403,
    "signature_old": 403,
}
_FRAMEWORKS = {
    400: ("body_malformed", "the body is not JSON"),
    404: ("route_unknown", "there is no such route; GET /v1/openapi.json lists them"),
    405: ("method_not_allowed", "the route is not asked in this way; the header Allow says in which"),
    408: ("body_late", "the body did not come in time"),
    413: ("body_too_large", "the body is too large for this route"),
    503: ("busy", "too many requests are under way; try again"),
}
"""What the framework itself refuses, in our words; in its own it could say what it was sent."""


class Problem(BaseModel):
    """An RFC 9457 problem."""

    type: str = Field(description="`urn:mentoring:problem:` and the code")
    title: str
    status: int
    detail: str
    code: str = Field(description="stable, for programs")
    possible: list[str] | None = Field(
        None, description="the moves that people can bring about from the relationship's state"
    )
    routes: dict[str, list[str]] | None = Field(None, description="by which routes they do")
    follows: list[str] | None = Field(
        None, description="the moves that nobody makes: they follow once facts call for them"
    )
    faults: list[Fault] | None = Field(None, description="what does not fit, member by member")
    position: int | None = Field(
        None,
        description="the position reached, where a read could not wait any longer; the last one in the log, where "
        "`after` lies beyond it",
    )


class Answer(JSONResponse):
    """The response that tells of a problem."""

    media_type = MEDIA_TYPE

    def __init__(self, told: Problem, headers: Mapping[str, str]) -> None:
        super().__init__(told.model_dump(exclude_none=True), told.status, headers={**UNKEPT, **headers})
        self.told = told


Show = Callable[[Request, Answer], Response]
"""How whoever asked is told of a problem."""


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    """The response that tells of a problem."""
    told = Problem(
        type=f"urn:mentoring:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        **more,
    )
    return Answer(told, headers or {})


def status_of(error: errors.MentoringError) -> int:
    """The HTTP status that says most nearly what ``error`` says."""
    if error.code in _STATUS_BY_CODE:
        return _STATUS_BY_CODE[error.code]
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def problem_of(error: errors.MentoringError) -> Answer:
    """The response that tells of one of our own errors."""
    status = status_of(error)
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if status == 503:
        headers["Retry-After"] = "1"
    if status == 429:
        headers["Retry-After"] = str(SLOWED_FOR)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="mentoring"'
    if isinstance(error, errors.Refused) and error.possible:
        more |= moves_out(error.possible)
    if isinstance(error, NotYetFolded):
        more["position"] = error.reached
    if isinstance(error, BeyondTheLog):
        more["position"] = error.head
    return problem(status, error.code, error.detail, headers=headers, **more)


def install(app: FastAPI, show: Show) -> None:
    """Make every refusal of ``app`` a problem, told as ``show`` has it."""

    async def ours(_: Request, error: Exception) -> Answer:
        assert isinstance(error, errors.MentoringError)
        return problem_of(error)

    async def unfit(_: Request, error: Exception) -> Answer:
        assert isinstance(error, RequestValidationError)
        found = error.errors()
        kinds = {fault["type"] for fault in found if fault["loc"][0] == "body"}
        if "json_invalid" in kinds:
            return problem(400, "body_malformed", "the body is not JSON", faults=told(found))
        if isinstance(error.body, bytes) and error.body:
            # What does not say that it is JSON was not read as such.
            return problem(415, "media_type_unknown", "the body comes as application/json, and says so")
        detail = "the request does not fit"
        if len(found) > MOST_TOLD:
            detail += f"; the first {MOST_TOLD} of {len(found)} faults are told"
        return problem(422, "invalid", detail, faults=told(found))

    async def plain(request: Request, error: Exception) -> Answer:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_allowed(app, request))
        code, detail = _FRAMEWORKS.get(error.status_code) or (
            HTTPStatus(error.status_code).name.lower(),
            "the request cannot be answered",
        )
        if error.status_code == 404 and app.openapi_url is None:
            detail = (
                "this process is no `api`, and answers only of itself: ask one that is, at its own address"
            )
        return problem(error.status_code, code, detail, headers=headers)

    async def gone(_: Request, __: Exception) -> Answer:
        # Nobody is left to read it, and no fault of ours is to be found.
        return problem(400, "request_broken_off", "the request was broken off")

    async def away(_: Request, __: Exception) -> Answer:
        return problem(
            503,
            "database_unavailable",
            "PostgreSQL does not answer; ask again, for everything goes on by itself once it does",
            headers={"Retry-After": "1"},
        )

    async def unforeseen(_: Request, error: Exception) -> Answer:
        # The class and the place are enough to find a fault; its message may hold what a client sent.
        _log.error("a request failed: %s", type(error).__name__, exc_info=_without_message(error))
        return problem(500, "internal", "something went wrong that should not have; it was logged")

    def shown(handler: Callable[[Request, Exception], Awaitable[Answer]]) -> _Handler:
        async def either(request: Request, error: Exception) -> Response:
            return show(request, await handler(request, error))

        return either

    app.add_exception_handler(errors.MentoringError, shown(ours))
    app.add_exception_handler(RequestValidationError, shown(unfit))
    app.add_exception_handler(HTTPException, shown(plain))
    app.add_exception_handler(ClientDisconnect, gone)
    for kind in AWAY:
        app.add_exception_handler(kind, shown(away))
    app.add_exception_handler(Exception, shown(unforeseen))


_Handler = Callable[[Request, Exception], Awaitable[Response]]


def _allowed(app: FastAPI, request: Request) -> list[str]:
    """The methods of all routes at this path; the framework names those of the first one alone."""
    taken = [
        method
        for method in ("GET", "POST")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]
    return ["HEAD", *taken] if "GET" in taken else taken


def _without_message(error: Exception) -> tuple[type[BaseException], BaseException, Any]:
    return (RuntimeError, RuntimeError(type(error).__name__), error.__traceback__)


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body or a header that names who acts cannot be read"},
    401: {"description": "A bearer token is demanded"},
    403: {
        "description": "A page of another origin is behind it; or a hook is closed, or not signed as it has to be"
    },
    404: {"description": "Nothing is kept under this name"},
    408: {"description": "The body did not come in time"},
    409: {"description": "The rules refuse it; `possible` names what can be done instead"},
    413: {"description": "The body is too large"},
    414: {"description": "The path and its query are too long"},
    415: {"description": "The body does not say that it is of a media type taken here"},
    421: {"description": "It is not addressed to this machine, and there is no token"},
    422: {"description": "The request does not fit, or its idempotency key was used for another body"},
    429: {
        "description": "Too many wrong bearer tokens from this address; try again after `Retry-After` seconds"
    },
    431: {"description": "The headers are too large"},
    500: {"description": "A fault of ours; it was logged"},
    503: {"description": "Not now; try again after `Retry-After` seconds"},
}
"""The problems that a route may answer, for OpenAPI."""
