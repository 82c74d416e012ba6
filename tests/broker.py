"""A client of a broker that waits for an answer as long as a busy machine takes: the library waits for 5 s."""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client
from nats.js import JetStreamContext


class Patient(Client):
    """Whoever asks a server that may go away gives a shorter ``timeout``, and asks again: it may have heard nothing."""

    def jetstream(self, **options: Any) -> JetStreamContext:
        return super().jetstream(**{"timeout": 60, **options})


async def connected(url: str, **options: Any) -> Client:
    client = Patient()
    await client.connect(url, **{"connect_timeout": 60, **options})
    return client
