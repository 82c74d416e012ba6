"""From a request to the writer and back, without ever holding up the event loop."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request

from workflow.aggregates.commands import Actor, Command
from workflow.aggregates.decide import Decision
from workflow.app import Service
from workflow.consumers.commands import Answer, Asked, Unit
from workflow.errors import Invalid
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.web.actor import acting

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def service_of(request: Request) -> Service:
    """The service that this app is a door of."""
    service: Service = request.app.state.service
    return service


Serving = Annotated[Service, Depends(service_of)]

After = Annotated[
    int | None,
    Query(ge=0, description="wait, at most 5 s, until what this route reads has folded this position"),
]


class Asking:
    """One write, on its way to the writer."""

    def __init__(self, service: Service, asked: Asked) -> None:
        self.service = service
        self.asked = asked
        self.actor = asked.actor

    async def run(self, unit: Unit) -> Answer:
        """Have the writer carry the unit out; the answer names the position."""
        written = await asyncio.wrap_future(self.service.writer.submit(unit, urgent=True))
        return {**written.value, "position": written.position}

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
    trace = traceparent if traceparent is not None and _TRACEPARENT.fullmatch(traceparent) else None
    origin = Origin(
        correlation_id=trace.split("-")[1] if trace else service.new_id().hex,
        traceparent=trace,
    )
    body = canonical(await request.body())
    route = f"{request.method} {request.url.path}"
    return Asking(service, Asked(actor=actor, route=route, body=body, key=key, origin=origin))


def canonical(body: bytes) -> bytes:
    """The same bytes for the same JSON, so that a client may write its members in another order."""
    if not body.strip():
        return b""
    try:
        document: Any = json.loads(body)
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    except (ValueError, RecursionError) as error:
        raise Invalid("the body is not JSON", code="body_malformed") from error
