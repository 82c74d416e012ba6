"""Commands by HTTP while the service works off a full backlog, its own broker being killed meanwhile.

One spike of this service once hung just here. Every wait has an end, and a hang fails the test.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid4

from tests.broker import connected
from tests.end_to_end.outcome import outcome
from tests.end_to_end.places import Place
from tests.end_to_end.plan import COORDINATOR, Plan, make
from tests.end_to_end.service import PATIENCE, Request, Up
from workflow.app import broker_key
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import declare
from workflow.folder import Folder
from workflow.store.master import load_master_key

SEED = 4
BACKLOG = 12_000
AT_ONCE = 30


async def test_every_command_is_answered_while_a_backlog_is_taken_in(tmp_path: Path) -> None:
    data = tmp_path / "data"
    plan = make(SEED, quiet=6, busy=20, messages=BACKLOG)
    await _begun(data, plan)
    await _fill(data, plan.messages)
    async with asyncio.timeout(PATIENCE), Up(data, "--nats-port", "0") as up:
        asked = [Request("POST", "/v1/relationships", COORDINATOR, _two(number)) for number in range(AT_ONCE)]
        await asyncio.gather(*(up.ask(request) for request in asked))
        meanwhile = (await up.read("/v1/intake"))["received"]
        os.kill(_broker(data), signal.SIGKILL)
        for request in plan.steps:
            await up.ask(request)
        await up.taken_in(plan.early + BACKLOG)
        for request in plan.after:
            await up.ask(request)
        assert (await up.verify())["equal"]
    assert meanwhile < plan.early + BACKLOG
    outcome(Place(data)).balanced(stored=plan.early + BACKLOG)


async def _begun(data: Path, plan: Plan) -> None:
    """A folder with people in it."""
    async with asyncio.timeout(PATIENCE), Up(data, "--nats-port", "0") as up:
        client = await connected(up.nats, token=up.nats_token)

        async def store(message: bytes) -> int:
            return (await client.jetstream().publish("mentoring.meetings.quiet", message)).seq

        await up.begin(plan.before, store)
        await client.close()


async def _fill(data: Path, messages: Sequence[bytes]) -> None:
    """Publish to a service's broker while there is no service, without syncing each message to disk."""
    folder = Folder(data)
    key = broker_key(load_master_key(folder.master_key))
    server = NatsServer(folder.broker, key=key, sync="1m")
    await server.start()
    client = await connected(server.url)
    streams = client.jetstream()
    await declare(streams, uuid4)
    for start in range(0, len(messages), 500):
        some = messages[start : start + 500]
        await asyncio.gather(*(streams.publish("mentoring.meetings.busy", message) for message in some))
    await client.close()
    await server.stop()


def _two(number: int) -> dict[str, object]:
    return {
        "relationship_id": str(UUID(int=number + 1)),
        "parties": [
            {"role": role, "identities": [f"email:{role}{number}@example.net"]}
            for role in ("mentor", "mentee")
        ],
    }


def _broker(data: Path) -> int:
    """The process of the service's own NATS server."""
    (file,) = (data / "nats" / "ports").glob("nats-server_*.ports")
    return int(file.stem.partition("_")[2])
