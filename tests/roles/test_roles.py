"""The roles of one service in processes of their own: together they are the service, and none is missed for long."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.consumers.world import body, scheduled
from tests.patience import until
from tests.postgres import PostgresServer
from tests.roles.processes import OPERATOR, Serving, settings
from workflow.consumers.transport.server import NatsServer
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.postgres.database import ViewDatabase
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.master import load_master_key
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.recorder import PostgresDatabase

PAIR = ["email:ada@example.org", "ext:portal:4711"]


@pytest.fixture
async def shared(tmp_path: Path, postgres: PostgresServer) -> AsyncIterator[dict[str, str]]:
    server = NatsServer(tmp_path / "nats", sync='"2m"')
    await server.start()
    yield settings(tmp_path, postgres.database(), postgres.database(), server.url, MENTORING_PARTITIONS="2")
    await server.stop()


async def open_pair_of(api: Serving, mentor: str, mentee: str) -> dict[str, Any]:
    parties = [
        {"role": "mentor", "identities": [mentor]},
        {"role": "mentee", "identities": [mentee]},
    ]
    told: dict[str, Any] = await api.post("/v1/relationships", {"parties": parties})
    return told


async def open_pair(api: Serving) -> str:
    return str((await open_pair_of(api, *PAIR))["relationship_id"])


def fold_beside(shared: dict[str, str]) -> None:
    """Fold all that is recorded, as one does that does not know yet that it is another's turn."""
    keys = KeyStore(
        KeyDatabase(shared["MENTORING_KEY_DATABASE"]),
        load_master_key(Path(shared["MENTORING_MASTER_KEY_FILE"])),
    )
    store = EventStore(PostgresDatabase(shared["MENTORING_DATABASE"]), keys)
    views = Views(ViewDatabase(shared["MENTORING_DATABASE"]), PROJECTIONS)
    Runner(views, store.read, store.head).catch_up()
    for one in (views, store, keys):
        one.close()


async def publish(api: Serving, first: int, number: int) -> None:
    events = [
        scheduled(f"m{one}", 400 + one, uid=f"u{one}", parties=PAIR) for one in range(first, first + number)
    ]
    batch = b"[%b]" % b",".join(map(body, events))
    answer = await api.http.post(
        "/v1/events", content=batch, headers={"Content-Type": "application/cloudevents-batch+json"}
    )
    assert answer.status_code == 202, answer.text


async def received(api: Serving) -> dict[str, Any]:
    told: dict[str, Any] = await api.get("/v1/intake")
    return told


async def meetings(api: Serving, relationship: str, after: int) -> int:
    """How many meetings of the pair there are, once all is folded."""
    await api.get(f"/v1/relationships/{relationship}", after=after)
    return len((await api.get(f"/v1/relationships/{relationship}/meetings"))["meetings"])


async def test_together_they_are_the_service(shared: dict[str, str]) -> None:
    async with AsyncExitStack() as stack:

        async def start(*roles: str) -> Serving:
            return await stack.enter_async_context(Serving(shared, *roles))

        api = await start("api")
        troubles = (await api.health())["troubles"]
        assert len([one for one in troubles if "nobody is at work as" in one]) == 4
        intakes = [await start("intake"), await start("intake")]
        folding = [await start("project", "clock"), await start("project", "deliver")]

        async def well() -> bool:
            return bool((await api.health())["status"] == "ok")

        await until(well)
        relationship = await open_pair(api)
        await publish(api, 0, 40)

        async def all_in(number: int) -> bool:
            return bool((await received(api))["received"] == number)

        await until(lambda: all_in(40))
        told = await received(api)
        assert told["applied"] == 40
        assert await meetings(api, relationship, told["position"]) == 40

        # One that takes in is killed, and one that folds told to end: the others go on in their place.
        assert await intakes[0].end(signal.SIGKILL) == -signal.SIGKILL
        assert await folding[0].end(signal.SIGTERM) == 0
        await start("clock")
        await publish(api, 40, 40)
        await until(lambda: all_in(80))
        told = await received(api)
        assert (told["applied"], told["duplicate"]) == (80, 0)
        assert await meetings(api, relationship, told["position"]) == 80
        await until(well)

        rebuilt = await api.post("/v1/projections/rebuild", None, OPERATOR)
        assert {one["generation"] for one in rebuilt["projections"]} == {2}
        verified = await api.post("/v1/verify", None, OPERATOR)
        assert verified["equal"], verified
        paused = await api.post("/v1/projections/goals/pause", None, OPERATOR)
        assert "paused" in {one["status"] for one in paused["projections"]}
        await api.post("/v1/projections/goals/resume", None, OPERATOR)


