"""Of several that would do the same work one does, and another goes on within seconds once it is gone."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress

import psycopg
import pytest

from tests.patience import until
from tests.postgres import PostgresServer
from tests.store.worker import Worker
from workflow.store.postgres.lease import Lease, while_held


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    return postgres.database()


async def test_one_works_and_the_other_stands_by_until_it_is_gone(database: str) -> None:
    one, other = Worker(database), Worker(database)
    async with other.running():
        async with one.running():
            await until(lambda: one.at_work.is_set() or other.at_work.is_set())
            assert one.at_work.is_set() != other.at_work.is_set()
        await until(other.at_work.is_set)
        assert not one.at_work.is_set()


async def test_who_is_at_work_can_be_told_from_the_log(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mentoring.work")
    holder, other = Lease(database, "work"), Worker(database)
    assert await holder.take()
    wanted = True
    task = asyncio.create_task(while_held(other.lease, other.work, other.tell, lambda: wanted))
    try:
        await until(lambda: "work: this process stands by" in caplog.messages)
        await asyncio.sleep(1.2)  # it has asked again
        await holder.give_back()
        await until(other.at_work.is_set)
        with psycopg.connect(database, autocommit=True) as operator:
            operator.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        await until(other.ended.is_set)
        await until(other.at_work.is_set)
        wanted = False
        await until(lambda: not other.at_work.is_set())
        await until(lambda: caplog.messages[-1].endswith("stands by"))
        wanted = True
        await until(other.at_work.is_set)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    said = [message.removeprefix("work: this process ") for message in caplog.messages]
    lost, back = "has lost it with its connection to PostgreSQL", "has given it back"
    assert said == [
        *("stands by", "is at work", lost, "is at work", back),
        *("stands by", "is at work", back),
    ]


async def test_who_stands_by_asks_by_one_session_and_ends_it(database: str) -> None:
    holder, other = Lease(database, "work"), Worker(database)
    assert await holder.take()
    asked, take = 0, other.lease.take

    async def counted() -> bool:
        nonlocal asked
        asked += 1
        return await take()

    other.lease.take = counted  # type: ignore[method-assign]
    async with other.running():
        await until(lambda: asked > 3)
        session = other.lease._connection
        await until(lambda: asked > 5)
        assert session is not None
        assert other.lease._connection is session
    assert session.closed
    await holder.give_back()


async def test_works_of_other_names_go_on_beside_each_other(database: str) -> None:
    one, other = Worker(database, "intake 0"), Worker(database, "intake 1")
    async with one.running(), other.running():
        await until(lambda: one.at_work.is_set() and other.at_work.is_set())


async def test_who_loses_the_connection_stops_its_work_and_takes_it_up_again(database: str) -> None:
    one = Worker(database)
    async with one.running():
        await until(one.at_work.is_set)
        one.at_work.clear()
        with psycopg.connect(database, autocommit=True) as operator:
            operator.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        await until(one.ended.is_set)
        await until(one.at_work.is_set)


async def test_a_work_that_the_database_failed_is_begun_anew(database: str) -> None:
    begun = asyncio.Event()

    class Failed(Worker):
        async def work(self) -> None:
            if not begun.is_set():
                begun.set()
                raise psycopg.OperationalError("the connection is lost")
            await super().work()

    one = Failed(database)
    async with one.running():
        await until(one.at_work.is_set)
    assert begun.is_set()


async def test_a_server_that_is_away_is_told_of_and_waited_for() -> None:
    with PostgresServer() as server:
        one = Worker(server.dsn())
        async with one.running():
            await until(one.at_work.is_set)
            server.kill()
            await until(lambda: one.trouble is not None)
            assert not one.at_work.is_set()
            server.start()
            await until(one.at_work.is_set)
            assert one.trouble is None


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_process_that_was_killed_or_hangs_is_followed_by_another(
    database: str, how: signal.Signals
) -> None:
    program = (
        "import asyncio, sys; from tests.store.worker import Worker\n"
        "async def main():\n"
        "    worker = Worker(sys.argv[1])\n"
        "    async with worker.running():\n"
        "        await worker.at_work.wait(); print('at work', flush=True); await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, database, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    other = Worker(database)
    try:
        async with other.running():
            assert not await other.lease.take()
            os.kill(holder.pid, how)
            await until(other.at_work.is_set)
    finally:
        with suppress(ProcessLookupError):
            holder.kill()
        await holder.wait()
