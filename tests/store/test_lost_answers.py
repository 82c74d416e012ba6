"""A connection breaks off while PostgreSQL commits: what was committed is neither lost nor done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager

import pytest
from psycopg.conninfo import make_conninfo

from tests.postgres import PostgresServer
from tests.proxy import Proxy
from workflow.aggregates.policy import Policy
from workflow.clocks import RealClock
from workflow.errors import InDoubt
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.postgres.keys import KeyDatabase
from workflow.store.postgres.last_commits import LastCommits
from workflow.store.postgres.recorder import PostgresDatabase
from workflow.store.recorded import Origin
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer, Written


class Way:
    """The way to a database, on which one answer is lost; ``away``, nothing gets through any more."""

    def __init__(self, server: PostgresServer) -> None:
        self.dsn, self.keys = server.database(), server.database()
        self.away = False
        self.lost = asyncio.Event()
        self._losing: tuple[bytes, bool] | None = None
        self.proxy = Proxy(server.port, lambda: 0 if self.away else None, loses=self._loses)

    def lose(self, answer_to: bytes, *, and_go: bool = False) -> None:
        """Lose the next answer to such a statement; with ``and_go`` the server is away from then on."""
        self._losing = answer_to, and_go
        self.lost.clear()

    def _loses(self, part: bytes) -> bool:
        if self._losing is None or self._losing[0] not in part:
            return False
        self.away = self._losing[1]
        self._losing = None
        self.lost.set()
        return True


@asynccontextmanager
async def writing(server: PostgresServer) -> AsyncIterator[tuple[Way, Writer]]:
    way = Way(server)
    await way.proxy.start()
    keys = KeyStore(KeyDatabase(way.keys), bytes(range(32)))
    store = await asyncio.to_thread(
        EventStore, PostgresDatabase(make_conninfo(way.dsn, port=way.proxy.port)), keys
    )
    writer = Writer(store, RealClock())
    await asyncio.to_thread(writer.start)
    yield way, writer
    for end in (writer.stop, store.close, keys.close):
        await asyncio.to_thread(end)
    await way.proxy.stop()


def told(future: Future[Written[int]]) -> asyncio.Future[Written[int]]:
    return asyncio.wrap_future(future)


def counted(tx: Transaction) -> int:
    """Something that is another thing when it is done twice."""
    tx.receipts.count("done", 1)
    number = tx.receipts.counted("done")
    tx.open_programme(f"programme-{number}", "Europe/Helsinki", Policy(), Origin("test"))
    return number


@pytest.mark.parametrize("statement", [b"COMMIT\0", b"NOTIFY", b"UPDATE log", b"SAVEPOINT"])
async def test_a_unit_is_done_once_whatever_answer_was_lost(
    postgres: PostgresServer, statement: bytes
) -> None:
    async with writing(postgres) as (way, writer):
        for number in range(1, 4):
            way.lose(statement)
            assert (await told(writer.submit(counted))).value == number
        assert way.proxy.cuts == 3


async def test_what_was_committed_before_the_server_was_killed_is_known_once_it_is_back() -> None:
    with PostgresServer(durable=True) as server:
        async with writing(server) as (way, writer):
            way.lose(b"COMMIT\0", and_go=True)
            future = told(writer.submit(counted))
            await way.lost.wait()
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            way.away = False
            assert (await future).value == 1
            assert (await told(writer.submit(counted))).value == 2


async def test_what_nobody_can_tell_is_not_done_again(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LastCommits, "asks_for", 0.0)
    monkeypatch.setattr("workflow.store.postgres.pool._WAITS", 0.5)
    async with writing(postgres) as (way, writer):
        way.lose(b"COMMIT\0", and_go=True)
        with pytest.raises(InDoubt):
            await told(writer.submit(counted))
        way.away = False
        assert (await told(writer.submit(counted))).value == 2
