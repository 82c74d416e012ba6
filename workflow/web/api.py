"""The HTTP door: one FastAPI app over one service."""

from __future__ import annotations

import asyncio
import contextlib

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from workflow.app import Service
from workflow.web import (
    analytics,
    care,
    clock,
    commands,
    confided,
    dialogue,
    goals,
    guidance,
    health,
    hooks,
    intake,
    log_pages,
    meetings,
    metrics,
    parked,
    parties,
    policies,
    problems,
    programmes,
    projections,
    publishing,
    reads,
    streams,
    today,
    waiting,
)
from workflow.web.asking import Turns
from workflow.web.document import Documented
from workflow.web.guard import SIGN_IN, Guard
from workflow.web.head import Head
from workflow.web.health import Watch
from workflow.web.limits import Limits
from workflow.web.page import routes as pages
from workflow.web.page import signing, trouble
from workflow.web.page.kept_drawings import Drawings
from workflow.web.queries import known_queries
from workflow.web.sessions import Sessions
from workflow.web.tokens import Tokens
from workflow.web.unkept import Unkept

_DESCRIPTION = """Mentoring relationships as facts: decided once, stored once, folded into what people need.

* A **write** names who acts in `Mentoring-Actor: <role> <person id>`, and may carry an `Idempotency-Key`,
  which is the actor's own on that route: sent again within 7 days of the service's clock it is answered as
  before, with the same status and position; with another body it is 422. A refusal changed nothing and is
  not kept.
* Publishing needs no name: it is a machine's door. What calendars and booking services send to `/v1/hooks` needs no
  token either, but their signature. On loopback, where no token is needed either, a request of a
  web page of another origin is refused.
* Every answer to a write names its `position`; a **read** with `?after=<position>` waits, at most 5 s, until
  that is folded, and else is answered 503 with `Retry-After` and the position reached. A position beyond the log
  is 422 at once, and so is a query that the route does not know.
* A **refusal** is an RFC 9457 problem. One about a move names what people can do
  instead, by which routes, and apart from that what may follow by itself.
* Sealed text comes in and is kept encrypted; no answer holds any.
"""


def _operation_id(route: APIRoute) -> str:
    """What generated clients call a route: its summary, such as ``open_a_relationship``."""
    return "_".join((route.summary or route.name).lower().split())


_ROUTES = APIRouter(dependencies=[Depends(known_queries)], generate_unique_id_function=_operation_id)
"""All of them, put together once: what is made of each at its first request then serves every app."""

for _router in (
    health.router,
    metrics.router,
    commands.router,
    goals.router,
    dialogue.router,
    confided.router,
    care.router,
    parties.router,
    today.router,
    reads.router,
    analytics.router,
    log_pages.router,
    streams.router,
    meetings.router,
    policies.router,
    guidance.router,
    programmes.router,
    intake.router,
    waiting.router,
    parked.router,
    projections.router,
    clock.router,
    publishing.router,
    hooks.router,
    pages.router,
    signing.router,
):
    _ROUTES.include_router(_router)


def door(service: Service) -> ASGIApp:
    """What the server runs: the app, without the exceptions that it has answered and logged already.

    The server would log them once more, with their messages, which may hold what a client sent.
    """
    app = create_app(service)

    async def quietly(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(Exception):
            await app(scope, receive, send)

    return quietly


def side_door(service: Service) -> ASGIApp:
    """What the server of a process runs that does not answer by HTTP: whether all is well with it, and its figures."""
    app = FastAPI(title="Mentoring workflow", version=service.version, openapi_url=None)
    app.state.service = service
    app.state.watch, app.state.alone = Watch(), True
    problems.install(app, trouble.shown)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.add_middleware(Head)
    return app


def create_app(service: Service) -> FastAPI:
    """The app over ``service``."""
    app = Documented(
        title="Mentoring workflow",
        version=service.version,
        description=_DESCRIPTION,
        openapi_url="/v1/openapi.json",
        # Their pages load scripts from elsewhere; the document itself is at /v1/openapi.json.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        routes=_ROUTES.routes,
    )
    app.state.service = service
    app.state.watch, app.state.alone = Watch(), False
    app.state.batches = asyncio.Lock()
    app.state.turns = Turns()
    app.state.hooks = hooks.places()
    app.state.tokens = Tokens(service.token)
    app.state.sessions = Sessions()
    app.state.drawings = Drawings(begin=service.parts.begin)
    app.state.figured = None
    app.state.figuring = asyncio.Lock()
    problems.install(app, trouble.shown)
    # The last one added is asked first: who may not come in takes nobody's place.
    app.add_middleware(Head)
    app.add_middleware(
        Limits, largest={"/v1/events": service.settings.max_batch_bytes, SIGN_IN: signing.LARGEST_FORM}
    )
    app.add_middleware(Guard, tokens=app.state.tokens, sessions=app.state.sessions)
    app.add_middleware(Unkept)
    return app
