"""A client of a broker that waits for an answer as long as a busy machine takes: the library waits for 5 s at most."""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

_PATIENCE = 60


class Patient(Client):
    """Whoever asks a server that may go away gives a shorter ``timeout``, and asks again: it may have heard nothing."""

    def jetstream(self, **options: Any) -> JetStreamContext:
        return super().jetstream(**{"timeout": _PATIENCE, **options})

    async def request(self, *asked: Any, **options: Any) -> Msg:
        return await super().request(*asked, **{"timeout": _PATIENCE, **options})

    async def flush(self, *within: int) -> None:
        await super().flush(*within or (_PATIENCE,))


async def connected(url: str | list[str], **options: Any) -> Client:
    client = Patient()
    await client.connect(url, **{"connect_timeout": _PATIENCE, **options})
    return client
