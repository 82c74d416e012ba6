"""Messages that the stream lacks although they were never taken in: deleted or purged by somebody else.

Our own purge only removes what lies below the recorded position. What is missing right above it is gone, and
going on would pass over it in silence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from nats.aio.client import Client

from workflow.consumers.transport.fetch import fetch
from workflow.consumers.transport.streams import STREAM, Upstream, look
from workflow.errors import Stopped

ACCEPT = "MENTORING_ACCEPT_GAP"
_WITHIN_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """The sequences ``first`` to ``last`` of an upstream, none of which can be had any more."""

    upstream: str
    first: int
    last: int

    def __str__(self) -> str:
        """How an operator names it to have it passed over. No other gap ever has this name."""
        return f"{self.upstream}:{self.first}-{self.last}"

    def stopped(self) -> Stopped:
        """Why intake does not go on, and what to do."""
        many = self.last > self.first
        messages = f"messages {self.first} to {self.last}" if many else f"message {self.first}"
        return Stopped(
            f"{messages} of the stream {STREAM} {'were' if many else 'was'} removed before being taken in. "
            "Restore the stream; or have the publishers send again what they sent then, and start the "
            f"service once with {ACCEPT}={self}",
            code="stream_gap",
        )


async def find_gap(
    connection: Client, upstream: Upstream, position: int, passing: str | None = None
) -> Gap | None:
    """What is missing of ``upstream`` right above ``position``, which was looked up after ``upstream``.

    Only the stream itself is asked: a message that a consumer has passed over can still be fetched. Of a partition
    nobody knows which of the missing messages were its own: all that are missing above the position are, but those that
    are to be passed over as ``passing`` names them.
    """
    if upstream.last <= position:
        return None
    if upstream.partition.of > 1:
        return await _hole(connection, upstream, position, passing)
    following = await fetch(connection, position + 1, or_later=True)
    if following is not None and following.sequence == position + 1:
        return None
    if (await look(connection.jetstream())).name != upstream.name:
        return None  # it was made anew meanwhile, and has another name to be read under
    last = upstream.last if following is None else following.sequence - 1
    return Gap(upstream.name, position + 1, last)


async def _hole(connection: Client, upstream: Upstream, position: int, passing: str | None) -> Gap | None:
    """The first messages that the stream lacks above ``position``, whosever they were."""
    missing = [] if upstream.first <= position + 1 else [(position + 1, upstream.first - 1)]
    told = await connection.request(
        f"$JS.API.STREAM.INFO.{STREAM}",
        json.dumps({"deleted_details": True}).encode(),
        timeout=_WITHIN_SECONDS,
    )
    deleted = sorted(one for one in json.loads(told.data)["state"].get("deleted") or () if one > position)
    for one in deleted:
        if missing and missing[-1][1] == one - 1:
            missing[-1] = (missing[-1][0], one)
        else:
            missing.append((one, one))
    gaps = (Gap(upstream.name, first, last) for first, last in missing)
    return next((gap for gap in gaps if str(gap) != passing), None)
