"""The corpus of bad inputs against the whole service: the rows stay as they are, and each is accounted for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.broker import connected
from tests.corpus.words import PAIR
from tests.corpus.written import WRITTEN, bytes_of
from tests.end_to_end.plan import COORDINATOR, make
from tests.end_to_end.service import PATIENCE, Request, Up


async def test_bad_inputs_leave_the_rows_as_they_are(tmp_path: Path) -> None:
    plan = make(1, quiet=3, busy=4, messages=100, conflicts=False)
    parties = [
        {"role": role, "identities": [identity]}
        for role, identity in (("mentor", "email:ada@example.org"), ("mentee", "ext:portal:4711"))
    ]
    opening = Request("POST", "/v1/relationships", COORDINATOR, {"relationship_id": PAIR, "parties": parties})
    async with asyncio.timeout(PATIENCE), Up(tmp_path / "data", "--nats-port", "0") as up:
        client = await connected(up.nats, token=up.nats_token)
        streams = client.jetstream()

        async def store(message: bytes) -> int:
            return (await streams.publish("mentoring.meetings.good", message)).seq

        await up.begin([opening, *plan.before], store)
        for message in plan.messages:
            good = await store(message)
        counts = await up.taken_in(good)
        before = await up.verify()
        expected = {}
        for bad in WRITTEN:
            stored = await streams.publish(
                "mentoring.meetings.bad", bytes_of(bad), headers=bad.get("headers")
            )
            expected[stored.seq] = bad["reason"]
        after = await up.taken_in(stored.seq)
        assert await up.verify() == before
        assert {
            one["sequence"]: one["reason"] for one in await _parked(up) if one["sequence"] > good
        } == expected
        assert after["received"] == stored.seq == good + len(WRITTEN)
        assert after["parked"] == counts["parked"] + len(WRITTEN)
        for name in ("applied", "duplicate", "stale", "waiting", "dropped"):
            assert after[name] == counts[name]
        await client.close()


async def _parked(up: Up) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    beyond: int | None = 0
    while beyond is not None:
        page = await up.read("/v1/parked", beyond=beyond, limit=1000)
        found += page["parked"]
        beyond = page["next"]
    return found
