"""From a request to the writer and back, without ever holding up the event loop."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakValueDictionary

from fastapi import Depends, Header, Query, Request, Response

from workflow.aggregates.commands import Actor, Command
from workflow.aggregates.decide import Decision
from workflow.app import Service
from workflow.consumers.meetings.envelope import trace_context
from workflow.consumers.requests.once import Answer, Asked, Reply, Unit, Work
from workflow.errors import Invalid
from workflow.logs import OPERATIONS
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.web.actor import acting, named, once

_log = logging.getLogger(OPERATIONS)


async def service_of(request: Request) -> Service:
    """The service that this app is a door of."""
    service: Service = request.app.state.service
    return service


Serving = Annotated[Service, Depends(service_of)]

FARTHEST = 2**62
"""No position, sequence or version is beyond it; what counts on from it still fits a column."""

LONGEST_PAGE = 1000
"""Rows, or lines, that a route gives at once; whoever wants all asks page by page."""

After = Annotated[
    int | None,
    Query(
        ge=0,
        le=FARTHEST,
        description="wait, at most 5 s, until what this route reads has folded this position",
    ),
]


Turns = WeakValueDictionary[tuple[str, str, str], asyncio.Lock]
"""Whose turn it is under an idempotency key, as long as anybody does or waits for what takes long."""


class Asking:
    """One write, on its way to the writer."""

    def __init__(self, service: Service, asked: Asked, response: Response, turns: Turns) -> None:
        self.service = service
        self._turns = turns
        self.asked = asked
        self.actor = asked.actor
        self._response = response

    async def run(self, unit: Unit) -> Answer:
        """Have the writer carry the unit out; the answer names the position."""
        written = await asyncio.wrap_future(self.service.writer.submit(unit, urgent=True))
        return self._told(written.value)

    async def once(self, work: Work) -> Answer:
        """Have the writer do this in one transaction, and once under the request's key."""
        return await self.run(self.service.once.doing(self.asked, work))

    async def lasting(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do what is more than one transaction, unless this key was answered already.

        A request with the same key that comes meanwhile waits for the answer of this one.
        """
        asked, answers = self.asked, self.service.once
        if asked.key is None:  # nothing is kept of it
            return self._told(Reply(await work(), asked.status, self.service.writer.head))
        async with self._turns.setdefault((asked.principal, asked.route, asked.key), asyncio.Lock()):
            known = await asyncio.wrap_future(self.service.writer.submit(answers.known(asked), urgent=True))
            if known.value is not None:
                return self._told(known.value)
            return await self.run(answers.keeping(asked, await work()))

    async def operate(
        self, what: str, doing: Awaitable[Answer], became: Callable[[Answer], str] = lambda _: ""
    ) -> Answer:
        """Do what operators do, and put on record who had it done and, where ``became`` tells it, what came of it."""
        answer = await doing
        _log.info("%s%s, by %s", what, became(answer), named(self.actor))
        return {**answer, "by": named(self.actor)}

    def _told(self, reply: Reply) -> Answer:
        self._response.status_code = reply.status
        return {**reply.body, "position": reply.position}

    async def of(
        self,
        relationship: UUID,
        make: Callable[[Transaction], Command],
        tell: Callable[[Decision], Answer] = lambda _: {},
    ) -> Answer:
        """Ask a relationship for a command."""
        return await self.run(self.service.commands.command(relationship, self.asked, make, tell))


async def asking(
    request: Request,
    response: Response,
    service: Serving,
    actor: Annotated[Actor, Depends(acting)],
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            description="names this request: sent again, it is answered as before and done only once",
        ),
    ] = None,
    traceparent: Annotated[
        str | None, Header(description="W3C trace context, carried into the events")
    ] = None,
) -> Asking:
    """What a route needs to carry out a command."""
    once(request, "Idempotency-Key", "key_malformed")
    trace = trace_context(traceparent)
    origin = Origin(
        correlation_id=trace.split("-")[1] if trace else service.new_id().hex,
        traceparent=trace,
    )
    body = canonical(await request.body())
    route = f"{request.method} {request.url.path}"
    if request.url.query:
        body += b"?" + request.url.query.encode()
    status = request.scope["route"].status_code or 200
    asked = Asked(actor=actor, route=route, body=body, key=key, origin=origin, status=status)
    return Asking(service, asked, response, request.app.state.turns)


By = Annotated[Asking, Depends(asking)]


def canonical(body: bytes) -> bytes:
    """The same bytes for the same JSON, so that a client may write its members in another order."""
    if not body.strip():
        return b""
    try:
        document: Any = json.loads(body)
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    except (ValueError, RecursionError) as error:
        raise Invalid("the body is not JSON", code="body_malformed") from error
