"""Messages that make a client deaf: the client library cannot decode a subject, or a status, that is no UTF-8."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from nats.aio.client import Client

from tests.consumers.taking_in import publish, running
from tests.consumers.world import ADA, BOB, World, body, held, reached, scheduled
from tests.patience import until
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import declare


async def send_deafening(server: NatsServer, *numbers: int) -> None:
    """Good messages under subjects that are no UTF-8; for each, one more with a status that is none."""
    host, _, port = server.url.removeprefix("nats://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b'CONNECT {"verbose":false,"headers":true}\r\n')
    for number in numbers:
        text = body(scheduled(f"deaf{number}", uid=f"deaf{number}"))
        head = b"NATS/1.0 \xff\xff\xff\r\nce-id: x\r\n\r\n"
        writer.write(b"PUB mentoring.meetings.\xff\xfe %d\r\n%b\r\n" % (len(text), text))
        writer.write(b"HPUB mentoring.meetings.k %d %d\r\n%b%b\r\n" % (len(head), len(head) + 2, head, b"{}"))
    writer.write(b"PING\r\n")
    await writer.drain()
    while b"PONG" not in await reader.readline():
        pass
    writer.close()


def stalls(caplog: pytest.LogCaptureFixture) -> list[str]:
    """How often intake said that nothing arrives."""
    return [said for said in caplog.messages if said.startswith("nothing arrives from the broker")]


async def test_a_message_that_makes_the_client_deaf_is_parked(
    world: World, server: NatsServer, client: Client
) -> None:
    world.open(ADA, BOB)
    await declare(client.jetstream(), uuid4)
    await publish(client, scheduled("a"))
    await send_deafening(server, 1)
    last = await publish(client, held("c"))
    assert last == 4
    async with running(world, server.url, stalled_after=0.5) as intake:
        await reached(intake, last)
    assert world.counts() == {"applied": 3, "parked": 1}


async def test_several_of_them_are_fetched_with_one_stall(
    world: World, server: NatsServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    world.open(ADA, BOB)
    await declare(client.jetstream(), uuid4)
    for number in range(20):
        await publish(client, scheduled(f"a{number}", uid=f"u{number}"))
        await send_deafening(server, number)
    last = await publish(client, held("c"))
    async with running(world, server.url, most=4, stalled_after=2.0) as intake:
        await reached(intake, last)
    assert len(stalls(caplog)) == 1
    assert world.counts() == {"applied": 41, "parked": 20}


async def test_who_publishes_does_not_wait_for_what_makes_intake_deaf(
    world: World, server: NatsServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    world.open(ADA, BOB)
    publisher = Publisher(make_broker(server.url, "publishing"))
    await publisher.connect()
    async with running(world, server.url, stalled_after=0.5) as intake:
        await reached(intake, await publish(client, scheduled("a")))
        await send_deafening(server, 1, 2)
        await until(lambda: stalls(caplog))
        last = await publisher.publish("k", body(held("b")), {})
        await send_deafening(server, 3)
        await reached(intake, last)
        await reached(intake, await publisher.publish("k", body(held("c", uid="m2")), {}))
    await publisher.close()
    assert world.counts() == {"applied": 6, "parked": 3}
