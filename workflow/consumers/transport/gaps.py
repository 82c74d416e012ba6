"""Messages that the stream lacks although they were never taken in: deleted or purged by somebody else.

Our own purge only removes what lies below the recorded position. What is missing right above it is gone, and
going on would pass over it in silence.
"""

from __future__ import annotations

from dataclasses import dataclass

from nats.aio.client import Client

from workflow.consumers.transport.fetch import fetch
from workflow.consumers.transport.streams import STREAM, Upstream, look
from workflow.errors import Stopped

ACCEPT = "MENTORING_ACCEPT_GAP"


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


async def find_gap(connection: Client, upstream: Upstream, position: int) -> Gap | None:
    """What is missing of ``upstream`` right above ``position``, which was looked up after ``upstream``.

    Only the stream itself is asked: a message that a consumer has passed over can still be fetched.
    """
    if upstream.last <= position:
        return None
    following = await fetch(connection, position + 1, or_later=True)
    if following is not None and following.sequence == position + 1:
        return None
    if (await look(connection.jetstream())).name != upstream.name:
        return None  # it was made anew meanwhile, and has another name to be read under
    last = upstream.last if following is None else following.sequence - 1
    return Gap(upstream.name, position + 1, last)
