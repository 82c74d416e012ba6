"""An older backup takes the place of the database: the clock asks what is due in it, and waits for nothing lost."""

from __future__ import annotations

import asyncio

from tests.consumers.clocked import PAIRS, Movable, active, day
from tests.patience import PATIENCE
from tests.postgres import PostgresServer
from workflow.aggregates.policy import Policy
from workflow.app.upkeep import Upkeep
from workflow.consumers.meetings.routing import Resolver
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.store.event_store import EventStore
from workflow.store.identities import Identities
from workflow.store.keys import KeyStore
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import PostgresDatabase
from workflow.store.recorded import Origin
from workflow.store.writer import Writer


async def test_a_log_that_is_shorter_than_the_clock_knows_is_asked_for_what_is_due(
    postgres: PostgresServer,
) -> None:
    facts, clock = postgres.database(), Movable()
    keys = KeyStore(KeyDatabase(postgres.database()), bytes(range(32)))
    store = EventStore(PostgresDatabase(facts), keys)
    writer = Writer(store, clock)
    writer.start()

    def do(unit: object) -> None:
        writer.submit(unit).result(PATIENCE)  # type: ignore[arg-type]

    await asyncio.to_thread(
        do, lambda tx: tx.open_programme("default", "Europe/Helsinki", Policy(), Origin("test"))
    )
    await asyncio.to_thread(do, active(PAIRS[0]))
    backup = await asyncio.to_thread(postgres.back_up, facts)
    await asyncio.to_thread(do, active(PAIRS[1]))
    await asyncio.to_thread(postgres.restore, facts, backup)
    assert store.head() < writer.head
    views = Views(ViewDatabase(facts), PROJECTIONS)
    runner = Runner(views, store.read, store.head)
    runner.start()
    upkeep = Upkeep(store, keys, writer, clock, Resolver(Identities(bytes(32))), views, runner)
    clock.instant = day(40)
    assert await asyncio.wait_for(upkeep.driver.ask(), PATIENCE) > 0
    for end in (runner.stop, views.close, writer.stop, store.close, keys.close):
        await asyncio.to_thread(end)
