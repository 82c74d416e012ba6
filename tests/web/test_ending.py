"""A service ends whole, whoever loses patience with it: files closed under a reader take the process with them."""

from __future__ import annotations

import asyncio
import threading

import pytest
from eventsourcing.persistence import ConnectionPoolClosedError
from eventsourcing.sqlite import SQLiteConnectionPool

from workflow.app import Service
from workflow.folder import Folder
from workflow.settings import Settings
from workflow.store.event_store import EventStore
from workflow.store.sqlite.recorder import EventRecorder


async def test_an_end_that_is_cancelled_is_waited_for_all_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Folder(settings.data) as folder:
        service = Service(settings, folder)
        await service.begin()
        stopping, may_stop, stop = threading.Event(), threading.Event(), service.projections.stop

        def slow() -> None:
            stopping.set()
            may_stop.wait()
            stop()

        monkeypatch.setattr(service.projections, "stop", slow)
        ending = asyncio.create_task(service.end())
        await asyncio.to_thread(stopping.wait)
        for _ in range(2):
            ending.cancel()
            await asyncio.sleep(0)
        assert service.store.head() > 0, "still open while the projections read it"
        may_stop.set()
        with pytest.raises(asyncio.CancelledError):
            await ending
        assert pool_of(service.store).closed


async def test_the_log_is_closed_once_nobody_reads_it(service: Service) -> None:
    store = service.store
    reading = store.recorder.snapshot()
    reading.__enter__()
    closing = asyncio.create_task(asyncio.to_thread(store.close))
    done, _ = await asyncio.wait({closing}, timeout=0.05)
    assert not done
    reading.__exit__(None, None, None)
    await closing
    assert pool_of(store).closed


async def test_who_still_reads_when_a_store_is_let_go_of_reads_on(service: Service) -> None:
    store = service.store
    reading = store.recorder.snapshot()
    cursor = reading.__enter__()
    store.facts.close()  # as the collector of garbage does, which must not wait
    cursor.execute("SELECT count(*) FROM stored_events")
    assert cursor.fetchone()[0] > 0
    with pytest.raises(ConnectionPoolClosedError):
        reading.__exit__(None, None, None)


def pool_of(store: EventStore) -> SQLiteConnectionPool:
    """The connections to its file."""
    recorder = store.recorder
    assert isinstance(recorder, EventRecorder)
    return recorder.datastore.pool
