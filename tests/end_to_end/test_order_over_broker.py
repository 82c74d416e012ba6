"""One set of messages over the real broker into the real service: in order, reversed, shuffled, doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tests.broker import connected
from tests.end_to_end.outcome import Outcome, outcome
from tests.end_to_end.places import Place
from tests.end_to_end.plan import Plan, make
from tests.end_to_end.service import PATIENCE, Up

SEED = 20260105


async def test_the_order_in_which_messages_come_does_not_matter(tmp_path: Path) -> None:
    plan = make(SEED, quiet=4, busy=10, messages=400, conflicts=False)
    shuffled = Random(SEED).sample(plan.messages, len(plan.messages))
    orders = {
        "in order": plan.messages,
        "reversed": plan.messages[::-1],
        "shuffled": shuffled,
        "doubled": [*shuffled, *plan.messages],
    }
    await asyncio.gather(*(_live(tmp_path / name, plan, messages) for name, messages in orders.items()))
    found = await asyncio.gather(*(asyncio.to_thread(outcome, Place(tmp_path / name)) for name in orders))
    outcomes = dict(zip(orders, found, strict=True))
    for name, messages in orders.items():
        outcomes[name].balanced(stored=plan.early + len(messages))
        outcomes[name].without_races(plan)
    first = outcomes["in order"]
    assert first.counts["waiting"] == 0  # the clock has gone on for longer than anything waits
    assert min(first.counts[kind] for kind in ("applied", "stale", "duplicate", "parked")) > 0
    for other in outcomes.values():
        assert other.documents == first.documents
        assert other.reminders == first.reminders
        assert _settled(other) == _settled(first)


def _settled(found: Outcome) -> int:
    """Messages that reached somebody and were not sent again."""
    return found.counts["applied"] + found.counts["stale"]


async def _live(data: Path, plan: Plan, messages: Sequence[bytes]) -> None:
    async with asyncio.timeout(PATIENCE), Up(data, "--nats-port", "0") as up:
        client = await connected(up.nats, token=up.nats_token)
        streams = client.jetstream()

        async def store(message: bytes) -> int:
            return (await streams.publish("mentoring.meetings.quiet", message)).seq

        await up.begin(plan.before, store)

        async def publish() -> None:
            for start in range(0, len(messages), 20):
                subject = "mentoring.meetings.busy"
                some = messages[start : start + 20]
                await asyncio.gather(*(streams.publish(subject, message) for message in some))

        publishing = asyncio.create_task(publish())
        for request in plan.steps:
            await up.ask(request)
        await publishing
        await up.taken_in(plan.early + len(messages))
        for request in plan.after:
            await up.ask(request)
        assert (await up.verify())["equal"]
        await client.close()
