"""A connection to the broker, as all that comes in and goes out has one of its own."""

from __future__ import annotations

import logging
from typing import Any

from faststream import AckPolicy
from faststream.nats import NatsBroker
from faststream.nats.security import NatsToken

log = logging.getLogger("mentoring.broker")


def addresses(url: str) -> list[str]:
    """Each of the addresses that ``url`` has, with commas between them."""
    return url.split(",")


def make_broker(
    url: str, purpose: str = "intake", *, token: str | None = None, logger: Any = None
) -> NatsBroker:
    """A broker that keeps on reconnecting, and notices within seconds that a connection is deaf.

    Where ``url`` has several addresses, it connects to any of them, and to another where that one goes away.
    ``purpose`` names the connection where its coming and going is logged, and to the broker.
    """

    async def lost() -> None:
        if not broker.connection.is_closed:  # else it was us who left
            log.warning("the broker has gone away (%s); connecting again", purpose)

    async def back() -> None:
        log.info("the broker is back (%s)", purpose)

    broker = NatsBroker(
        addresses(url),
        security=NatsToken(token) if token else None,
        name=f"mentoring {purpose}",
        disconnected_cb=lost,
        reconnected_cb=back,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        ping_interval=5,
        max_outstanding_pings=2,
        ack_policy=AckPolicy.MANUAL,
        logger=logger,
        description="Meetings as other services know them",
    )
    return broker
