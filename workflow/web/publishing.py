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
from workflow.errors import Invalid, Unavailable
from workflow.web import forms
from workflow.web.actor import once
from workflow.web.asking import Serving
from workflow.web.batches import elements
from workflow.web.bodies import Published
from workflow.web.forms import BATCHED, STRUCTURED

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")

router = APIRouter(prefix="/v1", tags=["events"])


class Outgoing:
    """One event on its way to the broker: the body and headers that it will have there, and its key."""

    __slots__ = ("body", "headers", "key")

    def __init__(self, body: bytes, headers: dict[str, str], key: str) -> None:
        self.body = body
        self.headers = headers
        self.key = key


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
        events = [Outgoing(body, {"content-type": STRUCTURED}, _key(event))]
    elif "ce-specversion" in request.headers:
        _within(body)
        attributes = [(name, value) for name, value in request.headers.items() if name.startswith("ce-")]
        headers = dict(attributes)
        if len(headers) < len(attributes):
            raise Invalid("an attribute comes once in the headers", code="body_malformed")
        if any(not value.isascii() for value in headers.values()):
            raise Invalid("attributes beyond ASCII are percent-encoded in headers", code="body_malformed")
        events = [Outgoing(body, headers | {"content-type": media}, headers.get("ce-partitionkey", ""))]
    else:
        raise Invalid(
            f"events come as {STRUCTURED}, as {BATCHED}, or with their attributes in ce- headers",
            code="media_type_unknown",
        )
    if service.publisher is None:
        raise Unavailable("there is no broker while the folder is worked on offline", code="no_broker")
    publish_one = service.publisher.publish
    sequences = await asyncio.gather(
        *(publish_one(_token(event.key), event.body, event.headers) for event in events)
    )
    return Published(stored=len(sequences), sequences=list(sequences))


def _batch(body: bytes) -> list[Outgoing]:
    batch = []
    for event, single in elements(body):
        _within(single)
        batch.append(Outgoing(single, {"content-type": STRUCTURED}, _key(event)))
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
