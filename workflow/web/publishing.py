"""``POST /v1/events``: CloudEvents over HTTP, handed to the broker as they came.

Only what keeps an event from being stored at all is refused here. Whether it makes sense is decided by
intake, as for events that come by the broker, and what it cannot use is parked there with its reason.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from fastapi import APIRouter, Request

from workflow.consumers.meetings.contract import LARGEST_BODY
from workflow.consumers.transport.outgoing import STRUCTURED, Outgoing
from workflow.consumers.transport.publisher import hand_over
from workflow.errors import Invalid
from workflow.web import forms
from workflow.web.actor import once
from workflow.web.asking import Serving
from workflow.web.batches import elements
from workflow.web.bodies import Published
from workflow.web.forms import BATCHED

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")

router = APIRouter(prefix="/v1", tags=["events"])


@router.post("/events", status_code=202, summary="Publish events", openapi_extra=forms.OPENAPI)
async def publish(request: Request, service: Serving) -> Published:
    """CloudEvents 1.0: structured, batched, or binary (attributes in `ce-` headers).

    Answered once the broker has stored them all. After a 503 send them again: what was stored already is
    known as a duplicate. What fits no meeting is stored too, and parked with its reason when it is taken in.
    """
    once(request, "content-type", "body_malformed")
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if media == BATCHED:
        # It can be megabytes: read in a thread, one batch after another, so that nobody else waits for it.
        async with request.app.state.batches:
            events = await asyncio.to_thread(_batch, body)
    elif media == STRUCTURED:
        _within(body)
        event = _json(body)
        if isinstance(event, list):
            raise Invalid(f"a batch of events comes as {BATCHED}, and says so", code="body_malformed")
        events = [Outgoing(_token(_key(event)), body)]
    elif "ce-specversion" in request.headers:
        _within(body)
        attributes = [(name, value) for name, value in request.headers.items() if name.startswith("ce-")]
        headers = dict(attributes)
        if len(headers) < len(attributes):
            raise Invalid("an attribute comes once in the headers", code="body_malformed")
        if any(not value.isascii() for value in headers.values()):
            raise Invalid("attributes beyond ASCII are percent-encoded in headers", code="body_malformed")
        events = [
            Outgoing(_token(headers.get("ce-partitionkey", "")), body, headers | {"content-type": media})
        ]
    else:
        raise Invalid(
            f"events come as {STRUCTURED}, as {BATCHED}, or with their attributes in ce- headers",
            code="media_type_unknown",
        )
    sequences = await hand_over(service.publisher, events)
    return Published(stored=len(sequences), sequences=sequences)


def _batch(body: bytes) -> list[Outgoing]:
    batch = []
    for event, single in elements(body):
        _within(single)
        batch.append(Outgoing(_token(_key(event)), single))
    return batch


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid("the body is not JSON", code="body_malformed") from error


def _within(body: bytes) -> None:
    if len(body) > LARGEST_BODY:
        raise Invalid(f"an event is at most {LARGEST_BODY} bytes", code="body_too_large")


def _key(event: object) -> str:
    """What spreads the work: the publisher's own ``partitionkey``, else the relationship's id."""
    if not isinstance(event, dict):
        return ""
    key = event.get("partitionkey")
    if not isinstance(key, str):
        data = event.get("data")
        key = data.get("relationship_id") if isinstance(data, dict) else None
    return key if isinstance(key, str) else ""


def _token(key: str) -> str:
    return key if _TOKEN.fullmatch(key) else "http"
