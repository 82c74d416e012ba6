"""The whole service on a cluster: what it answers, and what it says of itself, while most servers are away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

from nats.aio.client import Client

from tests.cluster.cluster import Cluster
from tests.consumers.world import body, scheduled
from tests.end_to_end.service import Up
from tests.patience import PATIENCE, until
from workflow.consumers.transport.streams import STREAM

STRUCTURED = {"content-type": "application/cloudevents+json"}


async def test_without_a_majority_health_says_so_and_what_was_answered_202_is_taken_in(
    tmp_path: Path, whole: Cluster, client: Client
) -> None:
    more = {"MENTORING_NATS_REPLICAS": "3"}
    answers: dict[int, int] = {}
    refused: list[str] = []
    stopping = asyncio.Event()

    async def send(sender: int) -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            message = body(scheduled(f"{sender}-{number}", relationship_id=str(UUID(int=sender))))
            while True:
                answer = await up.http.post("/v1/events", content=message, headers=STRUCTURED)
                if answer.status_code == 202:
                    break
                assert answer.status_code == 503, answer.text
                refused.append(answer.headers["retry-after"])
                await asyncio.sleep(0.2)
            (sequence,) = answer.json()["sequences"]
            answers[sequence] = sender

    async def reached(number: int) -> None:
        await until(lambda: len(answers) >= number)

    async with Up(tmp_path / "data", "--nats", whole.urls, more=more) as up:
        senders = [asyncio.create_task(send(number)) for number in range(1, 9)]
        await reached(200)
        whole.leader(STREAM).kill()
        whole.running[0].kill()
        told = await troubles(up)
        assert refused
        assert any("intake is in trouble and tries again" in one for one in told), told
        await asyncio.to_thread(whole.start)
        await reached(len(answers) + 50)
        stopping.set()
        await asyncio.gather(*senders)
        stored = (await client.jetstream(timeout=20).stream_info(STREAM)).state.last_seq
        counts = await up.taken_in(stored)
        assert counts["received"] == stored
        assert counts["waiting"] == sum(1 for _ in answers)
        assert counts["waiting"] + counts["duplicate"] == stored
        assert set(answers) <= set(range(1, stored + 1))

        async def well() -> bool:
            return (await up.http.get("/v1/health")).status_code == 200

        await until(well)


async def troubles(up: Up) -> list[str]:
    """What health says once it is not well."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await up.http.get("/v1/health")
            if answer.status_code == 503:
                found: list[str] = answer.json()["troubles"]
                if any("intake" in one for one in found):
                    return found
            await asyncio.sleep(0.1)
