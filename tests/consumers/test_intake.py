"""Intake from a real JetStream server, and what may go wrong between it and us."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from nats.aio.client import Client

from tests.consumers.taking_in import publish, running
from tests.consumers.world import ADA, BOB, World, body, event, held, reached, scheduled
from tests.patience import until
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import declare
from workflow.store.transaction import Transaction


async def test_structured_and_binary(world: World, server: NatsServer, client: Client) -> None:
    pair = world.open(ADA, BOB)
    async with running(world, server.url) as intake:
        first, second = scheduled("a"), held("b", uid="café")
        await publish(client, first)
        headers = {f"ce-{name}": str(value) for name, value in second.items() if name != "data"}
        headers |= {"content-type": "application/json", "ce-source": "%2Fcalendar"}
        async with make_broker(server.url) as broker:
            last = await Publisher(broker).publish("k2", body(second["data"]), headers)
        await reached(intake, last)
        assert intake.status.state == "running"
    assert world.names(pair) == ["meeting_scheduled", "meeting_held"]
    assert world.counts() == {"applied": 2}


async def test_goes_on_where_it_stopped(world: World, server: NatsServer, client: Client) -> None:
    world.open(ADA, BOB)
    for number in range(3):
        async with running(world, server.url) as intake:
            last = await publish(
                client, *(scheduled(f"{number}-{n}", uid=f"u{number}-{n}") for n in range(5))
            )
            await reached(intake, last)
    assert world.counts() == {"applied": 15}


async def test_many_batches_under_way(world: World, server: NatsServer, client: Client) -> None:
    world.open(ADA, BOB)
    await declare(client.jetstream(), uuid4)
    for number in range(400):
        await client.publish("mentoring.meetings.k1", body(scheduled(f"{number}", uid=f"u{number % 40}")))
    await client.flush()
    async with running(world, server.url, most=7, ahead=40) as intake:
        await reached(intake, 400)
    assert sum(world.counts().values()) == 400
    assert len(world.dispositions(intake.status.upstream or "")) == 400


async def test_the_server_is_killed(world: World, server: NatsServer, client: Client) -> None:
    world.open(ADA, BOB)
    async with running(world, server.url, stalled_after=0.5) as intake:
        await reached(intake, await publish(client, scheduled("a")))
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        await until(lambda: server.starts >= 2)
        last = await publish(client, held("b"))
        await reached(intake, last)
    assert world.counts()["applied"] == 2


async def test_one_message_that_fails_is_parked_alone(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    decide = Transaction.decide

    def failing(self: Transaction, id: Any, command: Any, *rest: Any, **named: Any) -> Any:
        if getattr(command, "message", "") == "m13":
            raise RuntimeError("a mistake")
        return decide(self, id, command, *rest, **named)

    await declare(client.jetstream(), uuid4)
    last = await publish(client, *(scheduled(f"m{n}", uid=f"u{n}") for n in range(20)))
    with patch.object(Transaction, "decide", failing):
        async with running(world, server.url) as intake:
            await reached(intake, last)
    assert world.counts() == {"applied": 19, "parked": 1}
    assert world.reasons_by_sequence() == {14: "failed"}


async def test_an_end_while_messages_come_loses_none(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    await declare(client.jetstream(), uuid4)
    for number in range(300):
        await client.publish(
            "mentoring.meetings.k1", body(event("held", f"{number}", uid=f"u{number}", **_span()))
        )
    await client.flush()
    for _ in range(4):
        async with running(world, server.url, most=20, ahead=60) as intake:
            await asyncio.sleep(0.05)
    async with running(world, server.url) as intake:
        await reached(intake, 300)
    assert world.counts() == {"applied": 300}


def _span() -> dict[str, Any]:
    said = held("x")["data"]
    return {"starts_at": said["starts_at"], "ends_at": said["ends_at"]}