async def test_a_door_reads_what_was_written_through_another(shared: dict[str, str]) -> None:
    async with Serving(shared, "api", "project") as one, Serving(shared, "api") as other:
        for _ in range(3):
            parties = [
                {"role": role, "identities": [f"email:{uuid4().hex}@example.org"]}
                for role in ("mentor", "mentee")
            ]
            told = await one.post("/v1/relationships", {"parties": parties})
            read = await other.get(f"/v1/relationships/{told['relationship_id']}", after=told["position"])
            assert read["state"] == "onboarding"


async def test_one_that_hangs_is_followed_by_another(shared: dict[str, str]) -> None:
    async with (
        Serving(shared, "api", "intake") as first,
        Serving(shared, "api", "intake", "project") as second,
    ):
        await open_pair(second)
        first.pause()
        await publish(second, 0, 30)

        async def all_in() -> bool:
            return bool((await received(second))["applied"] == 30)

        await until(all_in)


async def test_one_that_was_followed_tells_how_far_its_follower_is(shared: dict[str, str]) -> None:
    async with (
        Serving(shared, "api", "deliver") as first,
        Serving(shared, "api", "deliver", "intake", "project") as second,
    ):

        async def all_out(door: Serving) -> bool:
            told = await door.health()
            return bool(told["delivery"] and told["delivery"]["position"] == told["head"])

        await until(lambda: all_out(first))
        first.pause()
        await open_pair(second)
        await until(lambda: all_out(second))
        first.resume()
        await until(lambda: all_out(first))


async def test_one_that_folds_goes_on_where_another_was_late_with_its_folding(shared: dict[str, str]) -> None:
    async with Serving(shared, "api") as api, Serving(shared, "project") as folding:
        relationship = await open_pair(api)
        await api.get(f"/v1/relationships/{relationship}", after=1)
        folding.pause()
        await open_pair_of(api, "email:eve@example.org", "email:dan@example.org")
        fold_beside(shared)
        folding.resume()
        told = await open_pair_of(api, "email:ann@example.org", "email:bob@example.org")
        read = await api.get(f"/v1/relationships/{told['relationship_id']}", after=told["position"])
        assert read["state"] == "onboarding"


async def test_what_keeps_the_one_that_folds_from_it_is_told(shared: dict[str, str]) -> None:
    async with Serving(shared, "api") as api, Serving(shared, "project"):
        await open_pair(api)
        await until(lambda: idle(api))
        with psycopg.connect(
            shared["MENTORING_DATABASE"], options="-c search_path=projections"
        ) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE tablename LIKE 'journey%'"
            ).fetchall()
            for (table,) in tables:
                connection.execute(f"ALTER TABLE {table} RENAME TO gone_{table}".encode())
        await open_pair_of(api, "email:eve@example.org", "email:dan@example.org")

        async def told() -> bool:
            return "projections cannot go on: UndefinedTable" in (await api.health())["troubles"]

        await until(told)


async def idle(api: Serving) -> bool:
    """Whether all is folded."""
    told = await api.health()
    return all(one["position"] == told["head"] for one in told["projections"])
