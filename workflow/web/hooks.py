"""``POST /v1/hooks/{provider}``: what calendars and booking services send, as they send it.

They cannot bring our token, and sign instead. What is translated goes to the broker like any published event; what
cannot be goes there as it came, and is parked: a provider that was told no would never send it again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field

from workflow.clocks import RealClock
from workflow.consumers.hooks.hook import Nothing, Sent
from workflow.consumers.hooks.stored import packed
from workflow.consumers.hooks.taking import Untranslated
from workflow.consumers.meetings.reasons import UNTRANSLATED, explain
from workflow.consumers.transport.outgoing import Outgoing
from workflow.consumers.transport.publisher import hand_over
from workflow.errors import Unavailable
from workflow.web.asking import Serving
from workflow.web.bodies import Published, example
from workflow.web.limits import ADMIT

router = APIRouter(prefix="/v1/hooks", tags=["events"])

MOST_OF_ONE = 16
"""Hooks of one provider that are under way. One whose bodies have no end takes no place from another."""

_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "what the provider sends, of its own media type, with its signature in its own header",
        "content": {
            "*/*": {"schema": {"type": "string", "format": "binary"}, "example": "BEGIN:VCALENDAR\r\n…"}
        },
    }
}


def places() -> defaultdict[str, asyncio.Semaphore]:
    """By provider, those for what it sends; they are taken once it is known that the provider did."""
    return defaultdict(lambda: asyncio.Semaphore(MOST_OF_ONE))


class HookTaken(Published):
    """What a provider sent was taken."""

    model_config = example(stored=1, sequences=[43], nothing=None, untranslated=None)

    nothing: str | None = Field(None, description="why it tells nothing of a meeting; null where it does")
    untranslated: str | None = Field(
        None, description="why it could not be translated, and is parked as it came; null where it could"
    )


@router.post("/{provider}", status_code=202, summary="Take a hook in", openapi_extra=_OPENAPI)
async def take(
    provider: Annotated[
        str,
        Path(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="such as `icalendar`, `calcom`, `calendly`"),
    ],
    request: Request,
    service: Serving,
) -> HookTaken:
    """What a calendar or booking service sends, as it sends it and signed by it; no token is needed.

    Answered once the broker has stored what it tells. What cannot be translated is stored as it came, and parked.
    """
    hooks = service.hooks
    hooks.admit(provider)
    body = await request.body()
    # By the machine's time, also where the service's own is simulated: a signature is about the way here.
    hooks.check(provider, dict(request.headers), body, RealClock().now())
    request.scope[ADMIT]()
    place: asyncio.Semaphore = request.app.state.hooks[provider]
    if place.locked():
        raise Unavailable("too many hooks of this provider are under way; try again", code="busy")
    async with place:
        sent = Sent(request.headers.get("content-type", ""), body)
        found = await hooks.translate(provider, sent)
        if isinstance(found, Nothing):
            return HookTaken(stored=0, sequences=[], nothing=found.why)
        untranslated = None
        if isinstance(found, Untranslated):
            untranslated = explain(f"{UNTRANSLATED}:{found.reason}")
            raw = packed(provider, sent, found.reason, service.clock.now())
            found = (Outgoing("hooks", raw.body, raw.headers),)
        sequences = await hand_over(service.publisher, found)
        return HookTaken(stored=len(sequences), sequences=sequences, untranslated=untranslated)
