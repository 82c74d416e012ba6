"""A disk that is full under our own NATS server: it says so, and goes on by itself once there is room."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.ballast import fill
from tests.consumers.taking_in import running
from tests.consumers.world import ADA, BOB, World, body, reached, scheduled
from tests.patience import PATIENCE, until
from workflow.consumers.transport.broker import make_broker
from workflow.consumers.transport.publisher import Publisher
from workflow.consumers.transport.server import NatsServer
from workflow.errors import Unavailable


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 32 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_a_full_disk_is_told_and_got_over(world: World, small: Path) -> None:
    world.open(ADA, BOB)
    server = NatsServer(small / "nats", token="a-token-of-enough-letters", key=os.urandom(32))
    await server.start()
    token = "a-token-of-enough-letters"
    publisher = Publisher(make_broker(server.url, "publishing", token=token), within_seconds=0.5)
    await publisher.connect()
    number, stored = 0, set[int]()

    async def publish() -> int:
        nonlocal number
        number += 1
        sequence = await publisher.publish(
            "k", body(scheduled(f"m{number}", uid=f"u{number}", x="y" * 5000)), {}
        )
        assert sequence not in stored
        stored.add(sequence)
        return sequence

    async def stored_at_last() -> int:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await publish()
                except Unavailable:
                    await asyncio.sleep(0.05)

    async with running(world, server.url, token=token, stalled_after=0.5) as intake:
        await reached(intake, await stored_at_last())
        for _ in range(2):
            await asyncio.to_thread(fill, small / "ballast")
            async with asyncio.timeout(PATIENCE):
                while "make room" not in (server.trouble or ""):
                    with suppress(Unavailable):
                        await publish()
            with pytest.raises(Unavailable):
                await publish()
            await asyncio.to_thread((small / "ballast").unlink)
            await until(lambda: server.trouble is None)
            await reached(intake, await stored_at_last())
        assert stored <= set(world.dispositions(intake.status.upstream or ""))
    await publisher.close()
    await server.stop()
