"""Processes of roles over databases, disturbed, beside one process over files that is not: they come to the same.

The clock is the one on the wall.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.broker import connected
from tests.consumers.delivering import deduplicated, received
from tests.end_to_end.outcome import Outcome, differing, outcome
from tests.end_to_end.places import Place
from tests.end_to_end.plan import Plan
from tests.end_to_end.service import PATIENCE, Request, Up
from tests.faults.driving import Driver
from tests.postgres import PostgresServer
from tests.roles.processes import settings
from workflow.consumers.delivery.messages import EVENTS, REMINDERS, message_of
from workflow.consumers.transport.server import NatsServer
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import PostgresDatabase

Disturbed = Callable[[Mapping[str, str], Driver], Awaitable[list[str]]]
"""Carries out the plan of a driver in processes with some settings, and ends them; what there is to tell of it."""


async def compare(
    folder: Path, postgres: PostgresServer, plan: Plan, at_work: Disturbed, *seeded: str
) -> None:
    """Have the plan carried out by both; ``seeded`` is told beside what came of it."""
    disturbed = Place(folder / "disturbed", postgres, postgres.database(), postgres.database())
    undisturbed = Place(folder / "undisturbed")
    disturbed.data.mkdir(mode=0o700)
    places = disturbed, undisturbed
    brokers = [NatsServer(folder / f"nats of {place.data.name}", sync='"2m"') for place in places]
    async with AsyncExitStack() as stack:
        for broker in brokers:
            await broker.start()
            stack.push_async_callback(broker.stop)
        shared = settings(disturbed.data, disturbed.facts, disturbed.keys, brokers[0].url)
        driver = Driver(disturbed, plan, brokers[0])
        async with asyncio.TaskGroup() as group:
            group.create_task(_alone(undisturbed, plan, brokers[1]))
            told = await at_work(shared, driver)
        again = await _delivered(brokers[0].url, disturbed)
    found, expected = await asyncio.gather(*(asyncio.to_thread(outcome, place) for place in places))
    stored = len(plan.messages)
    told = [*seeded, *told, f"{stored} messages, {dict(found.counts)}", f"{again} delivered again"]
    print("", *told, sep="\n")  # noqa: T201 pytest shows it where the test fails, or with -s
    found.balanced(stored)
    expected.balanced(stored)
    assert found.reminders
    _without_times(found).same_as(_without_times(expected))


async def settled(place: Place, read: Callable[[str], Awaitable[Any]]) -> None:
    """Wait until what waited is worked off, all that is due has been asked, and all is folded and has gone out."""
    async with asyncio.timeout(PATIENCE):
        while True:
            left = await asyncio.to_thread(place.find, "SELECT 1 FROM drains LIMIT 1")
            head = (await read("/v1/health"))["head"]
            now = quote(datetime.now(UTC).isoformat())
            agenda = await read(
                f"/v1/agenda?until={now}&after={head}"
            )  # without one where it is not folded yet
            told = await read("/v1/health")
            delivered = told["delivery"] and told["delivery"]["position"]
            idle = not left and agenda.get("agenda") == [] and told["status"] == "ok"
            if idle and told["head"] == delivered == head:
                return
            await asyncio.sleep(0.1)


_OF_THE_RUN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(\+00:00|Z)")


def _without_times(found: Outcome) -> Outcome:
    """Without the instants that the run itself gave, which have parts of a second: two runs differ in them."""

    def blank(text: str) -> str:
        return _OF_THE_RUN.sub("then", text)

    documents = []
    for document in found.documents:
        kept = {name: sorted(map(blank, rows)) for name, rows in json.loads(document).items()}
        documents.append(json.dumps(kept, sort_keys=True))
    reminders = Counter[tuple[str, ...]]()
    for reminder, times in found.reminders.items():
        reminders[tuple(blank(str(one)) for one in reminder)] += times
    return replace(found, documents=sorted(documents), reminders=reminders)


async def _delivered(url: str, place: Place) -> int:
    """See that all that is public has gone out, in order and, once what came again is left out, once; how much came
    again."""
    keys = KeyStore(KeyDatabase(place.keys), load_master_key(place.data / "master.key"))
    store = EventStore(PostgresDatabase(place.facts), keys)
    try:
        told = [message for fact in store.read(0, 1_000_000) if (message := message_of(fact)) is not None]
    finally:
        store.close()
        keys.close()
    again = 0
    async with await connected(url) as client:
        for stream in (EVENTS, REMINDERS):
            came = await received(client, stream)
            expected = defaultdict[str, list[str]](list)
            for message in told:
                if message.stream == stream:
                    expected[str(message.relationship)].append(message.id)
            differing(f"relationships told of in {stream}", deduplicated(came), expected)
            again += len(came) - sum(map(len, expected.values()))
            if stream == REMINDERS:
                said = {
                    one.id: (one.subject, one.event["subject"], one.body.partition(b'"data"')[2])
                    for one in came
                }
                assert len(set(said.values())) == len(said) > 0
    return again


async def _alone(place: Place, plan: Plan, broker: NatsServer) -> None:
    """The whole plan in one process, which nothing befalls."""
    publisher = Driver(place, plan, broker)
    async with Up(place.data, "--nats", broker.url, clock="real") as up:

        async def read(path: str) -> Any:
            return (await up.http.get(path)).json()

        for request in (*plan.before, *plan.steps):
            assert isinstance(request, Request)
            await up.ask(request)
        await publisher.publish(len(plan.messages))
        await up.taken_in(len(plan.messages))
        await settled(place, read)
