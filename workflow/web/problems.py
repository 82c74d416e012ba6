"""Refusals as RFC 9457 problems.

``code`` is stable and meant for programs, ``detail`` is one sentence for people. A refused move names the
moves that are ``possible``, with their routes. What a client sent is never repeated, since it may be confidential.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from workflow import errors
from workflow.projections.reads import NotYetFolded
from workflow.web.moves import moves_out

MEDIA_TYPE = "application/problem+json"

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
    "body_malformed": 400,
    "body_too_large": 413,
    "media_type_unknown": 415,
    "token_missing": 401,
    "token_wrong": 401,
    "origin_foreign": 403,
    "host_unknown": 421,
}


class Fault(BaseModel):
    """One thing that does not fit in a request."""

    where: str = Field(description="the member, such as `body.parties.0.role`")
    what: str


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
        None, description="the position reached, where a read could not wait any longer"
    )


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """The response that tells of a problem."""
    body = Problem(
        type=f"urn:mentoring:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        **more,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )


def status_of(error: errors.MentoringError) -> int:
    """The HTTP status that says most nearly what ``error`` says."""
    if error.code in _STATUS_BY_CODE:
        return _STATUS_BY_CODE[error.code]
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def problem_of(error: errors.MentoringError) -> JSONResponse:
    """The response that tells of one of our own errors."""
    status = status_of(error)
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if status == 503:
        headers["Retry-After"] = "1"
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="mentoring"'
    if isinstance(error, errors.Refused) and error.possible:
        more |= moves_out(error.possible)
    if isinstance(error, NotYetFolded):
        more["position"] = error.reached
    return problem(status, error.code, error.detail, headers=headers, **more)


def install(app: FastAPI) -> None:
    """Make every refusal of ``app`` a problem."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, errors.MentoringError)
        return problem_of(error)

    async def unfit(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = [
            Fault(where=".".join(map(str, _known_place(fault))), what=_said(fault))
            for fault in error.errors()
        ]
        broken = any(fault["type"] == "json_invalid" for fault in error.errors())
        if broken:
            return problem(400, "body_malformed", "the body is not JSON", faults=faults)
        return problem(422, "invalid", "the request does not fit", faults=faults)

    async def plain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = HTTPStatus(error.status_code).name.lower()
        return problem(error.status_code, code, str(error.detail), headers=error.headers)

    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        # The class and the place are enough to find a fault; its message may hold what a client sent.
        _log.error("a request failed: %s", type(error).__name__, exc_info=_without_message(error))
        return problem(500, "internal", "something went wrong that should not have; it was logged")

    app.add_exception_handler(errors.MentoringError, ours)
    app.add_exception_handler(RequestValidationError, unfit)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, unforeseen)


def _known_place(fault: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Where it is; what a client called a member that we do not know is not repeated."""
    place: tuple[int | str, ...] = fault["loc"]
    return place[:-1] if fault["type"] == "extra_forbidden" else place


def _said(fault: Mapping[str, Any]) -> str:
    """Pydantic's own sentence, but for the kinds whose sentence can repeat what was sent."""
    if fault["type"] == "uuid_parsing":
        return "Input should be a UUID"
    if fault["type"] == "extra_forbidden":
        return "A member that is not known here"
    if fault["type"] == "json_invalid":
        return "JSON decode error"
    return str(fault["msg"])


def _without_message(error: Exception) -> tuple[type[BaseException], BaseException, Any]:
    return (RuntimeError, RuntimeError(type(error).__name__), error.__traceback__)


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text, "content": {MEDIA_TYPE: {}}}
    for status, text in (
        (400, "The request cannot be read"),
        (401, "A bearer token is demanded"),
        (403, "A page of another origin is behind it"),
        (404, "Nothing is kept under this name"),
        (409, "The rules refuse it; `possible` names what can be done instead"),
        (413, "The body is too large"),
        (422, "The request does not fit, or its idempotency key was used for another body"),
        (503, "Not now; try again after `Retry-After` seconds"),
    )
}
"""The problems that a route may answer, for OpenAPI."""
