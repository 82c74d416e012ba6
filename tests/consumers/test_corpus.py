"""Two hundred bad inputs, among good ones, over the real broker: nothing changes but the accounts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from nats.aio.client import Client

from tests.consumers.taking_in import running
from tests.consumers.world import ADA, BOB, START, World, body, held, reached, scheduled
from tests.corpus.words import PAIR
from tests.corpus.write import NUMBER, corpus
from tests.corpus.written import WRITTEN, bytes_of
from workflow.consumers.meetings.reasons import REASONS, WAITING, explain
from workflow.consumers.transport.server import NatsServer
from workflow.consumers.transport.streams import declare
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.running.runner import Runner
from workflow.projections.running.verify import verify
from workflow.projections.running.views import Views
from workflow.store.receipts import Disposition

STRANGERS = 2
"""Inputs that fit the contract, and name somebody who is no party."""


def canonical_hash(world: World, path: Path) -> str:
    views = Views(path, PROJECTIONS, durable=False)
    Runner(views, world.store.read, world.store.head).catch_up()
    views.close()
    verified = verify(path, PROJECTIONS, world.store)
    assert verified.equal
    return verified.hash


def test_the_file_is_what_was_written() -> None:
    assert corpus() == WRITTEN
    assert len(WRITTEN) == len({bad["name"] for bad in WRITTEN}) == NUMBER


def test_every_reason_is_known() -> None:
    assert {bad["reason"].partition(":")[0] for bad in WRITTEN} <= REASONS.keys()
    assert explain("member_missing:data.uid") == "a member that is needed is missing (data.uid)"
    assert explain("not_opened") == WAITING["not_opened"]
    assert explain("ambiguous") == REASONS["ambiguous"]


async def test_bad_inputs_change_nothing(
    world: World, server: NatsServer, client: Client, tmp_path: Path
) -> None:
    world.open(ADA, BOB, id=UUID(PAIR))
    world.clock.advance(START + timedelta(days=60))  # the inputs tell of things past
    streams = client.jetstream()
    await declare(streams, uuid4)
    expected: dict[int, str] = {}
    async with running(world, server.url) as intake:
        before = (await streams.publish("mentoring.meetings.good", body(scheduled("good")))).seq
        await reached(intake, before)
        untouched = canonical_hash(world, tmp_path / "before.db")
        head = world.store.head()
        for bad in WRITTEN:
            stored = await streams.publish(
                "mentoring.meetings.bad", bytes_of(bad), headers=bad.get("headers")
            )
            expected[stored.seq] = bad["reason"]
        await reached(intake, stored.seq)
        assert world.store.head() == head
        assert canonical_hash(world, tmp_path / "after.db") == untouched
        last = (await streams.publish("mentoring.meetings.good", body(held("good too")))).seq
        await reached(intake, last)
        upstream = intake.status.upstream or ""
    assert world.reasons_by_sequence() == expected
    dispositions = world.dispositions(upstream)
    assert dispositions.pop(before) is dispositions.pop(last) is Disposition.APPLIED
    assert dispositions == dict.fromkeys(expected, Disposition.PARKED)
    assert sum(world.counts().values()) == NUMBER + 2


def test_bad_inputs_doubled_are_accounted_for(world: World) -> None:
    world.open(ADA, BOB, id=UUID(PAIR))
    inputs = [bytes_of(bad) for bad in WRITTEN if "headers" not in bad]
    head = world.store.head()
    world.take(*inputs)
    assert world.counts() == {"parked": len(inputs)}
    world.take(*inputs)
    assert sum(world.counts().values()) == 2 * len(inputs)
    assert (
        world.counts()["duplicate"] == STRANGERS
    )  # those alone can be read; the others are parked each time
    assert world.store.head() == head
