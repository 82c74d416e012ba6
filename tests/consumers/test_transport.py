"""The server child and the pull: what they promise without looking at any message."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import nats
import pytest
from faststream.nats import NatsBroker
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from tests.broker import connected
from tests.patience import PATIENCE, until
from tests.ports import free
from workflow.consumers.meetings.subscriber import subscribe
from workflow.consumers.transport import examined
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.pull import Batch, Broken, Pull
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import STREAM, declare
from workflow.errors import Stopped, Unavailable

KEY = b"k" * 32


async def filled(client: Client, number: int) -> None:
    await declare(client.jetstream(), uuid4)
    for n in range(number):
        await client.jetstream().publish("mentoring.meetings.k", str(n).encode())


# --- the server ------------------------------------------------------------------------------------------


async def test_the_configuration_is_ours_alone_and_asks_for_the_token(tmp_path: Path) -> None:
    server = NatsServer(tmp_path, token="a secret of enough letters", key=KEY)
    await server.start()
    try:
        await until(lambda: (tmp_path / "server.log").exists())
        for name, mode in {
            ".": 0o700,
            "server.conf": 0o600,
            "server.log": 0o600,
            "key.sha256": 0o600,
        }.items():
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
        assert not [
            file for file in await _files(tmp_path) if b"a secret" in file or KEY.hex().encode() in file
        ]
        command = await asyncio.to_thread(Path(f"/proc/{server.pid}/cmdline").read_bytes)
        assert b"secret" not in command
        assert KEY.hex().encode() not in command
        assert "secret" not in server.url
        with pytest.raises(NatsError):
            await nats.connect(server.url, allow_reconnect=False, error_cb=_quiet)
        async with make_broker(server.url, token="a secret of enough letters") as broker:
            assert broker.connection.is_connected
    finally:
        await server.stop()
    assert server.pid is None


@pytest.mark.parametrize("shown", ["another secret, as long", None])
async def test_a_broker_that_refuses_the_token_is_told_as_such_and_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, shown: str | None
) -> None:
    server = NatsServer(tmp_path, token="a secret of enough letters")
    await server.start()
    try:
        broker = make_broker(server.url, "publishing", token=shown)
        with (
            patch.object(broker, "connect", wraps=broker.connect) as tried,
            patch("workflow.consumers.transport.publisher._TRIES_AFTER", 0.01),
        ):
            publisher = Publisher(broker)
            connecting = asyncio.create_task(publisher.connect())
            await until(lambda: tried.await_count > 2)
            assert "the broker refuses the token" in (publisher.trouble or "")
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        (finding,) = await examined.stream(server.url, shown, None)
    finally:
        await server.stop()
    (told,) = [record.getMessage() for record in caplog.records if record.name == "mentoring.broker"]
    assert "the broker refuses the token that it is shown, or asks for one" in told
    assert "it refuses at" in finding.said
    assert "MENTORING_NATS_TOKEN_FILE" in (finding.todo or "")


async def test_a_broker_that_is_not_there_is_told_of_until_it_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mentoring.broker")
    (port,) = free(1)
    server = NatsServer(tmp_path, port=port)
    publisher = Publisher(make_broker(f"nats://127.0.0.1:{port}", "publishing"))
    with patch("workflow.consumers.transport.publisher._SILENT_AFTER", 0.01):
        connecting = asyncio.create_task(publisher.connect())
        await until(lambda: "there is no answer yet from the broker" in caplog.text)
    await until(lambda: publisher.trouble == "there is no answer yet from the broker")
    await server.start()
    try:
        await connecting
        await until(lambda: publisher.trouble is None)
        await server.stop()
        await until(lambda: publisher.trouble == "the broker has gone away")
    finally:
        await publisher.close()
        await server.stop()
    said = [record.getMessage() for record in caplog.records if record.name == "mentoring.broker"]
    assert said[:2] == [
        "publishing cannot begin: there is no answer yet from the broker; trying again",
        "publishing begins",
    ]


async def test_a_port_in_use_is_told(server: NatsServer, tmp_path: Path) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(Unavailable) as told:
        await NatsServer(tmp_path / "other", port=port).start()
    assert told.value.code == "nats_server_failed"


async def test_what_is_under_way_is_encrypted(tmp_path: Path) -> None:
    """Also what was stored before there was a key."""
    identity, stored = b"email:ada@example.org", 0
    for key in (None, KEY, KEY):
        server = NatsServer(tmp_path / "nats", key=key)
        await server.start()
        client = await connected(server.url)
        await declare(client.jetstream(), uuid4)
        for _ in range(50):
            await client.jetstream().publish("mentoring.meetings.k", identity * 10)
        stored += 50
        assert (await client.jetstream().stream_info(STREAM)).state.messages == stored
        found = await client.jetstream().get_msg(STREAM, 1)
        assert found.data == identity * 10
        readable = [file for file in await _files(tmp_path / "nats") if identity in file]
        assert bool(readable) is (key is None)
        await client.close()
        await server.stop()


@pytest.mark.parametrize("other", [None, b"o" * 32])
async def test_files_of_another_key_are_left_alone(tmp_path: Path, other: bytes | None) -> None:
    server = NatsServer(tmp_path, port=free(1)[0], key=KEY)
    await server.start()
    client = await connected(server.url)
    await filled(client, 3)
    await client.close()
    await server.stop()
    with pytest.raises(Stopped) as stopped:
        await NatsServer(tmp_path, key=other).start()
    assert stopped.value.code == "nats_key_differs"
    await server.start()
    client = await connected(server.url)
    assert (await client.jetstream().stream_info(STREAM)).state.messages == 3
    await client.close()
    await server.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the system offers no such tie")
def test_the_server_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from workflow.consumers.transport.server import NatsServer\n"
        "async def main():\n"
        "    server = NatsServer(Path(sys.argv[1])); await server.start()\n"
        "    print(server.pid, flush=True); await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    descriptor = _open_process(child)
    if descriptor is not None:
        assert select.select([descriptor], [], [], PATIENCE)[0]
        os.close(descriptor)


# --- the pull --------------------------------------------------------------------------------------------


async def test_batches_follow_each_other(client: Client) -> None:
    await filled(client, 25)
    pull = Pull(client, most=10, ahead=20)
    await pull.open(5)
    taken: list[Batch] = []
    while not taken or taken[-1].last < 25:
        taken.append(await pull.take())
    assert taken[0].after == 5
    assert [batch.after for batch in taken[1:]] == [batch.last for batch in taken[:-1]]
    assert [int(message.data) for batch in taken for message in batch] == list(range(5, 25))
    await pull.unsubscribe()


async def test_a_message_sent_again_breaks_the_pull(client: Client) -> None:
    await filled(client, 3)
    pull = Pull(client)
    await pull.open(0)
    batch = await pull.take()
    while batch.last < 3:
        batch = await pull.take()
    await batch[-1].nak()
    with pytest.raises(Broken):
        await pull.take()
    await pull.open(3)
    await client.jetstream().publish("mentoring.meetings.k", b"3")
    assert [message.data for message in await pull.take()] == [b"3"]
    await pull.unsubscribe()


async def test_a_consumer_that_has_gone_breaks_the_pull(client: Client) -> None:
    await filled(client, 1)
    pull = Pull(client)
    await pull.open(0)
    await pull.take()
    await client.jetstream().delete_consumer(STREAM, pull.consumer)
    with pytest.raises(Broken):
        await pull.take()
    await pull.unsubscribe()


async def test_messages_by_the_plain_api(client: Client) -> None:
    await filled(client, 2)
    await client.jetstream().publish("mentoring.meetings.k", b"x", headers={"ce-id": "café"})
    pull = Pull(client)
    batch = await pull.fetched(1)
    assert batch is not None
    assert (batch[0].data, batch.after, batch.sequences) == (b"1", 1, [2, 3])
    assert batch[1].headers == {"ce-id": "café"}
    assert not batch.deafening
    assert await pull.fetched(3) is None


# --- what we rely on in FastStream -----------------------------------------------------------------------


async def test_faststream_leaves_a_subscription_in_place_alone(server: NatsServer, client: Client) -> None:
    """It makes no consumer of its own, hands a batch to the handler as it is, and ends what it was given."""
    await filled(client, 1)
    broker, ended, seen = make_broker(server.url), asyncio.Event(), []

    class Given:
        async def unsubscribe(self) -> None:
            ended.set()

    async def handle(batch: Any) -> None:
        seen.append(batch)

    subscriber = subscribe(broker, handle)
    subscriber.subscription = Given()
    await broker.start()
    batch = Batch(0, [Msg(client, "mentoring.meetings.k", "", b"\xff{")], [1])
    await subscriber.process_message(batch)
    assert seen == [batch]
    assert isinstance(seen[0], Batch)
    assert (await client.jetstream().stream_info(STREAM)).state.consumer_count == 0
    await broker.stop()
    assert ended.is_set()


async def test_a_handler_that_raises_is_told_to_whoever_hands_over(
    server: NatsServer, client: Client
) -> None:
    await filled(client, 1)
    broker: NatsBroker = make_broker(server.url)

    async def handle(batch: Any) -> None:
        raise Broken("on purpose")

    subscriber = subscribe(broker, handle)
    pull = Pull(client)
    subscriber.subscription = pull
    await broker.start()
    await pull.open(0)
    batch = await pull.take()
    with patch.object(Msg, "term") as terminated, pytest.raises(Broken):
        await subscriber.process_message(batch)
    assert not terminated.called
    assert not batch[0].is_acked
    await broker.stop()


async def _files(folder: Path) -> list[bytes]:
    """What lies in a folder and below, as it stands on the disk."""

    def read() -> list[bytes]:
        return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]

    return await asyncio.to_thread(read)


async def _quiet(error: Exception) -> None:
    """Not a word of errors that are meant."""


def _open_process(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None
