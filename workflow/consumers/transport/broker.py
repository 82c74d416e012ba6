"""A connection to the broker, as all that comes in and goes out has one of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from faststream import AckPolicy
from faststream.nats import NatsBroker
from faststream.nats.security import NatsToken

from workflow.logs import BROKER

ELSEWHERE_AFTER = 10.0
"""Seconds for which a server may be of no use: as long as a cluster may take to elect a leader."""

Connections = Callable[[str], NatsBroker]
"""Makes a connection for a purpose, wherever the broker is."""

log = logging.getLogger(BROKER)


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


class Elsewhere:
    """Leaves a server of a cluster that answers and is of no use: it may be cut off from the others.

    Nobody else tells: the connection to it is well.
    """

    def __init__(self, broker: NatsBroker, after: float = ELSEWHERE_AFTER) -> None:
        self._broker = broker
        self._after = after
        self._since: float | None = None

    def well(self) -> None:
        """The server did what it was asked."""
        self._since = None

    async def unwell(self) -> None:
        """It did not. Where it has not for long, and there are others, go to any of them."""
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = now
        elif now - self._since >= self._after and len(self._broker.connection.servers) > 1:
            self._since = None
            await self._broker.connection.force_reconnect()
