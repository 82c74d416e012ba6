"""A server that does not know yet that another one leads tells of the stream as it was; intake does not believe a loss
at its first word, and stops where the cluster keeps to it.
"""

from __future__ import annotations

from itertools import chain, repeat
from unittest.mock import patch

import pytest
from nats.aio.client import Client

from tests.cluster.cluster import Cluster
from tests.consumers.taking_in import publish, running
from tests.consumers.world import ADA, BOB, World, held, reached, refusal, scheduled
from tests.patience import until
from workflow.consumers.meetings import known_stream as module
from workflow.consumers.transport.streams import STREAM
from workflow.errors import Stopped

BEHIND = Stopped("the stream ends before", code="stream_behind")


async def test_a_loss_that_is_told_of_once_is_passed_over(
    world: World, whole: Cluster, client: Client
) -> None:
    world.open(ADA, BOB)
    async with running(world, whole.urls, replicas=3, purge_seconds=0.05) as intake:
        await reached(intake, await publish(client, scheduled("a")))
        with patch.object(
            module, "check_position", side_effect=chain([BEHIND, BEHIND], repeat(None))
        ) as asked:
            await until(lambda: "it is asked again" in (intake.status.trouble or ""))
            await until(lambda: asked.call_count > 2)
        await until(lambda: intake.status.trouble is None)
        await reached(intake, await publish(client, held("b")))
        assert intake.status.cause is None


async def test_an_intake_that_begins_on_an_old_answer_asks_again(
    world: World, whole: Cluster, client: Client
) -> None:
    world.open(ADA, BOB)
    async with running(world, whole.urls, replicas=3) as intake:
        await reached(intake, await publish(client, scheduled("a"), held("b")))
    with patch.object(module, "check_position", side_effect=chain([BEHIND], repeat(None))):
        async with running(world, whole.urls) as intake:
            await reached(intake, await publish(client, held("c", uid="m2")))
    assert world.counts() == {"applied": 3}


@pytest.mark.parametrize(("replicas", "believed_after"), [(1, 3600.0), (3, 0.6)])
async def test_a_loss_that_is_told_of_for_a_while_stops_intake_and_a_server_alone_is_believed_at_once(
    world: World, whole: Cluster, client: Client, replicas: int, believed_after: float
) -> None:
    world.open(ADA, BOB)
    async with running(world, whole.urls, replicas=replicas) as intake:
        await reached(intake, await publish(client, scheduled("a")))
    await publish(client, scheduled("b", uid="m2"), held("c", uid="m3"))
    await client.jetstream().delete_msg(STREAM, 2)
    intake = world.intake(whole.urls, believed_after=believed_after)
    assert (await refusal(intake)).code == "stream_gap"
    assert world.counts() == {"applied": 1}
